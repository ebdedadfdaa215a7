"""``GrowBoxes``: boxes that also hold what is hidden of objects, near what can be seen."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from seginpaint_mm.box_crops import grow_boxes, tight_boxes
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class GrowBoxes(BaseTransform):
    """Grow the box of each object's input mask, each side by its own random share.

    The box of an empty mask, where a network predicted nothing of the object, is the whole image.

    SeGAN draws shares from 0.1 to 0.3 of the box's width or height in training (Section 5.1); its
    published code takes 0.2 in tests. Boxes are rounded outwards and cut off at the picture's
    border. Call it when the geometry of the picture does not change any more.

    Required key: ``gt_input_masks`` bool (n, H, W). Added: ``gt_grown_boxes`` float32 (n, 4),
    (x1, y1, x2, y2) in whole pixels, x2 and y2 exclusive.

    Args:
        share: Least and greatest share; (0.2, 0.2) is not random.

    Raises:
        ValueError: when the shares are out of their range.
    """

    def __init__(self, share: tuple[float, float] = (0.1, 0.3)) -> None:
        if not 0 <= share[0] <= share[1]:
            raise ValueError(
                f'GrowBoxes: share must be (least, greatest) with 0 <= least <= greatest, not '
                f'{share!r}.'
            )
        self.share = share

    def transform(self, results: dict) -> dict:
        masks = torch.from_numpy(results['gt_input_masks'])
        boxes = tight_boxes(masks, whole_if_empty=True)
        shares = torch.from_numpy(self._draw(len(boxes)))
        results['gt_grown_boxes'] = grow_boxes(boxes, shares, masks.shape[1:]).numpy()
        return results

    @cache_randomness
    def _draw(self, number: int) -> np.ndarray:
        return np.random.uniform(*self.share, (number, 4)).astype(np.float32)
