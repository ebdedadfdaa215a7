"""``LoadPair``: a picture with and without an object."""

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

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: when one is damaged, or does not fit its picture.
    """

    def __init__(self, *, instances: bool = False) -> None:
        self.instances = instances

    def transform(self, results: dict) -> dict:
        truth = read_colour(results['img_path'])
        size = truth.shape[:2]
        colours, opaque = read_opaque(results['object_path'])
        top, left = results['top_left']
        height, width = opaque.shape
        if top + height > size[0] or left + width > size[1]:
            raise ValueError(
                f'{results["object_path"]}: the object does not fit into its picture '
                f'{results["img_path"]}: make the pairs again.'
            )
        image, hole = truth.copy(), np.zeros(size, np.uint8)
        box = np.s_[top : top + height, left : left + width]
        image[box][opaque] = colours[opaque]
        hole[box] = opaque
        labels = read_labels(results['class_path'], size=size, img_path=results['img_path'])
        results.update(img=image, gt_image=truth, hole=hole, gt_seg_map=labels)
        results['img_shape'] = results['ori_shape'] = size
        results['seg_fields'] = ['gt_image', 'hole', 'gt_seg_map']
        if self.instances:
            results['gt_instance_map'] = read_map(
                results['instance_path'], size=size, img_path=results['img_path']
            )
            results['seg_fields'].append('gt_instance_map')
        return results
