"""What a rendered street holds: the picture, and everything that is hidden in it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class StreetObject:
    """One vehicle, person, rider or bicycle.

    Attributes:
        label: Cityscapes label id.
        instance_id: label * 1000 + number, as in the scene's `instance_ids`.
        full_mask: bool (H, W), all of it inside the picture, also where hidden.
        visible_mask: bool (H, W), what can be seen of it.
        bbox: (left, top, right, bottom) of the full mask, right and bottom exclusive.
        rgba: uint8 (bottom - top, right - left, 4), its whole appearance in the bbox: B, G, R and
            coverage 0..255 (128 and more is in the full mask).
    """

    label: int
    instance_id: int
    full_mask: np.ndarray
    visible_mask: np.ndarray
    bbox: tuple[int, int, int, int]
    rgba: np.ndarray


@dataclass(frozen=True)
class StreetScene:
    """A rendered street.

    Attributes:
        image: uint8 (H, W, 3), B, G, R.
        background_image: uint8 (H, W, 3), the same street without objects and their shadows.
        label_ids: uint8 (H, W), Cityscapes ids of what is visible.
        background_label_ids: uint8 (H, W), Cityscapes ids of the street without objects.
        instance_ids: uint16 (H, W), label id * 1000 + number for objects, the label id elsewhere.
        lift_objects: Draws every object alone; ask `objects`.
    """

    image: np.ndarray
    background_image: np.ndarray
    label_ids: np.ndarray
    background_label_ids: np.ndarray
    instance_ids: np.ndarray
    lift_objects: Callable[[], tuple[StreetObject, ...]]

    @cached_property
    def objects(self) -> tuple[StreetObject, ...]:
        """Depth order, 0 = front: none is hidden by one that comes later.

        Drawn when first asked for: who only needs the maps does not wait for them.
        """
        return self.lift_objects()
