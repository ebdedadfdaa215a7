"""Reading what can be seen of an object and all of it, one small reader for each format."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from seginpaint_mm.datasets.coco_masks import decode_mask
from seginpaint_mm.datasets.mask_reading import read_mask

Size = tuple[int, int]


class ObjectMasks(NamedTuple):
    """Masks of an object, each bool (H, W), none empty.

    Attributes:
        visible: What can be seen of it.
        given: What a method is told can be seen of it: the same, or a network's prediction.
        full: All of it, ``visible`` included.
    """

    visible: np.ndarray
    given: np.ndarray
    full: np.ndarray


def read_dyce_object(item: dict, sample: dict, size: Size) -> ObjectMasks:
    """``visible_path``, ``input_path`` and ``full_path`` (``full_is_black``: black is inside)."""
    masks = {}
    for key in ('visible_path', 'input_path', 'full_path'):
        mask = read_mask(item[key], size=size, img_path=sample['img_path'])
        masks[key] = ~mask if key == 'full_path' and item['full_is_black'] else mask
        if not masks[key].any():
            raise ValueError(
                f'{item[key]}: the mask has no pixel, so that nothing can be said of its object: '
                f'write it again, or delete its line from the list.'
            )
    visible = masks['visible_path']
    return ObjectMasks(visible, masks['input_path'], masks['full_path'] | visible)


def read_cocoa_object(item: dict, sample: dict, size: Size) -> ObjectMasks:
    """``full``, a list of polygons, and ``visible``, the same or run lengths."""
    path = sample['annotation_path']
    masks = {}
    for key in ('full', 'visible'):
        mask = decode_mask(item[key], size, path=path, of=item['name'])
        if not mask.any():
            raise ValueError(
                f'{path}: the {key} mask of {item["name"]} has no pixel inside its image '
                f'{sample["img_path"]}, {size[1]}x{size[0]}: mend it, or leave the region out.'
            )
        masks[key] = mask
    return ObjectMasks(masks['visible'], masks['visible'], masks['full'] | masks['visible'])


# Value of a sample's ``amodal_format``: reads one of its ``objects``, given the sample and its
# picture's (height, width). A reader raises FileNotFoundError and ValueError that name the file.
AMODAL_READERS: dict[str, Callable[[dict, dict, Size], ObjectMasks]] = {
    'cocoa': read_cocoa_object,
    'dyce': read_dyce_object,
}
