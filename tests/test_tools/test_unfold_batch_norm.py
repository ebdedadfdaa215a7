"""Folded batch norms get statistics back, and the network stays what it was."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from seginpaint_mm.models.backbones import StagedResNet
from tests.helpers.tool_runs import load_tool, run_here

STRIDES = (1, 2)


def resnet() -> nn.Module:
    network = StagedResNet(depth=18, strides=STRIDES, dilations=(1, 1))
    network.eval()
    return network


def folded(seed: int = 0) -> dict[str, torch.Tensor]:
    """A ResNet-18 of two stages whose norms do nothing but add a bias."""
    torch.manual_seed(seed)
    network = resnet()
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.normal_(norm.bias, std=0.2)
    return network.state_dict()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / 'images'
    (folder / 'city').mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(4):
        pixels = rng.integers(0, 256, (32, 48, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / 'city' / f'{number}.png'), pixels)
    return folder


def test_the_network_is_the_same_and_training_begins_there(tmp_path: Path, images: Path) -> None:
    torch.save(folded(), tmp_path / 'folded.pth')
    run_here(
        'model_converters/unfold_batch_norm',
        *(tmp_path / 'folded.pth', images, tmp_path / 'out.pth', '--stages', '2'),
    )
    before, after = resnet(), resnet()
    before.load_state_dict(folded())
    after.load_state_dict(torch.load(tmp_path / 'out.pth', weights_only=True))
    tool = load_tool('model_converters/unfold_batch_norm')
    batch = torch.cat([tool._normalised(path) for path in sorted(images.rglob('*.png'))])
    with torch.no_grad():
        expected = before(batch)[0]
        torch.testing.assert_close(after(batch)[0], expected, rtol=1e-4, atol=1e-4)
        for network in (before, after):
            network.train()
        error, folded_error = (
            (network(batch)[0] - expected).abs().mean() for network in (after, before)
        )
    assert error < 1e-3 * folded_error


def test_other_files_are_refused(
    tmp_path: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = load_tool('model_converters/unfold_batch_norm')
    torch.save({'weight': torch.zeros(1)}, tmp_path / 'other.pth')
    torch.save(folded(), tmp_path / 'short.pth')
    for name, message in (('other', 'holds no ResNet'), ('short', 'keep fewer')):
        with pytest.raises(SystemExit):
            tool.main([str(tmp_path / f'{name}.pth'), str(images), str(tmp_path / 'out.pth')])
        assert message in capsys.readouterr().err
