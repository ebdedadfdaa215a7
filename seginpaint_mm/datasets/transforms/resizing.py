"""Resizing as pictures need it."""

import cv2
import numpy as np


def resize_smoothly(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize uint8 (h, w) or (h, w, 3) to (height, width) ``size``.

    Where it shrinks, pixels are averaged; where it grows, they are interpolated.
    """
    shrinks = picture.shape[0] >= size[0] and picture.shape[1] >= size[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(picture), size[::-1], interpolation=way)
