"""``CocoObjects``: the objects of many pictures in one file of COCO's annotations."""

from collections import defaultdict
from pathlib import Path, PurePath

import numpy as np

from seginpaint_mm.apis.given_masks.json_masks import objects_of_json
from seginpaint_mm.apis.given_masks.visible_objects import (
    MaskSource,
    VisibleObjects,
    check_mask_size,
)
from seginpaint_mm.apis.inputs import SceneInput


class CocoObjects(MaskSource):
    """The annotations of the image whose ``file_name`` is the end of an input's path.

    Where none is, that of the same name in another folder or with another suffix. An image without
    annotations is a picture without objects.

    Args:
        content: ``images``, ``annotations`` and, for their names, ``categories``.
        path: Where it is from, for errors.

    Raises:
        ValueError: when a part lacks what it must have.
    """

    def __init__(self, content: dict, path: str) -> None:
        self.path = path
        self.annotations: dict[int, list[dict]] = defaultdict(list)
        try:
            self.images = [
                (PurePath(image['file_name']), image['id'], image) for image in content['images']
            ]
            for annotation in content['annotations']:
                self.annotations[annotation['image_id']].append(annotation)
            categories = content.get('categories', ())
            self.categories = {category['id']: category['name'] for category in categories}
            self.classes = tuple(self.categories.values())
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{path}: this is not COCO's file of images (file_name, id), annotations "
                f'(image_id, segmentation) and categories (id, name): {error!r}.'
            ) from error

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        number, entry = self._image_of(scene)
        size = image.shape[:2]
        if 'height' in entry and 'width' in entry:
            written = (entry['height'], entry['width'])
            check_mask_size(written, size, f'{self.path}: {entry["file_name"]}')
        value = self.annotations.get(number, [])
        where = f'{self.path}, {entry["file_name"]}'
        return objects_of_json(value, size, where, self.categories)

    def _image_of(self, scene: SceneInput) -> tuple[int, dict]:
        path = scene.source if isinstance(scene.source, Path) else PurePath(scene.name)
        found = [image for image in self.images if _ends_with(path, image[0])]
        if not found:
            found = [image for image in self.images if image[0].stem == path.stem]
        if len(found) != 1:
            several = ', '.join(str(name) for name, _, _ in found)
            raise ValueError(
                f'{self.path}: {f"{several} might all be" if found else "no image is"} '
                f'{path.name}: name it by its file_name, with folders where needed.'
            )
        _, number, entry = found[0]
        return number, entry


def _ends_with(path: PurePath, end: PurePath) -> bool:
    return path.parts[-len(end.parts) :] == end.parts
