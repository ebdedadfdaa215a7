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
        ValueError: when it is neither, or the run lengths are of another size.
    """
    try:
        if isinstance(segmentation, list):
            parts = [part for part in segmentation if len(part) >= _FEWEST_COORDINATES]
            parts = coco_masks.merge(coco_masks.frPyObjects(parts, *size)) if parts else None
        elif isinstance(segmentation['counts'], list):
            parts = coco_masks.frPyObjects(segmentation, *size)
        else:
            parts = segmentation
        mask = np.zeros(size, bool) if parts is None else coco_masks.decode(parts) > 0
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
