"""Checkpoints of the published MPI code, with random weights, become ours."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet18, resnet50

from seginpaint_mm.apis.model_loading import build_model, find_model
from tests.helpers.tool_runs import load_tool, run_here

SIZE = (48, 64)


class Doubled(nn.Module):
    """The published upsampling block: double, convolve, normalise, PReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.PReLU()
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2, mode='bilinear'))


def foreground_layers(channels: int) -> nn.Sequential:
    blocks = []
    for before in (channels, 512):
        blocks += [nn.Conv2d(before, 512, 3, padding=1, bias=False), nn.BatchNorm2d(512), nn.ReLU()]
    last = nn.Conv2d(128, 1, 1, bias=False)
    return nn.Sequential(*blocks, Doubled(512, 256), Doubled(256, 128), last)


def stages(depth: int, *dilations: int) -> nn.Module:
    """torchvision's, dilated as the published code does after each stage's first block."""
    network = {18: resnet18, 50: resnet50}[depth]()
    del network.fc
    for number, dilation in enumerate(dilations, 1):
        for block in list(getattr(network, f'layer{number}'))[1:]:
            for conv in block.modules():
                if isinstance(conv, nn.Conv2d) and conv.kernel_size == (3, 3):
                    conv.dilation = conv.padding = (dilation, dilation)
    return network


class Published(nn.Module):
    """The names of the published network, and what it computes where there is no foreground."""

    def __init__(self, depth: int, *, shared: bool) -> None:
        super().__init__()
        width = {18: 512, 50: 2048}[depth]
        self.feats = stages(depth, 1, 1, 2, 4)
        for number in (3, 4):
            first = getattr(self.feats, f'layer{number}')[0]
            for conv in (first.conv1, first.conv2, first.downsample[0]):
                conv.stride = (1, 1)
        if shared:
            self.feats.convforeout = foreground_layers(width // 4)
        else:
            self.convfore = stages(18, 2, 2)
            del self.convfore.layer3, self.convfore.layer4
            first = self.convfore.layer2[0]
            first.conv1.stride = first.downsample[0].stride = (1, 1)
            self.convfore.convforeout = foreground_layers(128)
        self.psp = nn.Module()
        self.psp.stages = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(bins), nn.Conv2d(width, width, 1, bias=False))
            for bins in (1, 2, 3, 6)
        )
        self.psp.bottleneck = nn.Conv2d(5 * width, 1024, 1)
        self.up_1, self.up_2, self.up_3 = Doubled(1024, 256), Doubled(256, 64), Doubled(64, 64)
        self.final = nn.Sequential(nn.Conv2d(64, 3, 1))

    def foreground(self, images: Tensor) -> Tensor:
        """Logits at the images' size."""
        branch = getattr(self, 'convfore', self.feats)
        x = branch.maxpool(branch.relu(branch.bn1(branch.conv1(images))))
        logits = branch.convforeout(branch.layer2(branch.layer1(x)))
        return F.interpolate(logits, size=images.shape[-2:])

    def background(self, images: Tensor) -> Tensor:
        net = self.feats
        x = net.maxpool(net.relu(net.bn1(net.conv1(images))))
        x = net.layer4(net.layer3(net.layer2(net.layer1(x))))
        pooled = [
            F.interpolate(stage(x), x.shape[-2:], mode='bilinear') for stage in self.psp.stages
        ]
        x = self.psp.bottleneck(torch.cat([*pooled, x], 1)).relu()
        return self.final(self.up_3(self.up_2(self.up_1(x))))


def test_a_published_network_computes_the_same_as_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    published = Published(18, shared=False).eval()
    torch.save(dict(state_dict_G=published.state_dict(), epoch=50), tmp_path / 'ours.pth.tar')
    run_here('model_converters/mpi', tmp_path / 'ours.pth.tar', tmp_path / 'ours.pth')
    assert 'configs/mpi/pspnet_r18_cityscapes.py' in capsys.readouterr().out
    cfg, weights = find_model('pspnet_r18_cityscapes', tmp_path / 'ours.pth')
    ours = build_model(cfg, weights).eval()
    images = torch.randn(1, 3, *SIZE)
    with torch.no_grad():
        background, foreground = ours.segment(images, torch.zeros(1, 1, *SIZE))
        torch.testing.assert_close(foreground, published.foreground(images), rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(background, published.background(images), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ('depth', 'shared', 'config'),
    [
        (18, True, 'pspnet_r18_shared_cityscapes'),
        (50, False, 'pspnet_r50_cityscapes'),
        (50, True, 'pspnet_r50_shared_cityscapes'),
    ],
)
def test_every_published_network_has_a_config(depth: int, shared: bool, config: str) -> None:
    tool = load_tool('model_converters/mpi')
    with torch.device('meta'):
        published = Published(depth, shared=shared).state_dict()
        ours = build_model(find_model(config, None)[0], None).state_dict()
    assert tool.find_config_of(published) == config
    converted = {name: value.shape for name, value in tool.convert(published).items()}
    assert converted == {name: value.shape for name, value in ours.items()}


def test_other_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(resnet18().state_dict(), tmp_path / 'resnet18.pth')
    with pytest.raises(SystemExit):
        load_tool('model_converters/mpi').main(
            [str(tmp_path / 'resnet18.pth'), str(tmp_path / 'out.pth')]
        )
    assert 'conv1.weight is no tensor of a published MPI network' in capsys.readouterr().err
    assert not (tmp_path / 'out.pth').exists()
