"""Masks of COCO and COCOA: polygons, or run lengths."""

import math
import reprlib
from itertools import chain

import numpy as np
from pycocotools import mask as coco_masks

_FEWEST_COORDINATES = 6  # of a polygon; pycocotools would take four for a box
# Pixels. pycocotools counts fifths of a pixel in 32 bits without a check, and crashes beyond.
_FARTHEST = 1 << 16
_GREATEST = (1 << 63) - 1
_LONGEST_NUMBER = 60  # bits of a run length in COCO's text


def decode_mask(
    segmentation: list | dict, size: tuple[int, int], *, path: str, of: str
) -> np.ndarray:
    """Draw polygons, or unpack run lengths.

    Args:
        segmentation: Polygons ``[[x, y, x, y, ...], ...]`` in pixels, a single one, or corners
            ``[[x, y], ...]``; or run lengths ``dict(size=[height, width], counts=...)``,
            compressed or not.
        size: (height, width) of the image.
        path: The file that it is from, for errors.
        of: What it is the mask of, for errors, e.g. ``'annotation 3'``.

    Returns:
        np.ndarray: bool (H, W). It is empty where polygons have less than three corners.

    Raises:
        ValueError: when it is neither, a coordinate is no finite number or lies far outside the
            image, or the run lengths are of another size, or too few or many.
    """
    segmentation = checked_segmentation(segmentation, size, path=path, of=of)
    try:
        if isinstance(segmentation, dict):
            return _unpack(segmentation['counts'], size)
        return _draw(segmentation, size)
    except Exception as error:  # pycocotools raises bare Exceptions, and what its parser meets
        raise _neither(path, of, error) from error


def checked_segmentation(
    segmentation: list | dict, size: tuple[int, int] | None, *, path: str, of: str
) -> list[list[float]] | dict:
    """Check a segmentation without drawing it; whether run lengths cover it is left out.

    Args:
        segmentation: As in :func:`decode_mask`, and so are the others.
        size: None where it is not known.

    Returns:
        The polygons that have three corners or more, each ``[x, y, x, y, ...]``; or the run lengths
        as they are.

    Raises:
        ValueError: as :func:`decode_mask`.
    """
    try:
        if not isinstance(segmentation, dict):
            return _polygons(segmentation, max(_FARTHEST, 4 * max(size or (0,))))
        written = tuple(segmentation['size'])
        if len(written) != 2 or not all(type(side) is int and side > 0 for side in written):
            raise ValueError(f'size {reprlib.repr(segmentation["size"])}, not two whole numbers')
        if not isinstance(segmentation['counts'], (list, str, bytes)):
            raise ValueError('counts that are neither a list nor a text')
    except (LookupError, TypeError, ValueError) as error:
        raise _neither(path, of, error) from error
    if size is not None and written != size:
        raise ValueError(
            f'{path}: the run lengths of {of} are of {written} (height, width), its image is '
            f'{size}: mend it, or leave it out.'
        )
    return segmentation


def _neither(path: str, of: str, error: Exception) -> ValueError:
    return ValueError(
        f'{path}: the segmentation of {of} is neither polygons nor run lengths ({error}): mend it, '
        f'or leave it out.'
    )


def _polygons(segmentation: list, farthest: float) -> list[list[float]]:
    if not isinstance(segmentation, list):
        raise ValueError(f'{type(segmentation).__name__} instead of a list')
    is_flat = all(isinstance(part, (int, float)) for part in segmentation)
    if segmentation and (is_flat or all(map(_is_point, segmentation))):
        segmentation = [segmentation]
    polygons = []
    for part in segmentation:
        if not isinstance(part, list):
            raise ValueError(f'{reprlib.repr(part)} instead of a list of coordinates')
        corners = [*chain(*part)] if part and all(map(_is_point, part)) else part
        if not _are_numbers(corners):
            raise ValueError('a coordinate that is no finite number')
        if len(corners) % 2:
            raise ValueError(f'{len(corners)} coordinates: one of x and y is missing')
        if corners and max(map(abs, corners)) > farthest:
            raise ValueError(f'a coordinate of {max(corners, key=abs):g}, far outside its image')
        if len(corners) >= _FEWEST_COORDINATES:
            polygons.append(corners)
    return polygons


def seen_pixels(runs: dict) -> int:
    """Count the pixels of a mask that is given by run lengths.

    Args:
        runs: ``dict(size=[height, width], counts=...)``, compressed or not.

    Raises:
        ValueError: when the counts are neither numbers nor COCO's text.
    """
    return sum(_run_lengths(runs['counts'])[1::2])


def is_number(value: object) -> bool:
    """Whether it is a finite number, no boolean, and no integer beyond what C code reads."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _GREATEST


def _are_numbers(values: list) -> bool:
    return all(map(is_number, values))


def _is_point(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and _are_numbers(value)


def _draw(polygons: list[list[float]], size: tuple[int, int]) -> np.ndarray:
    if not polygons:
        return np.zeros(size, bool)
    return coco_masks.decode(coco_masks.merge(coco_masks.frPyObjects(polygons, *size))).view(bool)


def _unpack(counts: list[int] | str | bytes, size: tuple[int, int]) -> np.ndarray:
    """The mask of run lengths that cover their size: of others pycocotools makes arbitrary ones."""
    height, width = size
    runs = _run_lengths(counts)
    if min(runs, default=0) < 0:
        raise ValueError(f'a run length of {min(runs)}')
    if sum(runs) != height * width:
        raise ValueError(f'its runs are of {sum(runs)} pixels, not of {height}x{width}')
    encoded = coco_masks.frPyObjects(dict(size=[height, width], counts=runs), height, width)
    return coco_masks.decode(encoded).view(bool)


def _run_lengths(counts: list[int] | str | bytes) -> list[int]:
    if not isinstance(counts, list):
        return _uncompressed(counts)
    if not _are_numbers(counts) or any(value != int(value) for value in counts):
        raise ValueError('a run length that is no whole number')
    return [int(value) for value in counts]


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
            if shift > _LONGEST_NUMBER:
                raise ValueError('a run length without end')
            continue
        if bits & 0x10:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs
