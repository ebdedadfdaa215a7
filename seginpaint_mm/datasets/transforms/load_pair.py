"""``LoadPair``: a picture with and without an object."""

from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.image_reading import read_colour, read_labels, read_map, read_opaque
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadPair(BaseTransform):
    """Load a sample of :class:`PairsDataset`.

    Added keys; those of maps are listed in ``seg_fields``, so that they are flipped and cropped
    alike (pairs are made in their final size: do not resize them):

    - ``img`` BGR uint8 (H, W, 3): I, with the object;
    - ``gt_image`` BGR uint8 (H, W, 3): I_G, without it; equal to ``img`` outside the hole;
    - ``hole`` uint8 (H, W): M_G, 1 = to be removed;
    - ``gt_seg_map`` uint8 (H, W): classes of I_G, 255 = ignore;
    - with ``instances``, ``gt_instance_map`` uint8 or uint16 (H, W): objects of I_G, 0 = none.

    Args:
        instances: Load the objects too, which a panoptic network learns from.
        with_object: Let ``img`` show the object. Without, it is I_G and there is no hole, which
            another transform is to add (random masks, Table II).

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when one is damaged, or does not fit its picture.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, *, instances: bool = False, with_object: bool = True) -> None:
        self.instances = instances
        self.with_object = with_object

    def transform(self, results: dict) -> dict:
        truth = read_colour(results['img_path'])
        size = truth.shape[:2]
        results['seg_fields'] = ['gt_image', 'gt_seg_map']
        if self.with_object:
            results['img'], results['hole'] = _lay_over(truth, results)
            results['seg_fields'].append('hole')
        else:
            results['img'] = truth.copy()
        labels = read_labels(results['class_path'], size=size, img_path=results['img_path'])
        results.update(gt_image=truth, gt_seg_map=labels)
        results['img_shape'] = results['ori_shape'] = size
        if self.instances:
            results['gt_instance_map'] = read_map(
                results['instance_path'], size=size, img_path=results['img_path']
            )
            results['seg_fields'].append('gt_instance_map')
        return results


def _lay_over(truth: np.ndarray, results: dict) -> tuple[np.ndarray, np.ndarray]:
    """I, BGR uint8 (H, W, 3), and M_G, uint8 (H, W)."""
    colours, opaque = read_opaque(results['object_path'])
    (top, left), (height, width) = results['top_left'], opaque.shape
    if top + height > truth.shape[0] or left + width > truth.shape[1]:
        raise ValueError(
            f'{results["object_path"]}: the object does not fit into its picture '
            f'{results["img_path"]}: make the pairs again.'
        )
    image, hole = truth.copy(), np.zeros(truth.shape[:2], np.uint8)
    box = np.s_[top : top + height, left : left + width]
    image[box][opaque] = colours[opaque]
    hole[box] = opaque
    return image, hole
