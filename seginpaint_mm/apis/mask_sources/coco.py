"""Masks from COCO JSON and from JSON of single photos."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath

import numpy as np

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources.objects import (
    MaskSource,
    VisibleObjects,
    check_mask_size,
    check_seen,
)
from seginpaint_mm.datasets import coco_json
from seginpaint_mm.datasets.coco_json import Entry, Id, index_coco
from seginpaint_mm.datasets.coco_masks import decode_mask, is_number
from seginpaint_mm.geometry.masks import CroppedMasks

_FORMS = (
    'a list of objects, each a polygon [x, y, x, y, ...] or [[x, y], [x, y], ...], a list of '
    "polygons, run lengths {'size': [height, width], 'counts': ...}, or an annotation of COCO"
)


def read_json(path: Path) -> object:
    """Read a JSON file.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is not JSON, is nested too deeply, or has a key twice.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file; expected masks here.')
    return coco_json.read_json(path, what='JSON', how_to_get='Write it again.')


def objects_of_json(
    value: object, size: tuple[int, int], path: str, categories: Mapping[int, str] | None = None
) -> VisibleObjects:
    """The objects of one image.

    Args:
        value: A list of objects, or one, each of which is a polygon, a list of polygons, run
            lengths ``dict(size=(height, width), counts=...)``, compressed or not, or an annotation
            of COCO, whose ``segmentation`` is such; crowds are left out. An empty list is no
            object.
        size: (height, width) of the image. Polygons may reach out of it.
        path: Where they are from, for errors.
        categories: Names of the annotations' ``category_id``.

    Raises:
        ValueError: when an object is broken, lies outside the image, encloses no pixel, or is of
            another size; the sentence names it by its place in the list, counted from 1.
    """
    names = []

    def read() -> Iterator[np.ndarray]:
        for entry, of, segmentation in _segmentations(value, path):
            yield _mask(segmentation, size, path, of)
            names.append(_name(entry, categories or {}))

    packed = CroppedMasks.pack(read(), size)
    return VisibleObjects(packed, tuple(names))


def _segmentations(value: object, path: str) -> Iterator[tuple[Entry, str, object]]:
    """Annotation, what to call it in errors, and its mask, of each object."""
    for number, item in enumerate(_items(value, path), start=1):
        of = f'object {number}'
        annotation = item if isinstance(item, dict) and 'segmentation' in item else {}
        entry = coco_json.Entry(annotation, of, path)
        if entry.flag('iscrowd', default=False):
            continue
        _check_box(annotation, path, of)
        yield entry, of, annotation.get('segmentation', item)


def _items(value: object, path: str) -> list:
    if isinstance(value, dict) and ('counts' in value or 'segmentation' in value):
        return [value]
    if not isinstance(value, list):
        raise ValueError(f'{path}: masks are {_FORMS}; this is {_shown(value)}.')
    if value and _is_polygon(value):
        return [value]
    images = {
        coco_json.Entry(item, f'object {number}', path).identifier('image_id')
        for number, item in enumerate(value, start=1)
        if isinstance(item, dict) and item.get('image_id') is not None
    }
    if len(images) > 1:
        raise ValueError(
            f'{path}: these annotations are of {len(images)} images (image_id), and nothing says '
            f"which is which: give COCO's whole file, with images and annotations."
        )
    return value


def _check_box(annotation: dict, path: str, of: str) -> None:
    """An annotation need not have a box, and nothing is done with it; but it may be broken."""
    box = annotation.get('bbox')
    if box is None:
        return
    if not (isinstance(box, list) and len(box) == 4 and all(is_number(side) for side in box)):
        raise ValueError(f'{path}: bbox of {of} is not [x, y, width, height], but {_shown(box)}.')
    if box[2] <= 0 or box[3] <= 0:
        raise ValueError(
            f'{path}: bbox of {of}, {box} as [x, y, width, height], has no area: mend it, or leave '
            f'the object out.'
        )


def _mask(segmentation: object, size: tuple[int, int], path: str, of: str) -> np.ndarray:
    if isinstance(segmentation, dict):
        check_mask_size(_size_of_runs(segmentation, path, of), size, f'{path}: the mask of {of}')
        mask = decode_mask(segmentation, size, path=path, of=of)
    else:
        polygons = list(_polygons(segmentation, path, of))
        mask = decode_mask(polygons, size, path=path, of=of)
        if not mask.any():
            raise ValueError(_why_empty(polygons, size, path, of))
    check_seen(mask, f'{path}: the mask of {of}')
    return mask


def _size_of_runs(segmentation: dict, path: str, of: str) -> tuple[int, int]:
    size = segmentation.get('size')
    is_size = isinstance(size, Sequence) and len(size) == 2 and all(map(is_number, size))
    if 'counts' not in segmentation or not is_size:
        raise ValueError(
            f"{path}: run lengths have 'size': [height, width] and 'counts', {of} has "
            f'{_shown(segmentation)}: mend it, or leave it out.'
        )
    return tuple(size)


def _polygons(segmentation: object, path: str, of: str) -> Iterator[list[float]]:
    """The polygons of an object as [x, y, x, y, ...], checked."""
    parts = segmentation if isinstance(segmentation, list) else []
    if not parts:
        raise ValueError(f'{path}: {of} is {_shown(segmentation)}; masks are {_FORMS}.')
    if _is_polygon(parts):
        parts = [parts]
    for part in parts:
        corners = _flat(part) if isinstance(part, list) else part
        if not isinstance(corners, list) or not all(is_number(value) for value in corners):
            raise ValueError(
                f'{path}: a polygon of {of} has other things than coordinates ({_shown(part)}): '
                f'write [x, y, x, y, ...].'
            )
        if len(corners) < 6 or len(corners) % 2:
            raise ValueError(
                f'{path}: a polygon of {of} has {len(corners)} coordinates: it needs x and y of '
                f'at least three corners.'
            )
        yield corners


def _is_polygon(parts: list) -> bool:
    """Whether it is one polygon, not a list of them."""
    return all(is_number(part) for part in parts) or all(_is_point(part) for part in parts)


def _flat(polygon: list) -> list:
    if polygon and all(_is_point(point) for point in polygon):
        return [value for point in polygon for value in point]
    return polygon


def _is_point(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(is_number(part) for part in value)


def _why_empty(polygons: list[list[float]], size: tuple[int, int], path: str, of: str) -> str:
    across = [value for polygon in polygons for value in polygon[::2]]
    down = [value for polygon in polygons for value in polygon[1::2]]
    extent = f'x {min(across):g} to {max(across):g}, y {min(down):g} to {max(down):g}'
    if max(across) <= 0 or min(across) >= size[1] or max(down) <= 0 or min(down) >= size[0]:
        return (
            f'{path}: {of} ({extent}) lies outside its image of {size[1]}x{size[0]} pixels '
            f'(width x height): give coordinates in pixels of this image.'
        )
    return f'{path}: {of} ({extent}) encloses no pixel: draw it larger, or leave it out.'


def _name(annotation: coco_json.Entry, categories: Mapping[coco_json.Id, str]) -> str:
    if annotation.item.get('category_id') is None:
        return ''
    category = annotation.identifier('category_id')
    return categories.get(category, str(category))


def _shown(value: object) -> str:
    return coco_json.shown(value)


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
        path = scene.file or PurePath(scene.name)
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
