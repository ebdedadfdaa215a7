"""``LoadAmodalObjects``: what can be seen of a picture's objects, and all of them."""

from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.amodal_reading import AMODAL_READERS
from seginpaint_mm.datasets.image_reading import check_size, read_colour
from seginpaint_mm.registry import TRANSFORMS


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
    - ``gt_appearances`` uint8 (n, H, W, 3), BGR, the picture of each object alone, where asked for.

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
