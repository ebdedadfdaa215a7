"""Undo the normalisation of images, and put filled images into their samples."""

from collections.abc import Sequence

import torch
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.models.holes import fill_holes
from seginpaint_mm.structures import SceneSample


def to_uint8(normalised: Tensor, preprocessor: nn.Module) -> Tensor:
    """The uint8 RGB images that a data preprocessor has normalised, bit for bit."""
    colours = normalised.float() * preprocessor.std + preprocessor.mean
    return colours.round().clamp(0, 255).to(torch.uint8)


def set_paintings(
    data_samples: Sequence[SceneSample], pictures: Tensor, painted: Tensor, hole: Tensor
) -> None:
    """Give each sample ``pred_image``, uint8 3,h,w, RGB: outside the hole the image, bit for bit.

    Args:
        data_samples: N samples.
        pictures: uint8 N,3,h,w.
        painted: The same.
        hole: bool N,1,h,w, True = to be filled.
    """
    filled = fill_holes(pictures, painted, hole)
    for sample, picture in zip(data_samples, filled, strict=True):
        sample.pred_image = PixelData(data=picture)
