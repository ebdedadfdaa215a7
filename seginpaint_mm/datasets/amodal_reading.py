"""Read visible and full masks of objects, one small reader for each format."""

import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.logging import print_log

from seginpaint_mm.datasets.coco_masks import decode_mask
from seginpaint_mm.datasets.image_reading import check_shape
from seginpaint_mm.datasets.mask_reading import read_mask

Size = tuple[int, int]


class ObjectMasks(NamedTuple):
    """Masks of an object, each bool (H, W).

    Attributes:
        visible: What can be seen of it, not empty.
        given: What a method is given for it: the same, or a network's prediction, which may be
            empty.
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
        is_prediction = key == 'input_path' and item[key] != item['visible_path']
        if not masks[key].any() and not is_prediction:
            raise ValueError(
                f'{item[key]}: the mask has no pixel, so that nothing can be said of its object: '
                f'write it again, or delete its line from the list.'
            )
        if not masks[key].any():
            _note_missed_objects(str(Path(item[key]).parent))
    visible = masks['visible_path']
    return ObjectMasks(visible, masks['input_path'], masks['full_path'] | visible)


@functools.cache
def _note_missed_objects(folder: str) -> None:
    """Say once per folder, in each process that reads it, that a network found no object."""
    print_log(
        f'{folder}: predicted masks without a pixel are taken as they are: of an object that the '
        f'network missed nothing is given, and its box is the whole image.',
        logger='current',
        level=logging.WARNING,
    )


def read_cocoa_object(item: dict, sample: dict, size: Size) -> ObjectMasks:
    """``full``, a list of polygons, and ``visible``, the same or run lengths."""
    path = sample['annotation_path']
    if sample['annotated_size'] is not None:
        written = tuple(sample['annotated_size'])
        check_shape(path, written, size=size, img_path=sample['img_path'])
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
# image's (height, width). A reader raises FileNotFoundError and ValueError that name the file.
AMODAL_READERS: dict[str, Callable[[dict, dict, Size], ObjectMasks]] = {
    'cocoa': read_cocoa_object,
    'dyce': read_dyce_object,
}
