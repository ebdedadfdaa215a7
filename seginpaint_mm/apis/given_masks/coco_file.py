"""``CocoObjects``: the objects of many images in one file of COCO's annotations."""

from pathlib import Path, PurePath

import numpy as np

from seginpaint_mm.apis.given_masks.json_masks import objects_of_json
from seginpaint_mm.apis.given_masks.visible_objects import (
    MaskSource,
    VisibleObjects,
    check_mask_size,
)
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.datasets.coco_json import Entry, Id, index_coco

_WHAT = (
    "COCO's file of images (file_name, id), annotations (image_id, segmentation) and categories "
    '(id, name)'
)
_LONGEST_SIDE = 1 << 16


class CocoObjects(MaskSource):
    """The annotations of the image whose ``file_name`` is the end of an input's path.

    Where none is, that of the same name in another folder or with another suffix. An image without
    annotations is an image without objects.

    Args:
        content: ``images``, ``annotations`` and, for their names, ``categories``.
        path: Where it is from, for errors.

    Raises:
        ValueError: when a part lacks what it must have.
    """

    def __init__(self, content: dict, path: str) -> None:
        self.path = path
        index = index_coco(content, path, what=_WHAT, need_categories=False)
        self.index = index
        self.categories = {number: entry.text('name') for number, entry in index.categories.items()}
        self.classes = tuple(self.categories.values())

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        number, entry = self._image_of(scene)
        size, name = image.shape[:2], entry.text('file_name')
        if 'height' in entry.item and 'width' in entry.item:
            written = tuple(
                entry.whole(key, lowest=1, highest=_LONGEST_SIDE) for key in ('height', 'width')
            )
            check_mask_size(written, size, f'{self.path}: {name}')
        value = [annotation.item for annotation in self.index.annotations.get(number, ())]
        where = f'{self.path}, {name}'
        return objects_of_json(value, size, where, self.categories)

    def _image_of(self, scene: SceneInput) -> tuple[Id, Entry]:
        path = scene.source if isinstance(scene.source, Path) else PurePath(scene.name)
        names = {
            number: PurePath(entry.text('file_name')) for number, entry in self.index.images.items()
        }
        found = [number for number, name in names.items() if _ends_with(path, name)]
        if not found:
            found = [number for number, name in names.items() if name.stem == path.stem]
        if len(found) != 1:
            several = ', '.join(str(names[number]) for number in found)
            raise ValueError(
                f'{self.path}: {f"{several} might all be" if found else "no image is"} '
                f'{path.name}: name it by its file_name, with folders where needed.'
            )
        return found[0], self.index.images[found[0]]


def _ends_with(path: PurePath, end: PurePath) -> bool:
    return path.parts[-len(end.parts) :] == end.parts
