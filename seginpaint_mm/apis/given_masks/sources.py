"""Find the masks that belong to an image among files, folders and arrays."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seginpaint_mm.apis.given_masks.coco_file import CocoObjects
from seginpaint_mm.apis.given_masks.json_masks import objects_of_json, read_json
from seginpaint_mm.apis.given_masks.mask_pictures import (
    read_mask_array,
    read_mask_image,
    read_mask_pictures,
)
from seginpaint_mm.apis.given_masks.visible_objects import (
    MaskSource,
    VisibleObjects,
    check_mask_size,
)
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.datasets.image_reading import IMAGE_SUFFIXES
from seginpaint_mm.datasets.scene_dataset import preferred_masks
from seginpaint_mm.errors import UserError

Size = tuple[int, int]
Masks = str | Path | np.ndarray | Image.Image | Sequence | Mapping | MaskSource


def find_mask_source(masks: Masks) -> MaskSource:
    """Make a source of the given masks.

    Args:
        masks: For one image: a file (see :func:`read_mask_pictures` and
            :func:`objects_of_json`), several image files, an array (:func:`read_mask_array`), an
            array per object, an image of Pillow's, or what such a JSON file would hold. For
            several: a folder, see :class:`MaskFolder`; a JSON file with COCO's ``images`` and
            ``annotations``; or a mapping from the inputs' names to any of those for one image.

    Raises:
        UserError: when it is none of these.
        OSError, ValueError: when a JSON file cannot be read.
    """
    if isinstance(masks, MaskSource):
        return masks
    if isinstance(masks, (str, Path)):
        return _at_path(Path(masks))
    if isinstance(masks, np.ndarray):
        return OnePicture(lambda size: read_mask_array(masks, size))
    if isinstance(masks, Image.Image):
        return OnePicture(lambda size: read_mask_image(masks, size))
    if isinstance(masks, Mapping):
        return _in_mapping(masks)
    if isinstance(masks, Sequence):
        if masks and all(isinstance(item, np.ndarray) and item.ndim == 2 for item in masks):
            return OnePicture(lambda size: _read_arrays(masks, size))
        if masks and all(isinstance(item, (str, Path)) for item in masks):
            return _at_paths([Path(item) for item in masks])
        return OnePicture(lambda size: objects_of_json(list(masks), size, 'masks'))
    raise UserError(
        f'Masks of objects are files, a folder, arrays, polygons or run lengths, not '
        f'{type(masks).__name__}.'
    )


class OnePicture(MaskSource):
    """Objects of the only image of a call; ``read`` gives them for its (height, width)."""

    def __init__(self, read: Callable[[Size], VisibleObjects]) -> None:
        self.read = read

    def objection(self, scenes: Sequence[SceneInput]) -> str | None:
        if len(scenes) == 1:
            return None
        return (
            f"These masks are one image's, but there are {len(scenes)} images: put the masks "
            f"of each into a folder under the image's name, and give the folder."
        )

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        return self.read(image.shape[:2])


class MaskFolder(MaskSource):
    """Masks found by the image's name: for ``x/a.jpg`` of an input folder one of

    - ``x/a.png`` or another image, see :func:`read_mask_pictures`;
    - ``x/a.json``, polygons, run lengths or annotations;
    - a folder ``x/a`` with images, by name, each with an object or more.

    A ``x/a.png`` that is black, or an empty list in ``x/a.json``, says that there is no object.
    ``x/a.jpg.png`` and the like come first; they are needed where inputs differ in their suffix
    alone. JPEG files, which are often the images themselves, count where there is nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._listed: dict[Path, dict[str, list[Path]]] = {}

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        size = image.shape[:2]
        path = self._of(scene)
        if path.is_dir():
            return read_mask_pictures(_pictures_in(path), size)
        if path.suffix.lower() == '.json':
            return objects_of_json(read_json(path), size, str(path))
        return read_mask_pictures([path], size, may_be_empty=True)

    def _of(self, scene: SceneInput) -> Path:
        place = self.folder / scene.key
        listed = self._stems(place.parent)
        found = []
        if isinstance(scene.source, Path):
            found = preferred_masks(listed.get(scene.source.name, []), scene.source)
        if not found:
            found = preferred_masks(listed.get(place.name, []), scene.source)
            if found and scene.namesakes:
                raise ValueError(
                    f'{found[0]}: this may be the mask of {scene.origin} or of '
                    f'{scene.namesakes[0]}: name it after the whole file name, e.g. '
                    f'{Path(scene.origin).name}{found[0].suffix}.'
                )
        if not found:
            raise FileNotFoundError(
                f'{place}: there are no masks for this image; expected {scene.key}.png, another '
                f'image, {scene.key}.json or a folder {scene.key} of images.'
            )
        if len(found) > 1:
            several = ' and '.join(path.name for path in found)
            raise ValueError(f'{place}: there are {several} for one image: keep one of them.')
        return found[0]

    def _stems(self, folder: Path) -> dict[str, list[Path]]:
        """What could hold masks in a folder, by its name without the suffix."""
        if folder not in self._listed:
            stems: dict[str, list[Path]] = {}
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.is_dir():
                    stems.setdefault(path.name, []).append(path)
                elif path.suffix.lower() in (*IMAGE_SUFFIXES, '.json'):
                    stems.setdefault(path.stem, []).append(path)
            self._listed[folder] = stems
        return self._listed[folder]


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


def _read_arrays(masks: Sequence[np.ndarray], size: Size) -> VisibleObjects:
    for mask in masks:
        check_mask_size(mask.shape, size, 'an array of masks')
    return read_mask_array(np.stack(masks), size)


def _in_mapping(masks: Mapping) -> MaskSource:
    if 'annotations' in masks:
        return CocoObjects(dict(masks), 'masks')
    if 'counts' in masks or 'segmentation' in masks:
        return OnePicture(lambda size: objects_of_json(dict(masks), size, 'masks'))
    return MasksByName({name: find_mask_source(value) for name, value in masks.items()})


def _pictures_in(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise FileNotFoundError(
            f'{folder}: the folder has no mask (.png or another image); where an image has no '
            f'object, say so with an empty list in {folder.name}.json.'
        )
    return paths
