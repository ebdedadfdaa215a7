"""From a batch to the pictures in it, and from paintings to the samples they are of."""

from collections.abc import Iterator, Sequence

import torch
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.models.holes import check_extent, fill_holes, stack_holes
from seginpaint_mm.structures import SceneSample


def check_normalisation(model: nn.Module) -> None:
    """ValueError when a model's data preprocessor does not say how it normalises."""
    if not hasattr(model.data_preprocessor, 'mean'):
        raise ValueError(
            f'{type(model).__name__} undoes the normalisation of images: give it a '
            f"data_preprocessor=dict(type='SceneDataPreprocessor')."
        )


def groups_of_a_size(
    inputs: Tensor, data_samples: Sequence[SceneSample]
) -> Iterator[tuple[Tensor, Tensor, Sequence[SceneSample]]]:
    """Pictures of one size without the batch's padding, their holes, and their samples.

    Yields:
        N,3,h,w as in ``inputs``; bool N,1,h,w, True = to be filled; the N samples.

    Raises:
        ValueError: when a hole is missing, of another size, everything or nothing.
    """
    full = tuple(inputs.shape[-2:])
    sizes = [tuple(sample.get('img_shape', full)[:2]) for sample in data_samples]
    step = len(sizes) if len(set(sizes)) == 1 else 1
    for first in range(0, len(sizes), step):
        samples = data_samples[first : first + step]
        height, width = sizes[first]
        hole = stack_holes(samples, (height, width))
        check_extent(hole, samples)
        yield inputs[first : first + step, :, :height, :width], hole, samples


def to_uint8(normalised: Tensor, preprocessor: nn.Module) -> Tensor:
    """The uint8 RGB pictures that a data preprocessor has normalised, bit for bit."""
    colours = normalised.float() * preprocessor.std + preprocessor.mean
    return colours.round().clamp(0, 255).to(torch.uint8)


def set_paintings(
    data_samples: Sequence[SceneSample], pictures: Tensor, painted: Tensor, hole: Tensor
) -> None:
    """Give each sample ``pred_image``, uint8 3,h,w, RGB: outside the hole the picture, bit for bit.

    Args:
        data_samples: N samples.
        pictures: uint8 N,3,h,w.
        painted: The same.
        hole: bool N,1,h,w, True = to be filled.
    """
    filled = fill_holes(pictures, painted, hole)
    for sample, picture in zip(data_samples, filled, strict=True):
        sample.pred_image = PixelData(data=picture)
