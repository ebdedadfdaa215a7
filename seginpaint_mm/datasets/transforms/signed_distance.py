"""``SignedDistance``: how far each pixel is from the outline of the hole."""

from typing import ClassVar

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.registry import TRANSFORMS

_UNITS = ('share', 'pixels')
_TO_OUTLINE = 0.5  # from the centre of a pixel beside it


@TRANSFORMS.register_module()
class SignedDistance(BaseTransform):
    """Add ``signed_distance``, float32 (H, W), of ``hole``: negative inside, positive outside.

    It is phi of maskopt's eq. (8), for :class:`MaskExpansionLoss`. Call it last before packing:
    it is not resized or flipped with the image.

    Args:
        unit: ``'share'``: each side is divided by its own greatest distance, so that the map lies
            in [-1, 1]. ``'pixels'``: as it is.

    Raises:
        ValueError: when the unit is another one.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, *, unit: str = 'share') -> None:
        if unit not in _UNITS:
            raise ValueError(f'SignedDistance: unit must be one of {_UNITS}, not {unit!r}.')
        self.unit = unit

    def transform(self, results: dict) -> dict:
        if 'hole' not in results:
            raise ValueError(
                'SignedDistance measures the distance to the hole, which there is none of: call a '
                'transform that adds it before, e.g. LoadPair or PasteForeground.'
            )
        results['signed_distance'] = signed_distance(results['hole'], self.unit)
        return results


def signed_distance(mask: np.ndarray, unit: str = 'share') -> np.ndarray:
    """Euclidean distance to a mask's outline, which runs halfway between pixels in and out.

    A mask without outline has a defined value everywhere: +1 where it is empty, -1 where it is
    full, in pixels plus or minus the picture's diagonal.

    Args:
        mask: (H, W), 1 = inside.
        unit: See :class:`SignedDistance`.

    Returns:
        np.ndarray: float32 (H, W), negative inside.

    Example:
        >>> signed_distance(np.array([[0, 0, 1, 1, 1, 0]]), unit='pixels')
        array([[ 1.5,  0.5, -0.5, -1.5, -0.5,  0.5]], dtype=float32)
    """
    inside = mask > 0
    if not inside.any() or inside.all():
        far = 1.0 if unit == 'share' else float(np.hypot(*mask.shape))
        return np.where(inside, -far, far).astype(np.float32)
    sides = [_distance_to_others(side) for side in (inside, ~inside)]
    if unit == 'share':
        sides = [side / side.max() for side in sides]
    return sides[1] - sides[0]


def _distance_to_others(side: np.ndarray) -> np.ndarray:
    """Exact distance of a side's pixels to the outline, float32; 0 on the other side."""
    to_centres = cv2.distanceTransform(
        side.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE, dstType=cv2.CV_32F
    )
    return np.maximum(to_centres - np.float32(_TO_OUTLINE), 0)
