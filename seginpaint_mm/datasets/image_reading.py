"""Reading pictures and label maps, with errors that name the file."""

from pathlib import Path

import cv2
import numpy as np


def read_colour(path: str | Path) -> np.ndarray:
    """Read a picture upright (EXIF orientation applied).

    Returns:
        np.ndarray: BGR uint8 (H, W, 3); grey pictures are repeated, 16-bit ones reduced.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, or a damaged one.
    """
    return _decode(path, 'an image', cv2.IMREAD_COLOR)


def read_ids(path: str | Path) -> np.ndarray:
    """Read a map of ids exactly as it is stored.

    Returns:
        np.ndarray: uint8 or uint16 (H, W).

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no picture, a damaged one, or has colours.
    """
    ids = _decode(path, 'a label map', cv2.IMREAD_UNCHANGED)
    if ids.ndim != 2:
        raise ValueError(
            f'{path}: a label map has one channel of ids, this file has {ids.shape[2]}; '
            f'give the map of ids, not its coloured picture.'
        )
    return ids


def _decode(path: str | Path, what: str, flag: int) -> np.ndarray:
    try:
        data = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(f'{path}: there is no such file; expected {what} here.') from None
    image = cv2.imdecode(data, flag) if data.size else None
    if image is None:
        raise ValueError(
            f'{path}: cannot be read as {what} ({data.size} bytes, damaged or of an unknown '
            f'format): fetch or write it again.'
        )
    return image
