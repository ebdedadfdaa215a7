"""Masks from files: one image of masks per photo, or a folder."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources.coco import CocoObjects, objects_of_json, read_json
from seginpaint_mm.apis.mask_sources.objects import (
    MaskSource,
    VisibleObjects,
    check_mask_size,
    check_seen,
    stack_objects,
)
from seginpaint_mm.datasets.image_reading import IMAGE_SUFFIXES
from seginpaint_mm.datasets.mask_levels import Reading, distinct, read_levels
from seginpaint_mm.datasets.mask_reading import read_marked_file, read_marked_page
from seginpaint_mm.datasets.scene_dataset import preferred_masks
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import CroppedMasks

Size = tuple[int, int]


def read_mask_pictures(
    paths: Sequence[Path], size: tuple[int, int], *, may_be_empty: bool = False
) -> VisibleObjects:
    """Read the objects of one image: those of the first file, then those of the second, and so on.

    What a file marks is what :func:`read_marked_file` says, as it does for the data sets.

    Args:
        paths: Image files of any format and mode.
        size: (height, width) of the image.
        may_be_empty: Whether a file without objects is one more, not an error.

    Returns:
        VisibleObjects: With a note where a file can be read in several ways.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when one cannot be read, is of another size, empty, or a photo, or there are too
            many objects; the sentence names it.
    """
    names: list[str] = []
    notes: list[str] = []

    def read() -> Iterator[np.ndarray]:
        """One file at a time: all of a large photo's would not fit into memory."""
        for path in paths:
            marked = read_marked_file(path, size=size)
            if not may_be_empty:
                check_seen(np.array([page.any() for page in marked.pages]), f'{path}: the mask')
            pages = [(page, _numbers(page)) for page in marked.pages]
            names.extend(path.stem for _, values in pages for _ in values)
            notes.extend([marked.note] if marked.note else [])
            yield from _split(pages)

    packed = CroppedMasks.pack(read(), size)
    return VisibleObjects(packed, tuple(names), note=' '.join(notes) or None)


def read_mask_image(image: Image.Image, size: tuple[int, int]) -> VisibleObjects:
    """Take the objects of one image from a page of Pillow's, read as its file would be.

    Args:
        image: Of any mode.
        size: (height, width) of the image.

    Raises:
        ValueError: as :func:`read_mask_pictures`.
    """
    return _of_one(read_marked_page(image, 'masks', size=size), size)


def read_mask_array(masks: np.ndarray, size: tuple[int, int]) -> VisibleObjects:
    """Take the objects of one image from an array.

    Args:
        masks: bool, whole numbers, or floats: (H, W), read as a grey file would be; uint8 RGB or
            RGBA (H, W, 1, 3 or 4), read as a coloured one; or (n, H, W), a mask per object, of
            which all is the object that a file would mark.
        size: (height, width) of the image.

    Raises:
        ValueError: when it is of another type or shape, or a mask is empty.
    """
    if masks.ndim not in (2, 3) or masks.dtype.kind not in 'biuf':
        raise ValueError(
            f'masks as an array are bool or numbers, (H, W), (H, W, channels) or (n, H, W); this '
            f'one is {masks.dtype} {masks.shape}.'
        )
    if masks.ndim == 3 and masks.shape[:2] == size and masks.shape[2] == 1:
        masks = masks[..., 0]
    if masks.ndim == 3 and masks.shape[:2] == size and masks.shape[2] in (3, 4):
        if masks.dtype != np.uint8:
            raise ValueError(
                f'masks as an array with colours are uint8, this one is {masks.dtype}: convert it.'
            )
        return read_mask_image(Image.fromarray(np.ascontiguousarray(masks)), size)
    check_mask_size(masks.shape[-2:], size, 'the array of masks')
    if masks.ndim == 2:
        return _of_one(read_levels(masks, True, 'masks'), size)
    return _of_each(masks, size)


def _of_each(masks: Sequence[np.ndarray] | np.ndarray, size: Size) -> VisibleObjects:
    """One object per array (H, W)."""
    notes: list[str] = []

    def read() -> Iterator[np.ndarray]:
        for number, mask in enumerate(masks, start=1):
            reading = read_levels(mask, True, 'masks')
            check_seen(reading.numbers, f'mask {number} of the array')
            notes.extend([f'mask {number} of the array: {reading.note}.'] if reading.note else [])
            yield reading.numbers > 0

    packed = CroppedMasks.pack(read(), size)
    return VisibleObjects(packed, ('',) * len(masks), note=' '.join(notes) or None)


def _of_one(reading: Reading, size: tuple[int, int]) -> VisibleObjects:
    check_seen(reading.numbers, 'the mask')
    values = _numbers(reading.numbers)
    note = reading.note and f'masks: {reading.note}.'
    return stack_objects(_split([(reading.numbers, values)]), [''] * len(values), size, note=note)


def _numbers(page: np.ndarray) -> np.ndarray:
    values = distinct(page)
    return values[values > 0]


def _split(pages: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
    """A mask, bool (H, W), of each of the numbers on each page, one at a time."""
    for page, values in pages:
        for value in values:
            yield page == value


Masks = str | Path | np.ndarray | CroppedMasks | Image.Image | Sequence | Mapping | MaskSource


def find_mask_source(masks: Masks) -> MaskSource:
    """Make a source of the given masks.

    Args:
        masks: For one image: a file (see :func:`read_mask_pictures` and
            :func:`objects_of_json`), several image files, an array (:func:`read_mask_array`), an
            array per object, :class:`CroppedMasks`, an image of Pillow's, or what such a JSON file
            would hold. For
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
    if isinstance(masks, CroppedMasks):
        return OnePicture(lambda size: _read_packed(masks, size))
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
        if scene.file is not None:
            found = preferred_masks(_named(listed, scene.file.name), scene.source)
        if not found:
            found = preferred_masks(_named(listed, place.name), scene.source)
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


def _named(listed: Mapping[str, list[Path]], name: str) -> list[Path]:
    """What is listed under a name, or else in another of Unicode's forms: macOS has its own."""
    forms = (name, *(unicodedata.normalize(form, name) for form in ('NFC', 'NFD')))
    return next((listed[form] for form in forms if form in listed), [])


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


def _read_packed(masks: CroppedMasks, size: Size) -> VisibleObjects:
    check_mask_size(masks.size, size, 'the array of masks')
    for number, box in enumerate(masks.boxes, start=1):
        check_seen(np.array(box), f'mask {number} of the array')
    return VisibleObjects(masks, ('',) * len(masks))


def _read_arrays(masks: Sequence[np.ndarray], size: Size) -> VisibleObjects:
    for mask in masks:
        check_mask_size(mask.shape, size, 'an array of masks')
    return _of_each(masks, size)


def _in_mapping(masks: Mapping) -> MaskSource:
    if 'annotations' in masks:
        return CocoObjects(dict(masks), 'masks')
    if 'counts' in masks or 'segmentation' in masks:
        return OnePicture(lambda size: objects_of_json(dict(masks), size, 'masks'))
    return MasksByName({name: find_mask_source(value) for name, value in masks.items()})


def _pictures_in(folder: Path) -> list[Path]:
    there = sorted(path for path in folder.iterdir() if not path.name.startswith('.'))
    paths = [path for path in there if path.suffix.lower() in IMAGE_SUFFIXES]
    texts = [path for path in there if path.suffix.lower() == '.json']
    if texts:
        raise ValueError(
            f'{texts[0]}: a folder of masks for one image holds images: put all of its objects '
            f'into {folder.name}.json in place of the folder, or remove this file.'
        )
    if not paths:
        raise FileNotFoundError(
            f'{folder}: the folder has no mask (.png or another image); where an image has no '
            f'object, say so with an empty list in {folder.name}.json.'
        )
    return paths
