"""``FreeFormStrokes``: holes as if drawn with a brush."""

import cv2
import numpy as np

from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform, check_sides
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
