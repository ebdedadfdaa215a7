"""Masks of COCO and COCOA: polygons, or run lengths."""

import numpy as np
from pycocotools import mask as coco_masks

_FEWEST_COORDINATES = 6  # of a polygon; pycocotools would take four for a box


def decode_mask(
    segmentation: list | dict, size: tuple[int, int], *, path: str, of: str
) -> np.ndarray:
    """Draw polygons, or unpack run lengths.

    Args:
        segmentation: Polygons ``[[x, y, x, y, ...], ...]``, or run lengths
            ``dict(size=[height, width], counts=...)``, compressed or not.
        size: (height, width) of the picture.
        path: The file that it is from, for errors.
        of: What it is the mask of, for errors, e.g. ``'annotation 3'``.

    Returns:
        np.ndarray: bool (H, W). It is empty where polygons have less than three corners.

    Raises:
        ValueError: when it is neither, or the run lengths are of another size, or too few or many.
    """
    try:
        if isinstance(segmentation, list):
            parts = [part for part in segmentation if len(part) >= _FEWEST_COORDINATES]
            parts = coco_masks.merge(coco_masks.frPyObjects(parts, *size)) if parts else None
        else:
            parts = _checked_runs(segmentation)
        mask = np.zeros(size, bool) if parts is None else coco_masks.decode(parts).view(bool)
    except Exception as error:  # pycocotools raises bare Exceptions, and what its parser meets
        raise ValueError(
            f'{path}: the segmentation of {of} is neither polygons nor run lengths ({error}): mend '
            f'it, or leave it out.'
        ) from error
    if mask.shape != size:
        raise ValueError(
            f'{path}: the run lengths of {of} are of {mask.shape} (height, width), its image is '
            f'{size}: mend it, or leave it out.'
        )
    return mask


def _checked_runs(segmentation: dict) -> dict:
    """Compressed run lengths that cover their size: of others pycocotools makes arbitrary masks.

    Raises:
        ValueError: when they do not cover it.
    """
    height, width = segmentation['size']
    counts = segmentation['counts']
    runs = counts if isinstance(counts, list) else _uncompressed(counts)
    if sum(runs) != height * width or min(runs) < 0:
        raise ValueError(f'its runs are of {sum(runs)} pixels, not of {height}x{width}')
    if isinstance(counts, list):
        return coco_masks.frPyObjects(segmentation, height, width)
    return segmentation


def _uncompressed(counts: str | bytes) -> list[int]:
    """COCO's text: five bits a character, and from the third on differences to the last but one."""
    text = counts.encode('ascii') if isinstance(counts, str) else counts
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = character - 48
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits & 0x20:
            continue
        if bits & 0x10:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs
