"""``CentreHole``: a square in the middle of the image."""

import numpy as np

from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform, check_sides
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class CentreHole(HoleTransform):
    """A square hole in the middle, as in SGE-Net's Section 4.1: 128 pixels wide, or 96.

    Args:
        sides: Width in pixels, or the least and greatest of a width drawn for each image.
        fixed: See :class:`HoleTransform`.
        seed: See :class:`HoleTransform`.

    Raises:
        ValueError: when ``sides`` is no range from 1 on; in the pipeline, when the square is not
            smaller than the image.
    """

    def __init__(self, *, sides: int | tuple[int, int], fixed: bool = False, seed: int = 0) -> None:
        super().__init__(fixed=fixed, seed=seed)
        self.sides = (sides, sides) if isinstance(sides, int) else tuple(sides)
        check_sides('CentreHole: sides', self.sides, least=1, greatest=np.inf)

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        height, width = results['img'].shape[:2]
        side = int(rng.integers(self.sides[0], self.sides[1] + 1))
        if side > min(height, width):
            raise ValueError(
                f'CentreHole: a square of {side} pixels does not fit into '
                f'{results.get("img_path", "the image")}, which is {width}x{height} pixels (width '
                f'x height): choose smaller sides.'
            )
        top, left = (height - side) // 2, (width - side) // 2
        hole = np.zeros((height, width), np.uint8)
        hole[top : top + side, left : left + side] = 1
        return hole
