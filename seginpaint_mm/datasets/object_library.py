"""``ObjectLibrary``: objects cut out of a labelled data set."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.ndimage import find_objects

from seginpaint_mm.datasets.scene_dataset import SceneDataset

_MARGIN = 0.01


@dataclass(frozen=True)
class CutOut:
    """An object cut out of its picture.

    Attributes:
        image: BGR uint8 (h, w, 3), the object's box.
        mask: uint8 (h, w), 1 = the object.
        foot: Row below the object's lowest pixel, as a share of its picture's height.
    """

    image: np.ndarray
    mask: np.ndarray
    foot: float


class ObjectLibrary:
    """The whole objects of a data set, cut out when they are first needed.

    Args:
        source: A data set whose pipeline gives ``img``, ``gt_foreground`` and ``gt_objects``
            (:class:`LoadObjects`), at the size of the pictures that objects will be put into.
        area: Smallest and largest object, as a share of its picture's area.
        max_contact: See :func:`cut_out_objects`.
        cache_size: Keep the objects of so many pictures, those used last, in memory.

    Raises:
        FileNotFoundError: when the source is missing.
    """

    def __init__(
        self,
        source: SceneDataset,
        *,
        area: tuple[float, float],
        max_contact: float,
        cache_size: int,
    ) -> None:
        source.full_init()
        self.dataset = source
        self.area = area
        self.max_contact = max_contact
        self._cut_outs = lru_cache(maxsize=cache_size)(self._load)

    def draw(self, rng: np.random.Generator) -> CutOut:
        """A random object: of a random picture, or the next one that has any.

        Raises:
            ValueError: when no picture has an object of the wanted size.
        """
        first = int(rng.integers(len(self.dataset)))
        for offset in range(len(self.dataset)):
            cut_outs = self._cut_outs((first + offset) % len(self.dataset))
            if cut_outs:
                return cut_outs[int(rng.integers(len(cut_outs)))]
        raise ValueError(
            f'{self.dataset.data_root}: none of the {len(self.dataset)} pictures has a whole '
            f'object of {self.area[0]:g} to {self.area[1]:g} of their area: widen the area, or '
            f'take another source.'
        )

    def _load(self, index: int) -> list[CutOut]:
        results = self.dataset[index]
        if 'gt_objects' not in results:
            raise ValueError(
                "The pipeline of a source of objects must have a dict(type='LoadObjects') and no "
                'packing.'
            )
        return cut_out_objects(
            results['img'],
            results['gt_objects'],
            results['gt_foreground'],
            area=self.area,
            max_contact=self.max_contact,
        )


def cut_out_objects(
    image: np.ndarray,
    objects: np.ndarray,
    foreground: np.ndarray,
    *,
    area: tuple[float, float],
    max_contact: float,
) -> list[CutOut]:
    """Cut out the objects of a picture that are of the wanted size and look whole.

    An object may be cut off, and is left out, near the picture's border (a hundredth of its
    sides, where Cityscapes has no labels), and where it touches other foreground.

    Args:
        image: BGR uint8 (H, W, 3).
        objects: uint16 (H, W), 0 = no object, 1, 2, ... = the objects.
        foreground: uint8 (H, W), 1 = foreground, also that which is no object.
        area: Smallest and largest object, as a share of the picture's area.
        max_contact: Largest share of an object's outline that may touch other foreground.
    """
    height, width = objects.shape
    smallest, largest = (share * height * width for share in area)
    cut_outs = []
    for number, box in enumerate(find_objects(objects), start=1):
        if box is None or not _is_inside(box, objects.shape):
            continue
        mask = (objects[box] == number).astype(np.uint8)
        if not smallest <= np.count_nonzero(mask) <= largest:
            continue
        if _contact(objects, foreground, number, box) <= max_contact:
            foot = box[0].stop / height
            cut_outs.append(CutOut(image=image[box].copy(), mask=mask, foot=foot))
    return cut_outs


def _is_inside(box: tuple[slice, slice], shape: tuple[int, int]) -> bool:
    for side, length in zip(box, shape, strict=True):
        margin = max(1, round(_MARGIN * length))
        if side.start < margin or side.stop > length - margin:
            return False
    return True


def _contact(
    objects: np.ndarray, foreground: np.ndarray, number: int, box: tuple[slice, slice]
) -> float:
    """Share of the pixels around an object that are other foreground."""
    around = tuple(slice(side.start - 1, side.stop + 1) for side in box)
    mask = (objects[around] == number).astype(np.uint8)
    outline = (cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0) & (mask == 0)
    return float(foreground[around][outline].mean())
