"""Masks in image files and arrays: objects by numbers, by colours, by pages, and by files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seginpaint_mm.apis.given_masks.visible_objects import (
    VisibleObjects,
    check_mask_size,
    check_seen,
    stack_objects,
)
from seginpaint_mm.datasets.mask_levels import read_levels
from seginpaint_mm.datasets.mask_reading import read_marked_file

_MOST_BYTES = 4 << 30  # of all masks of an image


def read_mask_pictures(
    paths: Sequence[Path], size: tuple[int, int], *, may_be_empty: bool = False
) -> VisibleObjects:
    """Read the objects of one image: those of the first file, then those of the second, and so on.

    What a file marks is what :func:`read_marked_file` says, as it does for the data sets.

    Args:
        paths: Image files of any format and mode.
        size: (height, width) of the image.
        may_be_empty: Whether a file without objects is one more, not an error.

    Returns:
        VisibleObjects: With a note where a file can be read in several ways.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when one cannot be read, is of another size, empty, or a photo, or there are too
            many objects; the sentence names it.
    """
    masks, names, notes = [], [], []
    for path in paths:
        marked = read_marked_file(path, size=size)
        if not may_be_empty:
            check_seen(np.array([page.any() for page in marked.pages]), f'{path}: the mask')
        for page in marked.pages:
            found = split_numbers(page, str(path), len(masks))
            masks += found
            names += [path.stem] * len(found)
        notes += [marked.note] if marked.note else []
    return stack_objects(masks, names, size, note=' '.join(notes) or None)


def read_mask_array(masks: np.ndarray, size: tuple[int, int]) -> VisibleObjects:
    """Take the objects of one image from an array.

    Args:
        masks: bool, whole numbers, or floats: (H, W), read as a grey file would be, or (n, H, W), a
            mask per object: what is not 0, and of shares in [0, 1] what is at least a half.
        size: (height, width) of the image.

    Raises:
        ValueError: when it is of another type or shape, or a mask is empty.
    """
    if masks.ndim not in (2, 3) or masks.dtype.kind not in 'biuf':
        raise ValueError(
            f'masks as an array are bool or numbers, (H, W) or (n, H, W); this one is '
            f'{masks.dtype} {masks.shape}.'
        )
    check_mask_size(masks.shape[-2:], size, 'the array of masks')
    note = None
    if masks.ndim == 2:
        reading = read_levels(masks, True, 'masks')
        check_seen(reading.numbers, 'the mask')
        found = split_numbers(reading.numbers, 'masks', 0)
        note = reading.note and f'masks: {reading.note}.'
    else:
        found = list(masks >= 0.5 if masks.dtype.kind == 'f' else masks != 0)
    for number, mask in enumerate(found, start=1):
        check_seen(mask, f'mask {number} of the array')
    return stack_objects(found, [''] * len(found), size, note=note)


def split_numbers(numbers: np.ndarray, what: str, more: int) -> list[np.ndarray]:
    """Split (H, W) into a mask, bool (H, W), of each number but 0, in their order.

    Raises:
        ValueError: when these masks and ``more`` others would take more than 4 GiB.
    """
    values = np.unique(numbers)
    values = values[values > 0]
    if (len(values) + more) * numbers.size > _MOST_BYTES:
        raise ValueError(
            f'{what}: the masks of {len(values) + more} objects take more than '
            f'{_MOST_BYTES >> 30} GiB: reduce the image, or mark fewer objects.'
        )
    return [numbers == value for value in values]
