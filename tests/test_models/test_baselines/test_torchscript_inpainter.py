"""TorchScript programs get what their convention says, and what they paint is brought back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from seginpaint_mm.errors import CheckpointError, UserError
from seginpaint_mm.models.baselines import TorchScriptInpainter
from seginpaint_mm.zoo import CACHE, WEIGHTS
from tests.helpers.stand_ins import LikeLaMa, LikeMIGAN, put_into_cache, scripted

BLUE = (0, 0, 255)
MIGAN = {key: value for key, value in WEIGHTS['migan'].model.items() if key != 'type'}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache with stand-ins of the published files."""
    monkeypatch.setenv(CACHE, str(tmp_path / 'cache'))
    for name, network in (('lama', LikeLaMa()), ('migan', LikeMIGAN(32))):
        monkeypatch.setitem(WEIGHTS, name, put_into_cache(WEIGHTS[name], scripted(network)))


def scene(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """An image of noise, RGB, and a hole in it."""
    image = np.random.default_rng(0).integers(0, 200, (height, width, 3), np.uint8)
    hole = np.zeros((height, width), np.uint8)
    hole[height // 4 : height // 2 + 1, width // 4 : width // 2 + 1] = 1
    return image, hole


@pytest.mark.parametrize('size', [(40, 48), (9, 13), (1, 30)])
def test_lama_convention(size: tuple[int, int]) -> None:
    """Two tensors, sides divisible by 8; what is painted comes back in the image's size."""
    model = TorchScriptInpainter(weights='lama', size_divisor=8)
    image, hole = scene(*size)
    painted = model.paint(image, hole)
    assert painted.shape == image.shape
    np.testing.assert_array_equal(painted[hole == 0], image[hole == 0])
    assert (painted[hole == 1] == BLUE).all()
    assert model.seen_size is None


@pytest.mark.parametrize('size', [(32, 32), (20, 31), (5, 6), (64, 40), (33, 100)])
def test_migan_convention(size: tuple[int, int]) -> None:
    """One tensor of a fixed size: smaller images are padded, larger ones reduced."""
    model = TorchScriptInpainter(**{**MIGAN, 'fixed_size': 32})
    image, hole = scene(*size)
    painted = model.paint(image, hole)
    assert painted.shape == image.shape
    inside = np.zeros(size, bool)
    inside[size[0] * 5 // 16 : size[0] * 7 // 16, size[1] * 5 // 16 : size[1] * 7 // 16] = True
    assert (np.abs(painted[inside].astype(int) - BLUE) <= (2 if max(size) <= 32 else 40)).all()
    if max(size) <= 32:
        np.testing.assert_allclose(painted[hole == 0], image[hole == 0], atol=1)
    assert model.seen_size == 32


def test_it_has_no_weights_of_ours() -> None:
    model = TorchScriptInpainter(weights='lama', size_divisor=8)
    model.paint(*scene(16, 16))
    assert model.network is model.network
    assert not model.state_dict()


def test_what_is_not_the_published_file_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    path = WEIGHTS['lama'].path
    path.write_bytes(path.read_bytes() + b' ')
    monkeypatch.setattr(torch.jit, 'load', lambda *_, **__: pytest.fail('it was loaded'))
    with pytest.raises(CheckpointError, match='big-lama.pt is not the published file of lama'):
        TorchScriptInpainter(weights='lama').paint(*scene(16, 16))


class Wrong(nn.Module):
    def __init__(self, value: float, channels: int) -> None:
        super().__init__()
        self.value = value
        self.channels = channels

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return image[:, : self.channels] * self.value


def test_mistakes_are_said(tmp_path: Path) -> None:
    path = tmp_path / 'own.pt'
    for network, sentence in (
        (Wrong(1.0, 2), r'gives \(1, 2, 16, 16\) for an image \(1, 3, 16, 16\)'),
        (Wrong(float('nan'), 3), 'paints NaN'),
    ):
        path.write_bytes(scripted(network))
        with pytest.raises(ValueError, match=sentence):
            TorchScriptInpainter(weights=str(path)).paint(*scene(16, 16))
    path.write_bytes(b'no program')
    with pytest.raises(CheckpointError, match='own.pt cannot be loaded as a TorchScript program'):
        TorchScriptInpainter(weights=str(path)).paint(*scene(16, 16))
    with pytest.raises(UserError, match="There are no weights 'absent.pt'"):
        TorchScriptInpainter(weights='absent.pt').paint(*scene(16, 16))
    for wrong, sentence in (
        (dict(layout='mask'), 'layout must be one of'),
        (dict(image_range=(1, 1)), 'image_range must be two different numbers'),
        (dict(fixed_size=0), 'fixed_size must be at least 1'),
    ):
        with pytest.raises(ValueError, match=sentence):
            TorchScriptInpainter(weights='lama', **wrong)
