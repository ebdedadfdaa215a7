"""``CropAppearances``: the whole objects, each in its grown box, at the painter's size."""

from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.transforms.resizing import resize_smoothly
from seginpaint_mm.registry import TRANSFORMS


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
