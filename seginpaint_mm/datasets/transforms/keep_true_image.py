"""``KeepTrueImage``: the complete picture is what is to be restored."""

from typing import ClassVar

from mmcv.transforms import BaseTransform

from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepTrueImage(BaseTransform):
    """Add ``gt_image``: the picture as it is now, BGR uint8 (H, W, 3). Call it last before packing.

    For data whose pictures are complete and whose holes are made up: metrics compare with it.
    """

    needs_truth: ClassVar[bool] = True

    def transform(self, results: dict) -> dict:
        results['gt_image'] = results['img']
        return results
