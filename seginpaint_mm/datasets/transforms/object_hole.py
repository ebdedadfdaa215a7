"""``ObjectHole``: the place of one of the image's objects."""

from collections.abc import Sequence

import cv2
import numpy as np

from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform, check_sides
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ObjectHole(HoleTransform):
    """The mask of one object of the image, drawn by lot, grown by some pixels.

    The objects are those of ``gt_instance_map`` (:class:`LoadInstances`) or, with ``classes``, the
    connected parts (8 neighbours) of these classes in ``gt_seg_map``. An image without a fitting
    object gets the hole of ``otherwise``; without that it is left out, and a training data set
    gives another one.

    Args:
        classes: Classes whose connected parts are the objects; None for ``gt_instance_map``.
        area: Least and greatest share of the image that an object has, before it is grown.
        grow: Pixels by which the hole is larger than the object on all sides.
        otherwise: Config of a :class:`HoleTransform` for images without a fitting object.
        fixed: See :class:`HoleTransform`.
        seed: See :class:`HoleTransform`.

    Raises:
        ValueError: when an argument is out of its range; in the pipeline, when there is no map.
    """

    def __init__(
        self,
        *,
        classes: Sequence[int] | None = None,
        area: tuple[float, float] = (0.005, 0.5),
        grow: int = 0,
        otherwise: dict | None = None,
        fixed: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(fixed=fixed, seed=seed)
        check_sides('ObjectHole: area', area, least=0, greatest=1)
        if grow < 0:
            raise ValueError(f'ObjectHole: grow must be 0 or more, not {grow}.')
        self.classes = classes
        self.area = area
        self.grow = grow
        self.otherwise = None if otherwise is None else TRANSFORMS.build(otherwise)

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray | None:
        objects = self._objects(results)
        numbers, sizes = np.unique(objects[objects > 0], return_counts=True)
        shares = sizes / objects.size
        fitting = numbers[(shares >= self.area[0]) & (shares <= self.area[1])]
        if len(fitting):
            return self._grown((objects == rng.choice(fitting)).astype(np.uint8))
        return None if self.otherwise is None else self.otherwise.draw(results, rng)

    def _objects(self, results: dict) -> np.ndarray:
        """Integer (H, W), 0 = no object."""
        key = 'gt_instance_map' if self.classes is None else 'gt_seg_map'
        if key not in results:
            raise ValueError(
                f'ObjectHole needs {key}: load it before with LoadInstances'
                f'{"" if self.classes is None else " or LoadClasses"}.'
            )
        if self.classes is None:
            return results[key]
        mask = np.isin(results[key], self.classes).astype(np.uint8)
        return cv2.connectedComponents(mask, connectivity=8)[1]

    def _grown(self, mask: np.ndarray) -> np.ndarray:
        if not self.grow:
            return mask
        side = 2 * self.grow + 1
        return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
