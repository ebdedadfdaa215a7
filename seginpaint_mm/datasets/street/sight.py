"""What a bending street's own frontage hides."""

from bisect import bisect

import numpy as np

from seginpaint_mm.datasets.street.camera import FAR, NEAR, Camera
from seginpaint_mm.datasets.street.layout import Street
from seginpaint_mm.datasets.street.placement import Placement


class SightLines:
    """Down to which bearing one can see past the frontage on each side, for every depth."""

    def __init__(self, street: Street, camera: Camera):
        self._fronts = street.sides[0].front, street.sides[1].front
        self._camera = camera
        depths = np.arange(NEAR, FAR, 2.0)
        left = camera.world_x(-self._fronts[0], depths) / depths
        right = camera.world_x(self._fronts[1], depths) / depths
        self._depths = depths.tolist()
        self._left = np.maximum.accumulate(left).tolist()
        self._right = np.minimum.accumulate(right).tolist()

    def reach(self, thing: Placement) -> bool:
        """Whether no frontage stands between the camera and the thing."""
        if thing.z <= NEAR:
            return False
        if abs(thing.s) > self._fronts[0 if thing.s < 0 else 1]:
            return True
        nearer = bisect(self._depths, thing.z) - 1
        bearing = self._camera.world_x(thing.s, thing.z) / thing.z
        return self._left[nearer] < bearing < self._right[nearer]
