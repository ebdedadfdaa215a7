"""Masks grown, shrunk and feathered, by exact Euclidean distances."""

import cv2
import numpy as np


def grow_mask(mask: np.ndarray, pixels: int) -> np.ndarray:
    """A mask with all that is at most so many pixels away; a negative number shrinks it.

    The picture's border is no outline: a mask that reaches it does so also when it is shrunk.

    Args:
        mask: bool (H, W).
        pixels: Between the centres of pixels.

    Returns:
        bool (H, W); empty when nothing is left.

    Example:
        >>> mask = np.zeros((3, 5), bool)
        >>> mask[1, 2] = True
        >>> grow_mask(mask, 1).astype(int)
        array([[0, 0, 1, 0, 0],
               [0, 1, 1, 1, 0],
               [0, 0, 1, 0, 0]])
    """
    if pixels < 0:
        return ~grow_mask(~mask, -pixels)
    if pixels == 0 or not mask.any():
        return mask
    return _distance_to(mask) <= pixels


def feather_weights(mask: np.ndarray, width: int) -> np.ndarray:
    """1 in a mask, and less and less, linearly, within ``width`` pixels around it; 0 beyond.

    Args:
        mask: bool (H, W), not empty.
        width: In pixels; 0 for a hard border.

    Returns:
        float32 (H, W) in [0, 1].
    """
    distance = _distance_to(mask)
    return np.where(distance <= width, 1 - distance / (width + 1), 0).astype(np.float32)


def _distance_to(mask: np.ndarray) -> np.ndarray:
    """float32 (H, W); 0 in the mask."""
    outside = (~mask).astype(np.uint8)
    return cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
