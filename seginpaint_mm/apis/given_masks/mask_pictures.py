"""Masks in image files and arrays: objects by numbers, by colours, by pages, and by files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seginpaint_mm.apis.given_masks.visible_objects import (
    VisibleObjects,
    check_mask_size,
    check_seen,
    stack_objects,
)
from seginpaint_mm.datasets.mask_levels import Reading, distinct, read_levels
from seginpaint_mm.datasets.mask_reading import read_marked_file, read_marked_page


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
    pages, names, notes = [], [], []
    for path in paths:
        marked = read_marked_file(path, size=size)
        if not may_be_empty:
            check_seen(np.array([page.any() for page in marked.pages]), f'{path}: the mask')
        for page in marked.pages:
            pages.append((page, _numbers(page)))
            names += [path.stem] * len(pages[-1][1])
        notes += [marked.note] if marked.note else []
    return stack_objects(_split(pages), names, size, note=' '.join(notes) or None)


def read_mask_image(image: Image.Image, size: tuple[int, int]) -> VisibleObjects:
    """Take the objects of one image from a page of Pillow's, read as its file would be.

    Args:
        image: Of any mode.
        size: (height, width) of the image.

    Raises:
        ValueError: as :func:`read_mask_pictures`.
    """
    return _of_one(read_marked_page(image, 'masks', size=size), size)


def read_mask_array(masks: np.ndarray, size: tuple[int, int]) -> VisibleObjects:
    """Take the objects of one image from an array.

    Args:
        masks: bool, whole numbers, or floats: (H, W), read as a grey file would be; uint8 RGB or
            RGBA (H, W, 1, 3 or 4), read as a coloured one; or (n, H, W), a mask per object, of
            which all is the object that a file would mark.
        size: (height, width) of the image.

    Raises:
        ValueError: when it is of another type or shape, or a mask is empty.
    """
    if masks.ndim not in (2, 3) or masks.dtype.kind not in 'biuf':
        raise ValueError(
            f'masks as an array are bool or numbers, (H, W), (H, W, channels) or (n, H, W); this '
            f'one is {masks.dtype} {masks.shape}.'
        )
    if masks.ndim == 3 and masks.shape[:2] == size and masks.shape[2] == 1:
        masks = masks[..., 0]
    if masks.ndim == 3 and masks.shape[:2] == size and masks.shape[2] in (3, 4):
        if masks.dtype != np.uint8:
            raise ValueError(
                f'masks as an array with colours are uint8, this one is {masks.dtype}: convert it.'
            )
        return read_mask_image(Image.fromarray(np.ascontiguousarray(masks)), size)
    check_mask_size(masks.shape[-2:], size, 'the array of masks')
    if masks.ndim == 2:
        return _of_one(read_levels(masks, True, 'masks'), size)
    readings = [read_levels(mask, True, 'masks') for mask in masks]
    for number, reading in enumerate(readings, start=1):
        check_seen(reading.numbers, f'mask {number} of the array')
    notes = [f'mask {n} of the array: {r.note}.' for n, r in enumerate(readings, 1) if r.note]
    found = (reading.numbers > 0 for reading in readings)
    return stack_objects(found, [''] * len(masks), size, note=' '.join(notes) or None)


def _of_one(reading: Reading, size: tuple[int, int]) -> VisibleObjects:
    check_seen(reading.numbers, 'the mask')
    values = _numbers(reading.numbers)
    note = reading.note and f'masks: {reading.note}.'
    return stack_objects(_split([(reading.numbers, values)]), [''] * len(values), size, note=note)


def _numbers(page: np.ndarray) -> np.ndarray:
    values = distinct(page)
    return values[values > 0]


def _split(pages: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
    """A mask, bool (H, W), of each of the numbers on each page, one at a time."""
    for page, values in pages:
        for value in values:
            yield page == value
