"""The four-channel ResNet against mmseg's own, and its fourth channel's beginning."""

from pathlib import Path

import pytest
import torch
from mmengine.runner import load_state_dict
from mmseg.models.backbones import ResNet

from seginpaint_mm.models.segan import ObjectResNet

SMALL = dict(depth=18, base_channels=8, strides=(1, 2, 2))


def plain_resnet(in_channels: int) -> ResNet:
    return ResNet(
        18,
        in_channels=in_channels,
        stem_channels=8,
        base_channels=8,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
    )


def test_equals_a_resnet_of_four_channels() -> None:
    torch.manual_seed(0)
    net, plain = ObjectResNet(**SMALL), plain_resnet(4)
    plain.load_state_dict(net.state_dict())
    net.eval()
    plain.eval()
    images, masks = torch.randn(2, 3, 40, 33), (torch.rand(3, 40, 33) > 0.5).float()
    image_index = torch.tensor([1, 0, 1])
    stacked = torch.cat([images[image_index], masks[:, None]], dim=1)
    features = net(net.embed(images), masks, image_index)
    torch.testing.assert_close(features, plain(stacked)[0], rtol=1e-4, atol=1e-5)
    features.square().sum().backward()
    with_gradient = net.conv1.weight.grad
    plain(stacked)[0].square().sum().backward()
    torch.testing.assert_close(with_gradient, plain.conv1.weight.grad, rtol=1e-3, atol=1e-4)


def test_the_mask_starts_with_the_filters_of_red() -> None:
    net = ObjectResNet(**SMALL)
    net.init_weights()
    assert torch.equal(net.conv1.weight[:, 3], net.conv1.weight[:, 0])
    assert not torch.equal(net.conv1.weight[:, 3], net.conv1.weight[:, 1])

    three, four = plain_resnet(3).state_dict(), plain_resnet(4).state_dict()
    net.load_state_dict(three)
    assert torch.equal(net.conv1.weight, torch.cat([three['conv1.weight']] * 2, dim=1)[:, :4])
    net.load_state_dict(four)
    assert torch.equal(net.conv1.weight, four['conv1.weight'])
    load_state_dict(net, three, strict=True)  # MMEngine's
    assert torch.equal(net.conv1.weight[:, 3], three['conv1.weight'][:, 0])


@pytest.mark.parametrize('in_channels', [3, 4])
def test_pretrained_weights(tmp_path: Path, in_channels: int) -> None:
    saved = plain_resnet(in_channels).state_dict()
    torch.save(saved, tmp_path / 'resnet.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'resnet.pth'))
    net = ObjectResNet(**SMALL, init_cfg=init_cfg)
    net.init_weights()
    fourth = saved['conv1.weight'][:, 0 if in_channels == 3 else 3]
    assert torch.equal(net.conv1.weight[:, 3], fourth)
    assert torch.equal(net.layer3[1].conv2.weight, saved['layer3.1.conv2.weight'])
