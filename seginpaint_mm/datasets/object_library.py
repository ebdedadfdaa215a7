"""``ObjectLibrary``: objects cut out of a labelled data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from mmengine.dataset import BaseDataset
from scipy.ndimage import find_objects

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX

_MARGIN = 0.01


@dataclass(frozen=True)
class CutOut:
    """An object cut out of its image.

    Attributes:
        image: BGR uint8 (h, w, 3), the object's box.
        mask: uint8 (h, w), 1 = the object.
        foot: Row below the object's lowest pixel, as a share of its image's height.
        class_name: What it is; empty where the source does not tell.
    """

    image: np.ndarray
    mask: np.ndarray
    foot: float
    class_name: str = ''


class ObjectLibrary:
    """The whole objects of a data set, cut out when they are first needed.

    Args:
        source: A data set whose pipeline gives ``img`` and either ``gt_foreground`` and
            ``gt_objects`` (:class:`LoadObjects`), or ``gt_seg_map`` and ``gt_instance_map``
            (:class:`LoadInstances`), at the size of the images that objects will be put into.
        area: Smallest and largest object, as a share of its image's area.
        max_contact: See :func:`cut_out_objects`.
        classes: Names of the objects' classes; None for all.
        cache_size: Keep the objects of so many images, those used last, in memory.

    Raises:
        FileNotFoundError: when the source is missing.
        ValueError: when it has no such class.
    """

    def __init__(
        self,
        source: BaseDataset,
        *,
        area: tuple[float, float],
        max_contact: float,
        classes: Sequence[str] | None = None,
        cache_size: int,
    ) -> None:
        source.full_init()
        check_classes(source, classes)
        self.classes = classes
        self.dataset = source
        self.area = area
        self.max_contact = max_contact
        self._cut_outs = lru_cache(maxsize=cache_size)(self._load)

    def draw(self, rng: np.random.Generator) -> CutOut:
        """A random object: of a random image, or the next one that has any.

        Raises:
            ValueError: when no image has an object of the wanted size.
        """
        first = int(rng.integers(len(self.dataset)))
        for offset in range(len(self.dataset)):
            cut_outs = self._cut_outs((first + offset) % len(self.dataset))
            if cut_outs:
                return cut_outs[int(rng.integers(len(cut_outs)))]
        raise ValueError(
            f'{self.dataset.data_root}: none of the {len(self.dataset)} images has a whole '
            f'{" or ".join(self.classes or ["object"])} of {self.area[0]:g} to {self.area[1]:g} of '
            f'their area: widen the area, or take another source.'
        )

    def _load(self, index: int) -> list[CutOut]:
        return cut_out_of_scene(
            self.dataset[index],
            self.dataset.metainfo.get('classes', ()),
            area=self.area,
            max_contact=self.max_contact,
            classes=self.classes,
        )


def check_classes(source: BaseDataset, classes: Sequence[str] | None) -> None:
    """ValueError when a data set of objects has not all of these classes."""
    things = source.metainfo.get('thing_ids', ())
    known = [source.metainfo['classes'][number] for number in things]
    for name in classes or ():
        if name not in known:
            raise ValueError(
                f'{source.data_root}: there are no objects of class {name!r}; there are '
                f'{", ".join(known) or "objects without classes"}.'
            )


def cut_out_of_scene(
    results: dict,
    class_names: Sequence[str],
    *,
    area: tuple[float, float],
    max_contact: float,
    cut_off: bool = False,
    classes: Sequence[str] | None = None,
) -> list[CutOut]:
    """Cut out the objects of a loaded image; see :func:`cut_out_objects`.

    Things are foreground; what is void is not, unless the data set says ``void_is_crowd``.

    Args:
        results: What a pipeline as for :class:`ObjectLibrary` gives.
        class_names: Names of the classes of ``gt_seg_map``.
        area: Smallest and largest object, as a share of the image's area.
        max_contact: Largest share of an object's outline that may touch other foreground.
        cut_off: Objects near the image's border, which may cut them off, are taken, too.
        classes: Names of the objects' classes; None for all.

    Raises:
        ValueError: when the pipeline does not tell objects apart.
    """
    limits = dict(area=area, max_contact=max_contact, cut_off=cut_off)
    image = results['img']
    if 'gt_objects' in results:
        return cut_out_objects(image, results['gt_objects'], results['gt_foreground'], **limits)
    if 'gt_instance_map' not in results:
        raise ValueError(
            "The pipeline of a source of objects must have a dict(type='LoadObjects') or a "
            "dict(type='LoadInstances'), and no packing."
        )
    labels = results['gt_seg_map']
    objects = np.where(labels == IGNORE_INDEX, 0, results['gt_instance_map'])
    is_foreground = np.zeros(max(256, len(class_names)), np.uint8)
    is_foreground[list(results['thing_ids'])] = 1
    is_foreground[IGNORE_INDEX] = results.get('void_is_crowd', False)
    foreground = is_foreground[labels]
    limits |= dict(labels=labels, class_names=class_names)
    cut_outs = cut_out_objects(image, objects, foreground, **limits)
    return [item for item in cut_outs if classes is None or item.class_name in classes]


def cut_out_objects(
    image: np.ndarray,
    objects: np.ndarray,
    foreground: np.ndarray,
    *,
    area: tuple[float, float],
    max_contact: float,
    cut_off: bool = False,
    labels: np.ndarray | None = None,
    class_names: Sequence[str] = (),
) -> list[CutOut]:
    """Cut out the objects of an image that are of the wanted size and look whole.

    An object may be cut off, and is left out unless ``cut_off`` says otherwise, near the image's
    border (a hundredth of its sides, where Cityscapes has no labels). It may be hidden in part, and
    is left out, where it touches other foreground.

    Args:
        image: BGR uint8 (H, W, 3).
        objects: uint16 (H, W), 0 = no object, 1, 2, ... = the objects.
        foreground: uint8 (H, W), 1 = foreground, also that which is no object.
        area: Smallest and largest object, as a share of the image's area.
        max_contact: Largest share of an object's outline that may touch other foreground.
        cut_off: Objects near the image's border are taken, too.
        labels: Unsigned (H, W), the class of each pixel; each object is of one class. None where
            classes are unknown.
        class_names: Names of the classes of ``labels``.
    """
    height, width = objects.shape
    smallest, largest = (share * height * width for share in area)
    cut_outs = []
    for number, box in enumerate(find_objects(objects), start=1):
        if box is None or not (cut_off or _is_inside(box, objects.shape)):
            continue
        mask = (objects[box] == number).astype(np.uint8)
        if not smallest <= np.count_nonzero(mask) <= largest:
            continue
        if _contact(objects, foreground, number, box) <= max_contact:
            foot = box[0].stop / height
            name = '' if labels is None else class_names[labels[box][mask > 0][0]]
            cut_outs.append(CutOut(image[box].copy(), mask, foot, name))
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
    around = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
    mask = (objects[around] == number).astype(np.uint8)
    outline = (cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0) & (mask == 0)
    return float(foreground[around][outline].mean()) if outline.any() else 0.0
