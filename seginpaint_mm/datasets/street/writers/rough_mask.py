"""What an instance segmentation network might see of an object: its visible mask, made rough."""

import math
import zlib

import cv2
import numpy as np

from seginpaint_mm.datasets.street.dice import SeededDice

_REACH = (0.06, 0.16)  # of the smoothing, as a share of the side of a square of the mask's area
_SHARE = (30, 70)  # percent of the neighbours that must be in the mask: fewer dilate, more erode


def rough_mask(mask: np.ndarray) -> np.ndarray:
    """Smooths a visible mask, dilates or erodes it and shifts it a little.

    How much is drawn from the mask's own bytes: equal masks give equal results everywhere.

    Args:
        mask: bool (H, W), not empty.

    Returns:
        bool (H, W); the mask itself where nothing would be left of it.
    """
    height, width = mask.shape
    dice = SeededDice(zlib.crc32(np.packbits(mask).tobytes()))
    side = math.sqrt(np.count_nonzero(mask))
    reach = max(1, round(side * dice.uniform(*_REACH)))
    share = dice.integer(*_SHARE)
    top, left = reach + dice.integer(-reach, reach) // 2, reach + dice.integer(-reach, reach) // 2
    padded = cv2.copyMakeBorder(mask.view(np.uint8), *[2 * reach] * 4, cv2.BORDER_REPLICATE)
    window = 2 * reach + 1
    neighbours = cv2.boxFilter(padded, cv2.CV_32S, (window, window), normalize=False)
    rough = 100 * neighbours >= share * window * window
    rough = rough[reach + top : reach + top + height, reach + left : reach + left + width]
    return rough if rough.any() else mask
