"""Find the shadows of objects: what is darker below them than the ground around (``--shadow``)."""

from collections.abc import Iterator

import cv2
import numpy as np

from seginpaint_mm.geometry.masks import Box, CroppedMasks, box_around

# Measured on Street, see docs/results/photos.md.
DARK = 0.85  # of the ground's brightness: what is darker may be shadow
_BELOW, _ABOVE, _BESIDE = 0.25, 0.3, 0.5  # of the object's height, height, width
_NEAR = 3  # pixels between an object and its shadow
_LEAST = 5  # pixels, a smaller spot is none


def with_shadows(image: np.ndarray, masks: CroppedMasks, others: CroppedMasks) -> CroppedMasks:
    """Add to each object the shadow at its foot.

    The place of a shadow reaches from 30 % of the object's height above its lowest pixel to 25 %
    below, and half its width to both sides. There the median brightness of what is no object is the
    ground's; pixels of less than 85 % of it that hang together, and begin at most 3 pixels from the
    object, are its shadow. A dark ground has none that is found.

    Args:
        image: BGR uint8 (H, W, 3).
        masks: Of the objects.
        others: All objects of the image; none of their pixels is shadow.

    Returns:
        CroppedMasks: The objects with their shadows.
    """
    grey = cv2.medianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 3)
    covered = others.union() | masks.union()

    def pieces() -> Iterator[tuple[Box, np.ndarray]]:
        for index, box in enumerate(masks.boxes):
            place = _place(box, masks.size)
            both = box_around(box, place)
            grown = masks.read(index, both)
            left, top, right, bottom = place
            inner = grown[top - both[1] : bottom - both[1], left - both[0] : right - both[0]]
            window = np.s_[top:bottom, left:right]
            inner |= _shadow(grey[window], inner, covered[window])
            yield both, grown

    return CroppedMasks.of_crops(pieces(), masks.size)


def _place(box: Box, size: tuple[int, int]) -> Box:
    """Where an object's shadow may lie; the box itself of an empty one."""
    left, top, right, bottom = box
    height, beside = bottom - top, round(_BESIDE * (right - left))
    return (
        max(left - beside, 0),
        max(bottom - round(_ABOVE * height), 0),
        min(right + beside, size[1]),
        min(bottom + round(_BELOW * height), size[0]),
    )


def _shadow(grey: np.ndarray, mask: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """bool (h, w) of a window: brightness uint8, the object, and all objects."""
    free = ~covered
    if not free.any() or not mask.any():
        return np.zeros_like(mask)
    dark = free & (grey < DARK * np.median(grey[free]))
    _, labels, found, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _NEAR + 1, 2 * _NEAR + 1))
    near = cv2.dilate(mask.astype(np.uint8), disc) > 0
    touching = np.zeros(len(found), bool)
    touching[labels[near & dark]] = True
    touching &= found[:, cv2.CC_STAT_AREA] >= _LEAST
    return dark & touching[labels]
