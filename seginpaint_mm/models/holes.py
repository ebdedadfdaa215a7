"""Holes of a batch: read from the samples, padded with the image, filled."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seginpaint_mm.geometry import masks as soft_masks
from seginpaint_mm.models.data_preprocessor import groups_by_size
from seginpaint_mm.structures import SceneSample

GIVEN = 'hole'  # for a sample's ``remove``: what its hole marks, as it is


def stack_holes(data_samples: Sequence[SceneSample] | None, size: tuple[int, int]) -> Tensor:
    """The samples' ``hole`` as one tensor.

    Args:
        data_samples: N samples.
        size: (height, width) of their images.

    Returns:
        Tensor: bool (N, 1, H, W), True = to be filled.

    Raises:
        ValueError: when a sample has no hole, or it is of another size than the image, or it
            holds other values than 0 and 1.
    """
    if not data_samples:
        raise ValueError('There are no samples, whose hole says what is to be filled.')
    return torch.stack([_hole(sample, size) for sample in data_samples])


def weighted_l1(
    image: Tensor,
    truth: Tensor,
    hole: Tensor,
    hole_weight: float,
    padding: Tensor | None = None,
) -> Tensor:
    """Mean absolute difference in which a pixel of the hole counts ``hole_weight`` times.

    Each image has its own mean, and the result is the mean of these: it does not depend on how
    images are put into batches.

    Args:
        image: N,3,H,W.
        truth: N,3,H,W.
        hole: bool N,1,H,W, 1 = to be filled.
        hole_weight: 1 = all pixels alike.
        padding: bool N,1,H,W, 1 = no part of the image, which does not count; None where there is
            none.

    Returns:
        Tensor: Scalar float32; with constant differences it is their size, whatever the weight.
    """
    weights = torch.where(hole, hole_weight, 1.0)
    if padding is not None:
        weights = weights.masked_fill(padding, 0)
    error = (image.float() - truth.float()).abs().mean(dim=1, keepdim=True)
    return ((error * weights).sum(dim=(1, 2, 3)) / weights.sum(dim=(1, 2, 3))).mean()


def keep_padding(maps: Tensor, known: Tensor, padding: Tensor | None) -> Tensor:
    """Replace the prediction where a batch is padded, so that nothing is learnt there.

    Args:
        maps: N,C,H,W, painted or true.
        known: N,C,H,W, what stands there for all that a discriminator compares.
        padding: bool N,1,H,W, 1 = padding, or None.
    """
    return maps if padding is None else torch.where(padding, known.to(maps.dtype), maps)


def groups_of_a_size(
    inputs: Tensor, data_samples: Sequence[SceneSample]
) -> Iterator[tuple[Tensor, Tensor, Sequence[SceneSample]]]:
    """Images of one size without the batch's padding, their holes, and their samples.

    Yields:
        N,3,h,w as in ``inputs``; bool N,1,h,w, True = to be filled; the N samples.

    Raises:
        ValueError: when a hole is missing, of another size, everything or nothing.
    """
    for pictures, samples in crops_of_a_size(inputs, data_samples):
        hole = stack_holes(samples, tuple(pictures.shape[-2:]))
        check_extent(hole, samples)
        yield pictures, hole, samples


def crops_of_a_size(
    inputs: Tensor, data_samples: Sequence[SceneSample]
) -> Iterator[tuple[Tensor, Sequence[SceneSample]]]:
    """Images of one size without the batch's padding, N,3,h,w, and their N samples."""
    return groups_by_size(inputs, data_samples)


def check_extent(hole: Tensor, data_samples: Sequence[SceneSample]) -> None:
    """Refuse holes that leave nothing to infer from, or nothing to do.

    Args:
        hole: bool (N, 1, H, W), True = to be filled.
        data_samples: The N samples that they are of.

    Raises:
        ValueError: when a hole is the whole image or has no pixel.
    """
    for of_sample, sample in zip(hole, data_samples, strict=True):
        if of_sample.all() or not of_sample.any():
            what = 'covers the whole image' if of_sample.any() else 'has no pixel'
            raise ValueError(
                f'The hole of {_name(sample)} {what}: mark what is to be filled with 1, and what '
                f'is known with 0.'
            )


def grow_mask(mask: Tensor, pixels: int) -> Tensor:
    """A mask dilated by a disc of so many pixels, or eroded where they are negative.

    The image's border neither adds nor takes away.

    Args:
        mask: bool (N, 1, H, W).
        pixels: Radius of the disc.
    """
    grown = [soft_masks.grow_mask(one, pixels) for one in mask[:, 0].cpu().numpy()]
    return torch.from_numpy(np.stack(grown)[:, None]).to(mask.device)


def fill_holes(pictures: Tensor, painted: Tensor, hole: Tensor) -> Tensor:
    """Return the image outside the hole, bit for bit, and the filling inside it.

    Args:
        pictures: (N, C, H, W) of any type.
        painted: The same.
        hole: bool (N, 1, H, W), True = to be filled.
    """
    return torch.where(hole, painted, pictures)


def pad_to_multiple(
    pictures: Tensor, hole: Tensor, divisor: int, least: int = 0
) -> tuple[Tensor, Tensor]:
    """Pad at the bottom and right to multiples of ``divisor`` by repeating the last pixels.

    What is known at the border stays known and what is a hole stays one, so that no edge appears
    that is not in the image. Cut the results to the image's size afterwards.

    Args:
        pictures: float (N, C, H, W).
        hole: bool (N, 1, H, W).
        divisor: Of the heights and widths that the network takes.
        least: The smallest of them.
    """
    padded = repeat_border(pictures, divisor, least)
    if padded is pictures:
        return pictures, hole
    return padded, repeat_border(hole.to(pictures.dtype), divisor, least) > 0


def repeat_border(maps: Tensor, divisor: int, least: int = 0) -> Tensor:
    """As :func:`pad_to_multiple` pads, float N,C,H,W alone; itself where nothing is missing."""
    below, right = (
        max(side, least) - side + -max(side, least) % divisor for side in maps.shape[-2:]
    )
    if not below and not right:
        return maps
    return F.pad(maps, (0, right, 0, below), mode='replicate')


def pad_with(maps: Tensor, size: Sequence[int], value: int) -> Tensor:
    """...,h,w to (height, width) ``size``, with a value at the bottom and right."""
    margin = (0, size[1] - maps.shape[-1], 0, size[0] - maps.shape[-2])
    return F.pad(maps, margin, value=value)


def _hole(sample: SceneSample, size: tuple[int, int]) -> Tensor:
    if 'hole' not in sample:
        raise ValueError(
            f'{_name(sample)} has no hole, which says what is to be filled: add one in the '
            f"data set's pipeline."
        )
    hole = sample.hole.data
    if tuple(hole.shape) != (1, *size):
        raise ValueError(
            f'The hole of {_name(sample)} is {tuple(hole.shape)}, its image {(1, *size)}: they '
            f'must be of one size.'
        )
    if hole.dtype != torch.bool and ((hole != 0) & (hole != 1)).any():
        raise ValueError(
            f'The hole of {_name(sample)} holds other values than 0 and 1, {hole.min().item()} to '
            f'{hole.max().item()}: decide from which grey on a pixel is to be filled.'
        )
    return hole.bool()


def _name(sample: SceneSample) -> str:
    return str(sample.get('img_path', 'a sample'))
