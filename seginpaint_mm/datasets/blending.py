"""Ways to put an object's pixels into a picture without a visible seam (Dwibedi et al., 2017)."""

import cv2
import numpy as np

_FEATHER = 0.7  # standard deviation in pixels: hides the cut without softening small objects
_BOX = 3  # side in pixels
LEAK = 3  # pixels: how far from its mask an object may change a picture; seamlessClone's margin


def blend_none(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A copy: the object's pixels as they are."""
    return np.where(mask[..., None] > 0, image, below)


def blend_gaussian(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The object fades out within its border, in the shape of a Gaussian."""
    inside = mask.astype(np.float32)
    blurred = cv2.GaussianBlur(inside, (0, 0), _FEATHER, borderType=cv2.BORDER_CONSTANT)
    return _mix(below, image, inside * blurred)


def blend_box(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The object fades out within its border, in the shape of a box."""
    inside = mask.astype(np.float32)
    blurred = cv2.blur(inside, (_BOX, _BOX), borderType=cv2.BORDER_CONSTANT)
    return _mix(below, image, inside * blurred)


def blend_poisson(below: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The object's gradients, with the colours around it (Perez et al., OpenCV's seamlessClone).

    The colours are led over to those below in a few pixels around the mask, which change too.
    """
    margin = LEAK + 2  # what is cloned must not touch the border
    padded = [
        cv2.copyMakeBorder(part, *(4 * [margin]), cv2.BORDER_REPLICATE) for part in (image, below)
    ]
    grown = cv2.copyMakeBorder(mask, *(4 * [margin]), cv2.BORDER_CONSTANT, value=0)
    kernel = np.ones((3, 3), np.uint8)
    grown = cv2.dilate(grown * np.uint8(255), kernel, iterations=LEAK)
    left, top, width, height = cv2.boundingRect(grown)
    centre = (left + width // 2, top + height // 2)  # which is to say: do not move it
    cloned = cv2.seamlessClone(
        *padded, grown.copy(), centre, cv2.NORMAL_CLONE
    )  # a copy: it writes there
    cloned = np.where(grown[..., None] > 0, cloned, padded[1])  # rounding changes more than that
    return cloned[margin:-margin, margin:-margin]


def _mix(below: np.ndarray, image: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """``image`` over ``below``, with opacity float32 (h, w) in [0, 1]."""
    under = below.astype(np.float32)
    return np.rint(under + opacity[..., None] * (image - under)).astype(np.uint8)


# Name -> function of BGR uint8 (h, w, 3) below and image, and uint8 (h, w) mask, 1 = the object,
# that gives the blended picture, uint8 (h, w, 3).
BLENDINGS = {
    'none': blend_none,
    'gaussian': blend_gaussian,
    'box': blend_box,
    'poisson': blend_poisson,
}
