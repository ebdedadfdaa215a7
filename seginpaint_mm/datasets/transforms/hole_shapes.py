"""Draw random holes: free-form strokes and rectangles; the distance to their outline."""

from typing import ClassVar

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.transforms.holes import HoleTransform, check_sides
from seginpaint_mm.geometry.boxes import random_rectangles
from seginpaint_mm.registry import TRANSFORMS

_TRIES = 20


@TRANSFORMS.register_module()
class FreeFormStrokes(HoleTransform):
    """Strokes of a brush that turns at random, after GatedConv (Yu et al., ICCV 2019, appendix).

    Each stroke begins anywhere and has several straight pieces of random length, each turned
    against the one before, with round joints. Lengths and widths are shares of the image's shorter
    side, so that holes look alike in all sizes.

    Args:
        strokes: Least and greatest number of strokes.
        vertices: Least and greatest number of pieces of a stroke.
        length: Least and greatest length of a piece.
        width: Least and greatest width of a stroke.
        ratios: Holes are drawn again until their share of the image is in it, 20 times at most;
            then the last one stays.
        fixed: See :class:`HoleTransform`.
        seed: See :class:`HoleTransform`.

    Raises:
        ValueError: when a range is none, or not in its bounds.
    """

    def __init__(
        self,
        *,
        strokes: tuple[int, int] = (1, 4),
        vertices: tuple[int, int] = (4, 10),
        length: tuple[float, float] = (0.08, 0.4),
        width: tuple[float, float] = (0.04, 0.16),
        ratios: tuple[float, float] = (0.01, 0.6),
        fixed: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(fixed=fixed, seed=seed)
        for name, value, least, greatest in (
            ('strokes', strokes, 1, np.inf),
            ('vertices', vertices, 1, np.inf),
            ('length', length, 0, 1),
            ('width', width, 0, 1),
            ('ratios', ratios, 0, 1),
        ):
            check_sides(f'FreeFormStrokes: {name}', value, least=least, greatest=greatest)
        self.strokes = strokes
        self.vertices = vertices
        self.length = length
        self.width = width
        self.ratios = ratios

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        size = results['img'].shape[:2]
        for _ in range(_TRIES):
            hole = np.zeros(size, np.uint8)
            for _ in range(rng.integers(self.strokes[0], self.strokes[1] + 1)):
                self._draw_stroke(hole, rng)
            if self.ratios[0] <= hole.mean() <= self.ratios[1]:
                break
        return hole

    def _draw_stroke(self, hole: np.ndarray, rng: np.random.Generator) -> None:
        height, width = hole.shape
        scale = min(height, width)
        thickness = max(1, round(scale * rng.uniform(*self.width)))
        point = rng.uniform((0, 0), (width - 1, height - 1))
        angle = rng.uniform(0, 2 * np.pi)
        for _ in range(rng.integers(self.vertices[0], self.vertices[1] + 1)):
            angle += np.pi + rng.uniform(-np.pi, np.pi) * 0.8  # back and forth, as a hand does
            step = scale * rng.uniform(*self.length)
            target = point + step * np.array([np.cos(angle), np.sin(angle)])
            target = target.clip((0, 0), (width - 1, height - 1))
            ends = [tuple(round(float(value)) for value in end) for end in (point, target)]
            cv2.line(hole, *ends, 1, thickness)
            cv2.circle(hole, ends[1], thickness // 2, 1, cv2.FILLED)
            point = target


@TRANSFORMS.register_module()
class RandomRectangles(BaseTransform):
    """Add ``hole``, uint8 (H, W), 1 = to be filled: the union of random rectangles.

    They are those of the MPI paper (Section IV-A; see :func:`random_rectangles`), here in the
    image. The image itself stays as it is. ``hole`` is added to ``seg_fields``.

    Args:
        num: Rectangles in an image.
        min_ratio: Smallest side as a share of the image's side, in (0, 1].
        max_ratio: Largest side as a share of the image's side, in (0, 1].
        fixed: The same rectangles for a ``sample_idx`` every time (evaluation). Otherwise they
            come from torch's generator, which is seeded for each worker.
        seed: Varies the choices of ``fixed``.

    Raises:
        ValueError: when ``num`` is negative or the ratios are no range in (0, 1].
    """

    def __init__(
        self,
        *,
        num: int = 3,
        min_ratio: float = 0.1,
        max_ratio: float = 0.4,
        fixed: bool = False,
        seed: int = 0,
    ) -> None:
        if num < 0 or not 0 < min_ratio <= max_ratio <= 1:
            raise ValueError(
                f'RandomRectangles: num must be 0 or more and 0 < min_ratio <= max_ratio <= 1, '
                f'not num={num}, min_ratio={min_ratio}, max_ratio={max_ratio}.'
            )
        self.num = num
        self.min_ratio = min_ratio
        self.max_ratio = max_ratio
        self.fixed = fixed
        self.seed = seed

    def transform(self, results: dict) -> dict:
        hole = random_rectangles(
            1,
            results['img'].shape[:2],
            num=self.num,
            min_ratio=self.min_ratio,
            max_ratio=self.max_ratio,
            generator=self._generator(results),
        )
        results['hole'] = hole[0, 0].numpy().astype(np.uint8)
        results.setdefault('seg_fields', []).append('hole')
        return results

    def _generator(self, results: dict) -> torch.Generator | None:
        if not self.fixed:
            return None
        numbers = np.random.SeedSequence([self.seed, results['sample_idx']])
        return torch.Generator().manual_seed(int(numbers.generate_state(1)[0]))


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
    full, in pixels plus or minus the image's diagonal.

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
