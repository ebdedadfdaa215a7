"""``LoadInstances``: the classes of a picture and its objects, from any of the formats."""

from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.instance_reading import INSTANCE_READERS
from seginpaint_mm.datasets.label_tables import IGNORE_INDEX
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadInstances(BaseTransform):
    """Load the two maps of a sample of an :class:`InstanceDataset`; call it after the image.

    Required keys: ``img``, ``img_path``, ``thing_ids``, ``instance_format`` (a key of
    ``INSTANCE_READERS``) and ``instance_path``, and what else that format's reader needs.

    Added keys, all listed in ``seg_fields`` so that mmseg's transforms treat them as labels:

    - ``gt_seg_map`` uint8 (H, W): class, 255 = ignore; uint16 where there are more than 255
      classes, of which none has the number 255;
    - ``gt_instance_map`` uint16 (H, W): 0 = no instance, 1, 2, ... = the instances. Each is of
      one class of ``thing_ids``; it may have several parts;
    - ``gt_crowd_map`` (H, W), of COCO's instances alone, in the dtype of ``gt_seg_map``: class of
      the crowd at each pixel, also where an object lies in front of it, 255 = no crowd.

    Void pixels (VOC's borders, COCO's crowds) are in no instance. A pixel of a class of things
    that is in no instance is of a crowd (Cityscapes): it counts for the class, gives no box to
    learn, and :class:`RegionAPMetric` ignores predictions there. mmseg's transforms pad both maps
    with 255: pixels whose ``gt_seg_map`` is 255 are in no instance, whatever the other map says.

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when one is damaged, its size is not the image's, it holds unknown ids, or an
            object is of no class, of a class without objects, or of several.
    """

    needs_truth: ClassVar[bool] = True

    def transform(self, results: dict) -> dict:
        reader = INSTANCE_READERS[results['instance_format']]
        classes, objects = reader(results, results['img'].shape[:2])
        objects = np.where(classes == IGNORE_INDEX, 0, objects)
        numbers, ids = number_objects(objects)
        _check_classes(results, classes, numbers, ids)
        results['gt_seg_map'] = classes
        results['gt_instance_map'] = numbers
        results['seg_fields'] = ['gt_seg_map', 'gt_instance_map']
        if 'gt_crowd_map' in results:
            results['seg_fields'].append('gt_crowd_map')
        return results


def number_objects(objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number objects 1, 2, ... in the order of their ids.

    Args:
        objects: Ids, unsigned integers below 65536, (H, W), 0 = none.

    Returns:
        The numbers, uint16 (H, W), 0 = none; and the ids, (n,), of the objects 1 to n.
    """
    present = np.bincount(objects.ravel(), minlength=1) > 0
    present[0] = False
    lookup = np.where(present, np.cumsum(present), 0).astype(np.uint16)
    return lookup[objects], np.flatnonzero(present)


def _check_classes(
    results: dict, classes: np.ndarray, numbers: np.ndarray, ids: np.ndarray
) -> None:
    stride = int(classes.max(initial=0)) + 1
    pairs = np.bincount(stride * numbers.ravel().astype(np.int64) + classes.ravel())
    owned = np.flatnonzero(pairs[stride:])
    of_number, of_class = owned // stride, owned % stride
    several = ids[np.flatnonzero(np.bincount(of_number) > 1)]
    if len(several):
        raise ValueError(
            f'{results["instance_path"]}: object {several[0]} lies on pixels of classes '
            f'{of_class[ids[of_number] == several[0]].tolist()}, but an object is of one class: '
            f'mend the file, or the class map that belongs to it.'
        )
    wrong = np.flatnonzero(~np.isin(of_class, results['thing_ids']))
    if len(wrong):
        raise ValueError(
            f'{results["instance_path"]}: object {ids[of_number[wrong[0]]]} is of class '
            f'{of_class[wrong[0]]}, which has no objects (thing_ids are '
            f'{tuple(results["thing_ids"])}): mend the file, or take the data set class that it '
            f'belongs to.'
        )
