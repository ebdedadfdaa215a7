"""Masks in picture files and arrays: one object, or a number on the pixels of each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from seginpaint_mm.apis.given_masks.visible_objects import (
    VisibleObjects,
    check_mask_size,
    check_seen,
    stack_objects,
)

MASK_SUFFIXES = ('.bmp', '.png', '.tif', '.tiff')  # those that keep every value
_WHITE = 255
_GREY_MODES = ('1', 'L', 'P', 'I;16', 'I')


def read_mask_pictures(
    paths: Sequence[Path], size: tuple[int, int], *, may_be_empty: bool = False
) -> VisibleObjects:
    """Objects of one picture: those of the first file, then those of the second, and so on.

    A file whose pixels are 0 and one other value holds one object; one with several values holds an
    object of each, as instance maps do. So 255, which is white, must be the only one beside 0.

    Args:
        paths: PNG, BMP or TIFF files of one channel, 8 or 16 bits or a palette, or of colours that
            are all grey.
        size: (height, width) of the picture.
        may_be_empty: Whether a file without objects is one more, not an error.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when one cannot be read, is of another size, empty, coloured, or has grey values
            such as smooth borders have; the sentence names it.
    """
    masks, names = [], []
    for path in paths:
        numbers = _read_numbers(path)
        check_mask_size(numbers.shape, size, f'{path}: the mask')
        if not may_be_empty:
            check_seen(numbers, f'{path}: the mask')
        found = split_numbers(numbers, str(path))
        masks += found
        names += [path.stem] * len(found)
    return stack_objects(masks, names, size)


def split_numbers(numbers: np.ndarray, what: str) -> list[np.ndarray]:
    """A mask, bool (H, W), of each value but 0, by value; ValueError for grey values."""
    values = np.unique(numbers)
    values = values[values > 0]
    if len(values) > 1 and _WHITE in values and numbers.dtype == np.uint8:
        raise ValueError(
            f'{what}: the mask has {len(values)} values beside 0, from {values[0]} to 255: if they '
            f'are smooth borders or probabilities, make it black and white; if they are numbers of '
            f'objects, do not take 255, or store 16 bits.'
        )
    return [numbers == value for value in values]


def _read_numbers(path: Path) -> np.ndarray:
    """uint8, uint16 or int32 (H, W)."""
    if path.suffix.lower() not in MASK_SUFFIXES:
        raise ValueError(
            f'{path}: masks are read from {", ".join(MASK_SUFFIXES)} files, which keep every '
            f'value, and from .json: write it as one of these.'
        )
    try:
        with Image.open(path) as image:
            mode, pixels = image.mode, np.array(image)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: there is no such file; expected a mask here.') from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(
            f'{path}: cannot be read as a mask ({error}): fetch or write it again.'
        ) from error
    if mode == '1':
        return pixels.astype(np.uint8)
    if mode in _GREY_MODES:
        return pixels
    if mode == 'RGB' and (pixels == pixels[..., :1]).all():
        return pixels[..., 0]
    raise ValueError(
        f'{path}: a mask has one channel, this file has colours or transparency ({mode}): write '
        f'white on black, or the number of each object.'
    )
