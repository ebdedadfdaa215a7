"""Ids that are colours: COCO's panoptic PNGs, and maps whose palette is known."""

from pathlib import Path

import cv2
import numpy as np

from seginpaint_mm.datasets.image_reading import check_size, open_image
from seginpaint_mm.datasets.label_tables import IGNORE_INDEX

_PLACES = (16, 8, 0)
_CODE = np.array([1 << place for place in _PLACES], np.int32)
VOC_COLOURS = np.zeros((256, 3), np.uint8)  # of each number, RGB: every third bit, lowest first
for _place in range(3):
    _bits = np.arange(256)[:, None] >> np.arange(3) >> 3 * _place & 1
    VOC_COLOURS |= (_bits << 7 - _place).astype(np.uint8)


def ids_of_colours(path: str | Path, ids: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Correct ids that were read from a palette whose entries were exchanged.

    Programs that make PNGs smaller sort the palette, or leave out what is not used: the picture
    looks the same, the stored numbers differ.

    Args:
        path: The file, which can be read.
        ids: What was read of it, uint8 (H, W).
        colours: The colour of each id, RGB uint8 (n, 3).

    Returns:
        np.ndarray: uint8 (H, W): the ids of the colours where the file has a palette and all of its
        colours in use have an id; otherwise ``ids``.
    """
    with open_image(path) as image:
        if image.mode != 'P':
            return ids
        indices = np.array(image)
        palette = np.array(image.getpalette('RGB'), np.uint8).reshape(-1, 3)
    used = np.unique(indices)
    if used[-1] >= len(palette):
        return ids
    fits = (palette[used, None] == colours).all(axis=-1)
    if not fits.any(axis=1).all():
        return ids
    lookup = np.zeros(256, np.uint8)
    lookup[used] = fits.argmax(axis=1)
    return lookup[indices]


def read_label_colours(
    path: str | Path, colours: np.ndarray, *, size: tuple[int, int], img_path: str
) -> np.ndarray:
    """Read a label map that is a colour image, or has a palette, uint8 (H, W).

    Args:
        path: The file.
        colours: The colour of each id, RGB uint8 (n, 3), n <= 255. Black is 255, void, where it is
            not among them.
        size: (height, width) of its image.
        img_path: The image, for errors.

    Raises:
        FileNotFoundError, ValueError: one sentence, when it is missing, no image, a JPEG, of
            another size, or has a colour that is no label's.
    """
    with open_image(path) as image:
        if image.format == 'JPEG':
            raise ValueError(
                f'{path}: JPEG changes colours, so that the labels of a map are lost: give the map '
                f'as PNG.'
            )
        found = np.array(image.convert('RGB'))
    check_size(path, found[..., 0], size=size, img_path=img_path)
    codes = found.astype(np.int32) @ _CODE
    known = np.append(colours.astype(np.int32) @ _CODE, 0)  # of equal ones, the first counts
    ids = np.append(np.arange(len(colours)), IGNORE_INDEX)
    used, inverse = np.unique(codes, return_inverse=True)
    fits = used[:, None] == known
    if not fits.any(axis=1).all():
        wrong = used[~fits.any(axis=1)][0]
        count = int((codes == wrong).sum())
        colour = tuple(int(wrong) >> place & 255 for place in _PLACES)
        raise ValueError(
            f'{path}: {count} pixels have the colour {colour} (R, G, B), which is no label: '
            f'name it in labels, or save the map without smoothing.'
        )
    return ids[fits.argmax(axis=1)][inverse].reshape(codes.shape).astype(np.uint8)


def read_segment_ids(path: str | Path) -> np.ndarray:
    """Read COCO's panoptic PNG: R + 256 G + 65536 B at each pixel, int32 (H, W).

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, a damaged one, or has other than 8 bits per colour.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(
            f'{path}: there is no such file; expected a map of segments here.'
        ) from None
    colours = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if colours is None:
        raise ValueError(
            f'{path}: cannot be read as a map of segments ({data.size} bytes, damaged or of an '
            f'unknown format): fetch or write it again.'
        )
    if colours.dtype != np.uint8:
        raise ValueError(
            f'{path}: the colours of a map of segments have 8 bits, these are {colours.dtype}: '
            f'save it as PNG with 8 bits per colour.'
        )
    if colours.ndim == 2:
        colours = cv2.cvtColor(colours, cv2.COLOR_GRAY2BGR)
    return colours[..., :3].astype(np.int32) @ np.array([65536, 256, 1], np.int32)
