"""Pack a sample for the model, and keep the target image."""

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.structures import InstanceData, PixelData
from scipy.ndimage import find_objects
from torch import Tensor

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX
from seginpaint_mm.geometry.boxes import tight_boxes
from seginpaint_mm.geometry.masks import mask_tensor
from seginpaint_mm.registry import TRANSFORMS
from seginpaint_mm.structures import SceneSample

_IF_THERE = {
    'full_masks': 'gt_full_masks',
    'unknown_masks': 'gt_unknown_masks',
    'depth': 'gt_depths',
    'grown_boxes': 'gt_grown_boxes',
    'photo_masks': 'gt_photo_visible_masks',
    'photo_input_masks': 'gt_photo_input_masks',
    'photo_full_masks': 'gt_photo_full_masks',
    'photo_unknown_masks': 'gt_photo_unknown_masks',
}


def amodal_instances(results: dict) -> InstanceData:
    """Pack the keys of :class:`LoadAmodalObjects` for :class:`PackScene`."""
    given = mask_tensor(results['gt_input_masks'])
    instances = InstanceData(
        masks=mask_tensor(results['gt_visible_masks']),
        input_masks=given,
        labels=torch.from_numpy(results['gt_labels']),
        bboxes=tight_boxes(given, whole_if_empty=True),
    )
    for name, key in _IF_THERE.items():
        if key in results:
            value = results[key]
            is_mask = name.endswith('masks')
            instances.set_field(mask_tensor(value) if is_mask else torch.from_numpy(value), name)
    if 'gt_appearances' in results:
        rgb = results['gt_appearances'][..., ::-1].transpose(0, 3, 1, 2)
        instances.full_appearance = torch.from_numpy(np.ascontiguousarray(rgb))
    return instances


_META_KEYS = (
    'img_path',
    'sample_idx',
    'coco_image_id',
    'ori_shape',
    'img_shape',
    'scale_factor',
    'flip',
    'flip_direction',
    'removed_classes',
    'removed_labels',
    'remove',
)
# Field of the sample: (key of the pipeline's dictionary, dtype of the tensor).
_FIELDS = {
    'gt_sem_seg': ('gt_seg_map', torch.int64),
    'given_sem_seg': ('given_sem_seg', torch.int64),
    'gt_foreground': ('gt_foreground', torch.uint8),
    'gt_background': ('gt_background', torch.int64),
    'gt_crowd': ('gt_crowd_map', torch.int64),
    'hole': ('hole', torch.uint8),
    'signed_distance': ('signed_distance', torch.float32),
}
_SCENE_MAPS = ('gt_foreground', 'gt_background')


@TRANSFORMS.register_module()
class PackScene(BaseTransform):
    """Pack a scene as ``dict(inputs, data_samples)``.

    ``inputs`` is a uint8 tensor (3, H, W), BGR. ``data_samples`` is a :class:`SceneSample` with
    ``gt_sem_seg`` and ``given_sem_seg`` (int64), ``gt_foreground`` (uint8, 1 = foreground),
    ``gt_background`` (int64), ``gt_crowd`` (int64, see :class:`LoadInstances`),
    ``hole`` (uint8, 1 = to be filled) and ``signed_distance`` (float32), each (1, H, W), and
    ``gt_image`` (uint8 RGB, (3, H, W), of BGR (H, W, 3)), each only if the pipeline made it,
    and the metainfo ``img_path``, ``sample_idx``, ``coco_image_id``, ``ori_shape``, ``img_shape``,
    ``scale_factor``, ``flip``, ``flip_direction``, ``removed_classes``, ``removed_labels``,
    ``remove`` where present.

    Where there is a ``gt_instance_map`` (see :class:`LoadInstances`), ``gt_instances`` is
    InstanceData of the n instances of which something is left to be seen: ``masks`` bool
    (n, H, W), ``labels`` int64 (n,), indices into ``thing_ids``, and ``bboxes`` float32 (n, 4),
    tight around the masks, (x1, y1, x2, y2) in pixels with x2 and y2 exclusive. Pixels whose
    ``gt_seg_map`` is 255 belong to no instance. ``gt_instance_map`` is the same as a map, int32
    (1, H, W): 0 = none, 1 to n = the instances in this order.

    Where there are ``gt_visible_masks`` (see :class:`LoadAmodalObjects`), ``gt_instances`` is
    InstanceData of n objects that may be partly hidden, none left out: ``masks`` (what can be
    seen) and ``input_masks`` (what a network is given for it), bool (n, H, W), ``labels`` int64
    (n,), ``bboxes`` float32 (n, 4) tight around the input masks (the whole image around one that is
    empty) and, each only if the pipeline made
    it, ``full_masks`` bool (n, H, W), ``depth`` int64 (n,), 0 = front, ``grown_boxes`` float32
    (n, 4) of whole pixels (:class:`GrowBoxes`), ``photo_masks``, ``photo_input_masks`` and
    ``photo_full_masks``, the masks at the photo's size (:class:`FrameObjects`), and
    ``full_appearance`` uint8 RGB: (n, 3, size, size) in the grown boxes
    (:class:`CropAppearances`).

    Args:
        instance_masks: Make the ``masks`` of ``gt_instance_map``. They take n x H x W bytes, which
            a model that reads the map alone (:class:`LocalizationHead`) does without in training.
        original_labels: ``gt_seg_map`` was loaded after the image was resized and has its original
            size, ``ori_shape``, at which mmseg's segmentors predict and are evaluated;
            ``gt_foreground`` and ``gt_background`` may have it, too.

    Raises:
        ValueError: when a map's size is not the image's, or an instance is of several classes.
    """

    def __init__(self, original_labels: bool = False, instance_masks: bool = True) -> None:
        self.original_labels = original_labels
        self.instance_masks = instance_masks

    def transform(self, results: dict) -> dict:
        image = results['img']
        sample = SceneSample(metainfo={key: results[key] for key in _META_KEYS if key in results})
        for field, (key, dtype) in _FIELDS.items():
            if key in results:
                _check_size(results, key, self._size_of(key, results))
                sample.set_field(PixelData(data=_tensor(results[key][None]).to(dtype)), field)
        if 'gt_image' in results:
            _check_size(results, 'gt_image', image.shape[:2])
            truth = _tensor(results['gt_image'][..., ::-1].transpose(2, 0, 1))
            sample.gt_image = PixelData(data=truth)
        if 'gt_instance_map' in results:
            _check_size(results, 'gt_instance_map', image.shape[:2])
            sample.gt_instances, numbers = _instances(results, with_masks=self.instance_masks)
            sample.gt_instance_map = PixelData(data=torch.from_numpy(numbers[None]))
        if 'gt_visible_masks' in results:
            sample.gt_instances = amodal_instances(results)
        return dict(inputs=_tensor(image.transpose(2, 0, 1)), data_samples=sample)

    def _size_of(self, key: str, results: dict) -> tuple[int, int]:
        """Height and width that a map of the pipeline must have."""
        if self.original_labels:
            original = results['ori_shape']
            if key == 'gt_seg_map' or (key in _SCENE_MAPS and results[key].shape[:2] == original):
                return original
        return results['img'].shape[:2]


def _check_size(results: dict, key: str, size: tuple[int, int]) -> None:
    found = results[key].shape[:2]
    if found != size:
        raise ValueError(
            f'PackScene: {key} is {found} (height, width), the image {size}: list '
            f'{key!r} in seg_fields before it is resized.'
        )


def _instances(results: dict, *, with_masks: bool) -> tuple[InstanceData, np.ndarray]:
    """The instances, and their numbers, int32 (H, W), 0 = none."""
    classes = results['gt_seg_map']
    ids = np.where(classes == IGNORE_INDEX, 0, results['gt_instance_map'])
    found = [(k, box) for k, box in enumerate(find_objects(ids), start=1) if box is not None]
    lookup = np.zeros(int(ids.max(initial=0)) + 1, np.int32)
    labels = []
    masks = np.zeros((len(found) if with_masks else 0, *ids.shape), bool)
    for place, (number, box) in enumerate(found):
        mask = ids[box] == number
        labels.append(_label(results['thing_ids'], classes[box][mask]))
        lookup[number] = place + 1
        if with_masks:
            masks[place][box] = mask
    instances = InstanceData(
        labels=torch.tensor(labels, dtype=torch.int64),
        bboxes=torch.tensor([_corners(box) for _, box in found], dtype=torch.float32).reshape(
            -1, 4
        ),
    )
    if with_masks:
        instances.masks = torch.from_numpy(masks)
    return instances, lookup[ids]


def _label(thing_ids: Sequence[int], classes: np.ndarray) -> int:
    """Index of an instance's class, given the classes of its pixels."""
    if classes[0] not in thing_ids or (classes != classes[0]).any():
        raise ValueError(
            f'PackScene: an instance of gt_instance_map lies on pixels of the classes '
            f'{np.unique(classes).tolist()} of gt_seg_map, but must be of one of {thing_ids}: '
            f"change the two maps alike, with mmseg's transforms, which see to seg_fields."
        )
    return tuple(thing_ids).index(classes[0])


def _corners(box: tuple[slice, slice]) -> tuple[int, int, int, int]:
    rows, columns = box
    return columns.start, rows.start, columns.stop, rows.stop


def _tensor(array: np.ndarray) -> Tensor:
    # a copy: one pixel, flipped, counts as contiguous and has strides that torch refuses
    if array.dtype == np.uint16:  # which torch 2.1 does not take
        return torch.from_numpy(array.astype(np.int32))
    return torch.from_numpy(array.copy(order='C'))


@TRANSFORMS.register_module()
class KeepTrueImage(BaseTransform):
    """Add ``gt_image``: the image as it is now, BGR uint8 (H, W, 3). Call it last before packing.

    For data whose images are complete and whose holes are made up: metrics compare with it.
    """

    needs_truth: ClassVar[bool] = True

    def transform(self, results: dict) -> dict:
        results['gt_image'] = results['img']
        return results


def resize_smoothly(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize uint8 (h, w) or (h, w, 3) to (height, width) ``size``.

    Where it shrinks, pixels are averaged; where it grows, they are interpolated.
    """
    shrinks = picture.shape[0] >= size[0] and picture.shape[1] >= size[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(picture), size[::-1], interpolation=way)
