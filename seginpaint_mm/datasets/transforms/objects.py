"""Load, choose, frame and crop the objects of a sample."""

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from seginpaint_mm.datasets.amodal_reading import AMODAL_READERS
from seginpaint_mm.datasets.image_reading import check_size, read_colour, read_ids
from seginpaint_mm.datasets.transforms.loading import find_table, read_label_ids
from seginpaint_mm.datasets.transforms.packing import resize_smoothly
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


@TRANSFORMS.register_module()
class LoadAmodalObjects(BaseTransform):
    """Load the masks of a sample's n objects; call it after the image.

    Required keys: ``img``, ``img_path``, ``amodal_format`` (a key of ``AMODAL_READERS``) and
    ``objects``, and what else that format's reader needs.

    Added keys, in the notation of the SeGAN paper SV, SF = SV + SI:

    - ``gt_visible_masks`` bool (n, H, W): SV, what can be seen;
    - ``gt_input_masks`` bool (n, H, W): what a network is given for it, SV or a prediction of it;
    - ``gt_full_masks`` bool (n, H, W): SF, also what is hidden; the invisible region may be empty;
    - ``gt_labels`` int64 (n,): 0, there are no classes;
    - ``gt_depths`` int64 (n,), 0 = front, where the data set knows the depth order;
    - ``gt_appearances`` uint8 (n, H, W, 3), BGR, the image of each object alone, where asked for.

    Args:
        appearance: Load the objects' whole appearances as well.

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when one is damaged, its size is not the image's, a mask is empty or outside
            the image, or the data set knows no appearances.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, appearance: bool = False) -> None:
        self.appearance = appearance

    def transform(self, results: dict) -> dict:
        size, objects = results['img'].shape[:2], results['objects']
        read = AMODAL_READERS[results['amodal_format']]
        masks = [read(item, results, size) for item in objects]
        results['gt_visible_masks'] = np.stack([mask.visible for mask in masks])
        results['gt_input_masks'] = np.stack([mask.given for mask in masks])
        results['gt_full_masks'] = np.stack([mask.full for mask in masks])
        results['gt_labels'] = np.zeros(len(objects), np.int64)
        if all('depth' in item for item in objects):
            results['gt_depths'] = np.array([item['depth'] for item in objects], np.int64)
        if self.appearance:
            results['gt_appearances'] = np.stack([_appearance(item, results) for item in objects])
        return results


def _appearance(item: dict, results: dict) -> np.ndarray:
    path = item.get('appearance_path')
    if path is None:
        raise ValueError(
            f'{results["img_path"]}: this data set does not know how its objects look where they '
            f'are hidden: give LoadAmodalObjects(appearance=False), or take another data set.'
        )
    picture = read_colour(path)
    check_size(path, picture[..., 0], size=results['img'].shape[:2], img_path=results['img_path'])
    return picture


@TRANSFORMS.register_module()
class ChooseObjects(BaseTransform):
    """Keep at most so many of the sample's ``objects``, in their order; the others are not loaded.

    A network that completes one object at a time needs memory for each object of a batch. Call it
    before :class:`LoadAmodalObjects`.

    Args:
        most: Number of objects to keep, at least 1.

    Raises:
        ValueError: when that is none.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError(f'ChooseObjects: most must be at least 1, not {most}.')
        self.most = most

    def transform(self, results: dict) -> dict:
        objects = results['objects']
        if len(objects) > self.most:
            results['objects'] = [objects[index] for index in self._draw(len(objects))]
        return results

    @cache_randomness
    def _draw(self, number: int) -> list[int]:
        return sorted(np.random.permutation(number)[: self.most].tolist())


@TRANSFORMS.register_module()
class CropAppearances(BaseTransform):
    """Cut each object's appearance out of its grown box and resize it to size x size.

    Required keys: ``gt_appearances`` uint8 (n, H, W, 3) and ``gt_grown_boxes`` (n, 4), of
    :class:`LoadAmodalObjects` and :class:`GrowBoxes`. Changed: ``gt_appearances``, to uint8
    (n, size, size, 3), BGR.

    Args:
        size: Side of the crops in pixels; SeGAN's painter takes 256.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, size: int = 256) -> None:
        self.size = size

    def transform(self, results: dict) -> dict:
        crops = np.zeros((len(results['gt_appearances']), self.size, self.size, 3), np.uint8)
        for number, box in enumerate(results['gt_grown_boxes'].astype(int)):
            left, top, right, bottom = box
            cut = results['gt_appearances'][number, top:bottom, left:right]
            crops[number] = resize_smoothly(cut, (self.size, self.size))
        results['gt_appearances'] = crops
        return results
