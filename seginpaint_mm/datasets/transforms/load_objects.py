"""``LoadObjects``: number the foreground objects of a scene."""

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.image_reading import read_ids
from seginpaint_mm.datasets.transforms.loading import find_table, read_label_ids
from seginpaint_mm.registry import TRANSFORMS

_FIRST_INSTANCE = 1000  # Cityscapes: smaller instance ids are stuff, or crowds of one label


@TRANSFORMS.register_module()
class LoadObjects(BaseTransform):
    """Add ``gt_objects``, uint16 (H, W): 0 = no object, 1, 2, ... = the objects.

    Objects are connected pixels (8 neighbours) of a group of labels that belong together
    (``LabelTable.object_groups``). Where the sample has an ``instance_path`` (Cityscapes'
    instanceIds), those tell objects of a group of one label apart, and crowds are left out.

    Call it after :class:`LoadSceneAnnotations`, whose ``seg_fields`` it extends, and before the
    scene is resized. Required keys: ``gt_seg_map``, ``label_path``, ``label_table``,
    ``instance_path``.

    Raises:
        FileNotFoundError, ValueError: as in :class:`LoadSceneAnnotations`.
    """

    needs_truth: ClassVar[bool] = True

    def transform(self, results: dict) -> dict:
        table = find_table(results)
        path = results['label_path']
        if table.colours is None:
            labels = read_ids(path)
        else:
            labels = read_label_ids(path, results['gt_seg_map'].shape, results, table)
        groups = table.object_groups
        instances = None
        if results['instance_path'] is not None:
            instances = read_ids(results['instance_path'])
            _check_size(results, instances, labels)
        results['gt_objects'] = number_objects(labels, groups, instances)
        results['seg_fields'].append('gt_objects')
        return results


def number_objects(
    labels: np.ndarray, groups: Sequence[tuple[int, ...]], instances: np.ndarray | None
) -> np.ndarray:
    """Number the objects of a label map.

    Args:
        labels: uint8 (H, W).
        groups: Labels that belong to one object where they touch.
        instances: Cityscapes' instanceIds, uint16 (H, W), or None.

    Returns:
        np.ndarray: uint16 (H, W), 0 = no object.
    """
    numbers = np.zeros(labels.shape, np.uint16)
    for group in groups:
        mask = np.isin(labels, group)
        if instances is not None and len(group) == 1:
            mask &= instances >= _FIRST_INSTANCE
            parts = 1 + np.unique(instances[mask], return_inverse=True)[1]
        else:
            parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1][mask]
        numbers[mask] = numbers.max() + parts
    return numbers


def _check_size(results: dict, instances: np.ndarray, labels: np.ndarray) -> None:
    if instances.shape != labels.shape:
        raise ValueError(
            f'{results["instance_path"]}: the instances are {instances.shape} (height, width), '
            f'their labels {results["label_path"]} are {labels.shape}: give both in one size.'
        )
