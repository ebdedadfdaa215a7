"""Batches of images with holes, as data loaders give them, for tests of inpainters."""

import numpy as np
import torch
from mmengine.structures import PixelData

from seginpaint_mm.structures import SceneSample


def smooth_picture(size: tuple[int, int], seed: int = 0) -> torch.Tensor:
    """uint8 (3, H, W), BGR: colours that change slowly."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]] / max(size)
    shift = rng.uniform(0, 6, (3, 1, 1))
    waves = 128 + 100 * np.sin(3 * rows + 4 * columns + shift)
    return torch.from_numpy(waves.round().astype(np.uint8))


def sample_with_hole(picture: torch.Tensor, hole: torch.Tensor, name: str = 'a.png') -> SceneSample:
    """A sample of a BGR image, whose truth is the image itself."""
    size = tuple(picture.shape[1:])
    sample = SceneSample(metainfo=dict(img_path=name, img_shape=size, ori_shape=size))
    sample.hole = PixelData(data=hole)
    sample.gt_image = PixelData(data=picture.flip(0))
    return sample


def middle_hole(size: tuple[int, int]) -> torch.Tensor:
    """uint8 (1, H, W), 1 in the middle quarter."""
    hole = torch.zeros(1, *size, dtype=torch.uint8)
    hole[:, size[0] // 4 : size[0] * 3 // 4, size[1] // 4 : size[1] * 3 // 4] = 1
    return hole


def batch_with_holes(*sizes: tuple[int, int]) -> dict:
    pictures = [smooth_picture(size, seed) for seed, size in enumerate(sizes)]
    samples = [
        sample_with_hole(picture, middle_hole(size), f'{number}.png')
        for number, (picture, size) in enumerate(zip(pictures, sizes, strict=True))
    ]
    return dict(inputs=pictures, data_samples=samples)


def check_paintings(samples: list[SceneSample], batch: dict) -> None:
    """Predictions have the images' sizes and, outside the holes, their very values."""
    assert len(samples) == len(batch['inputs'])
    for sample, picture in zip(samples, batch['inputs'], strict=True):
        painted = sample.pred_image.data
        assert painted.dtype == torch.uint8
        assert painted.shape == picture.shape
        outside = sample.hole.data[0] == 0
        assert torch.equal(painted[:, outside], picture.flip(0)[:, outside])
