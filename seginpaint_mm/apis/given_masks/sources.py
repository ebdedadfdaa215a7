"""What a user may hand over as masks of objects, and which of them belong to a picture."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from seginpaint_mm.apis.given_masks.coco_file import CocoObjects
from seginpaint_mm.apis.given_masks.json_masks import objects_of_json, read_json
from seginpaint_mm.apis.given_masks.mask_pictures import (
    MASK_SUFFIXES,
    read_mask_pictures,
    split_numbers,
)
from seginpaint_mm.apis.given_masks.visible_objects import (
    MaskSource,
    VisibleObjects,
    check_mask_size,
    check_seen,
    stack_objects,
)
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.errors import UserError

Size = tuple[int, int]
Masks = str | Path | np.ndarray | Sequence | Mapping | MaskSource


def find_mask_source(masks: Masks) -> MaskSource:
    """Make a source of what was handed over.

    Args:
        masks: For one picture: a file (see :func:`read_mask_pictures` and
            :func:`objects_of_json`), several picture files, an array bool or unsigned, (H, W) with
            a number on each object or (n, H, W), or what such a JSON file would hold. For several:
            a folder, see :class:`MaskFolder`; a JSON file with COCO's ``images`` and
            ``annotations``; or a mapping from the inputs' names to any of those for one picture.

    Raises:
        UserError: when it is none of these.
        OSError, ValueError: when a JSON file cannot be read.
    """
    if isinstance(masks, MaskSource):
        return masks
    if isinstance(masks, (str, Path)):
        return _at_path(Path(masks))
    if isinstance(masks, np.ndarray):
        return OnePicture(lambda size: _objects_of_array(masks, size))
    if isinstance(masks, Mapping):
        return _in_mapping(masks)
    if isinstance(masks, Sequence):
        if masks and all(isinstance(item, (str, Path)) for item in masks):
            return _at_paths([Path(item) for item in masks])
        return OnePicture(lambda size: objects_of_json(list(masks), size, 'masks'))
    raise UserError(
        f'Masks of objects are files, a folder, arrays, polygons or run lengths, not '
        f'{type(masks).__name__}.'
    )


class OnePicture(MaskSource):
    """Objects of the only picture of a call; ``read`` gives them for its (height, width)."""

    def __init__(self, read: Callable[[Size], VisibleObjects]) -> None:
        self.read = read

    def objection(self, scenes: Sequence[SceneInput]) -> str | None:
        if len(scenes) == 1:
            return None
        return (
            f"These masks are one picture's, but there are {len(scenes)} pictures: put the masks "
            f"of each into a folder under the picture's name, and give the folder."
        )

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        return self.read(image.shape[:2])


class MaskFolder(MaskSource):
    """Masks found by the picture's name: for ``x/a.jpg`` of an input folder one of

    - ``x/a.png`` (.bmp, .tif, .tiff), one object, or a number on the pixels of each;
    - ``x/a.json``, polygons, run lengths or annotations;
    - a folder ``x/a`` with picture files, by name, with an object each.

    A ``x/a.png`` that is black, or an empty list in ``x/a.json``, says that there is no object.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        size = image.shape[:2]
        path = self._of(scene.name)
        if path.is_dir():
            return read_mask_pictures(_pictures_in(path), size)
        if path.suffix == '.json':
            return objects_of_json(read_json(path), size, str(path))
        return read_mask_pictures([path], size, may_be_empty=True)

    def _of(self, name: str) -> Path:
        places = [self.folder / f'{name}{suffix}' for suffix in (*MASK_SUFFIXES, '.json')]
        found = [path for path in places if path.is_file()]
        found += [path for path in (self.folder / name,) if path.is_dir()]
        if not found:
            raise FileNotFoundError(
                f'{self.folder / name}: there are no masks for this picture; expected '
                f'{name}{{{",".join(MASK_SUFFIXES)},.json}} or a folder {name} of pictures.'
            )
        if len(found) > 1:
            several = ' and '.join(path.name for path in found)
            raise ValueError(
                f'{self.folder / name}: there are {several} for one picture: keep one of them.'
            )
        return found[0]


class MasksByName(MaskSource):
    """A source for each input, by the input's name."""

    def __init__(self, sources: Mapping[str, MaskSource]) -> None:
        self.sources = sources

    def objection(self, scenes: Sequence[SceneInput]) -> str | None:
        absent = [scene.name for scene in scenes if scene.name not in self.sources]
        if not absent:
            return None
        known = ', '.join(map(repr, self.sources)) or 'none'
        return f'There are no masks for input {absent[0]!r}, only for {known}.'

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        return self.sources[scene.name].objects(scene, image)


def _at_path(path: Path) -> MaskSource:
    if path.is_dir():
        return MaskFolder(path)
    if path.suffix.lower() == '.json':
        content = read_json(path)
        if isinstance(content, dict) and 'annotations' in content:
            return CocoObjects(content, str(path))
        return OnePicture(lambda size: objects_of_json(content, size, str(path)))
    return _at_paths([path])


def _at_paths(paths: list[Path]) -> MaskSource:
    if len(paths) == 1 and (paths[0].is_dir() or paths[0].suffix.lower() == '.json'):
        return _at_path(paths[0])
    return OnePicture(lambda size: read_mask_pictures(paths, size))


def _in_mapping(masks: Mapping) -> MaskSource:
    if 'annotations' in masks:
        return CocoObjects(dict(masks), 'masks')
    if 'counts' in masks or 'segmentation' in masks:
        return OnePicture(lambda size: objects_of_json(dict(masks), size, 'masks'))
    return MasksByName({name: find_mask_source(value) for name, value in masks.items()})


def _pictures_in(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in MASK_SUFFIXES)
    if not paths:
        raise FileNotFoundError(
            f'{folder}: the folder has no mask ({", ".join(MASK_SUFFIXES)}); where a picture has '
            f'no object, say so with an empty list in {folder.name}.json.'
        )
    return paths


def _objects_of_array(masks: np.ndarray, size: Size) -> VisibleObjects:
    if masks.ndim not in (2, 3) or not (masks.dtype == bool or masks.dtype.kind in 'iu'):
        raise ValueError(
            f'masks as an array are bool or whole numbers, (H, W) or (n, H, W); this one is '
            f'{masks.dtype} {masks.shape}.'
        )
    check_mask_size(masks.shape[-2:], size, 'the array of masks')
    found = split_numbers(masks, 'masks') if masks.ndim == 2 else list(masks != 0)
    for number, mask in enumerate(found, start=1):
        check_seen(mask, f'mask {number} of the array')
    if masks.ndim == 2:
        check_seen(masks, 'the mask')
    return stack_objects(found, [''] * len(found), size)
