"""Inputs of the inferencer: files, folders and arrays, each with a name."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from mmengine.logging import print_log
from PIL import Image

from seginpaint_mm.datasets.image_reading import (
    IMAGE_SUFFIXES,
    OTHER_SUFFIXES,
    read_alpha,
    read_colour,
)
from seginpaint_mm.datasets.orientation import upright
from seginpaint_mm.datasets.photo_parts import PhotoParts, count_pages, read_photo_parts
from seginpaint_mm.datasets.tar_shards import PackedFile, expand_shards, is_tar, list_members
from seginpaint_mm.errors import UserError

_LONGEST_NAME = 245  # bytes: with a suffix, or with a number and a suffix, at most 255

Source = str | Path | np.ndarray | Image.Image


@dataclass(frozen=True)
class SceneInput:
    """One image to be processed.

    Attributes:
        name: Where its results go: a relative path without suffix, unique in a call. Images
            from a folder keep their sub-folders.
        source: The file, also one in a tar file, or the image itself.
        key: By which its masks are found: the same before it was made unique; None for ``name``.
        namesakes: Other inputs with that key.
    """

    name: str
    source: Path | PackedFile | np.ndarray | Image.Image
    key: str | None = None
    namesakes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.key is None:
            object.__setattr__(self, 'key', self.name)

    @property
    def file(self) -> PurePath | None:
        """The path of a file, in a tar file that in it; None of arrays."""
        if isinstance(self.source, PackedFile):
            return self.source.path
        return self.source if isinstance(self.source, Path) else None

    @property
    def origin(self) -> str:
        """For people: the file's path, or what kind of array it is."""
        if isinstance(self.source, (Path, PackedFile)):
            return str(self.source)
        if isinstance(self.source, Image.Image):
            return f'image {self.name} {self.source.size}'
        return f'array {self.name} {self.source.shape}'

    def read(self) -> np.ndarray:
        """The image, upright: BGR uint8 (H, W, 3).

        Raises:
            OSError, ValueError: when it cannot be read or is no image; one sentence.
        """
        if isinstance(self.source, (Path, PackedFile)):
            return read_colour(self.source)
        if isinstance(self.source, Image.Image):
            return _of_pillow(self.source)
        return to_bgr(self.source)

    def read_alpha(self) -> np.ndarray | None:
        """The transparency of an image that can be read, upright: uint8 (H, W), or None."""
        if not isinstance(self.source, np.ndarray):
            return read_alpha(self.source)
        if self.source.ndim != 3 or self.source.shape[2] != 4:
            return None
        return _to_uint8(self.source[..., 3])

    def note(self) -> str | None:
        """What of the image is left out, a sentence; or None."""
        pages = 1 if isinstance(self.source, np.ndarray) else count_pages(self.source)
        if pages == 1:
            return None
        return f'{self.origin}: this has {pages} pages or frames, of which the first is taken.'

    def read_parts(self) -> PhotoParts:
        """What the image holds beside its colours of 8 bits, for results to keep."""
        if not isinstance(self.source, np.ndarray):
            return read_photo_parts(self.source)
        deep = self.source if self.source.dtype == np.uint16 else None
        if deep is not None and deep.ndim == 2:
            deep = deep[..., None]
        if deep is not None and deep.shape[2] == 1:
            deep = deep.repeat(3, axis=2)
        return PhotoParts(alpha=self.read_alpha(), deep=deep)


def _of_pillow(image: Image.Image) -> np.ndarray:
    turned = upright(image)
    if turned.mode[0] in 'IF':
        array = np.array(turned)
        if image.mode[0] == 'F' or array.min() < 0 or array.max() > np.iinfo(np.uint16).max:
            raise ValueError(
                f'an image of Pillow has 8 or 16 bits, this one has the mode {image.mode}: scale '
                f'and convert it.'
            )
        return to_bgr(array.astype(np.uint16))
    return np.ascontiguousarray(np.array(turned.convert('RGB'))[..., ::-1])


def find_inputs(
    inputs: Source | Sequence[Source], recursive: bool = False, exclude: Sequence[Path] = ()
) -> list[SceneInput]:
    """List the images in ``inputs``.

    What folders hold in image formats that are not read here is logged as a warning.

    Args:
        inputs: A file, a folder (its images, sorted), a tar file (its images, in its order; also
            ``'shard-{000..009}.tar'`` and ``'shards/*.tar'``), an array, an image of Pillow's, or a
            sequence of these. A folder without images, but with tar files, stands for these.
        recursive: Look into sub-folders too.
        exclude: Folders that results are written to; they are left out of folders.

    Raises:
        UserError: when a folder has no image, there is nothing at all, an input is something else,
            or one lies in a folder that results are written to, and could be overwritten.
    """
    if isinstance(inputs, (str, Path, np.ndarray, Image.Image)):
        inputs = [inputs]
    if not isinstance(inputs, Iterable) or isinstance(inputs, Mapping) or hasattr(inputs, 'device'):
        raise UserError(_not_taken(inputs))
    named = list(_named(inputs, recursive, exclude))
    origins: dict[str, dict[str, None]] = {}
    for name, source in named:
        is_file = isinstance(source, (Path, PackedFile))
        origins.setdefault(name, {})[str(source) if is_file else name] = None
    scenes, taken = [], set()
    for name, source in named:
        unique = _unused(name, taken)
        taken.add(unique.casefold())  # results may go to a disk that knows no upper case
        others = tuple(origin for origin in origins[name] if origin != str(source))
        scenes.append(SceneInput(unique, source, name, others))
    if not scenes:
        raise UserError('There is nothing to process: give an image file, a folder or an array.')
    return scenes


def to_bgr(image: np.ndarray) -> np.ndarray:
    """Bring an array to BGR uint8 (H, W, 3).

    Args:
        image: uint8 or uint16, (H, W), (H, W, 1), BGR (H, W, 3) or BGRA (H, W, 4). Grey is
            repeated, transparency dropped, 16 bits are reduced to 8.

    Raises:
        ValueError: for another type or shape.
    """
    if image.dtype not in (np.uint8, np.uint16):
        raise ValueError(
            f'an image array must be uint8 (0..255) or uint16, this one is {image.dtype}: '
            f'scale and convert it.'
        )
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or not image.size:
        raise ValueError(
            f'an image array must be (height, width) with 1, 3 (BGR) or 4 (BGRA) channels last, '
            f'this one is {image.shape}.'
        )
    image = _to_uint8(image)
    if image.shape[2] == 1:
        image = image.repeat(3, axis=2)
    return np.ascontiguousarray(image[..., :3])


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image


def _named(
    inputs: Iterable[Source], recursive: bool, exclude: Sequence[Path]
) -> Iterator[tuple[str, Path | PackedFile | np.ndarray | Image.Image]]:
    for index, source in enumerate(inputs):
        if isinstance(source, (np.ndarray, Image.Image)):
            yield f'image_{index:05d}', source
            continue
        if not isinstance(source, (str, Path)):
            raise UserError(_not_taken(source))
        _check_is_no_result(Path(source), exclude)
        if os.path.isdir(source):  # Path.is_dir raises where a name is too long
            folder = Path(source)
            for path in _images(folder, recursive, exclude):
                if is_tar(path):
                    yield from _packed(path)
                else:
                    yield path.relative_to(folder).with_suffix('').as_posix(), path
        elif is_tar(source):
            for path in expand_shards(source):
                yield from _packed(path)
        else:
            yield Path(source).stem, Path(source)


def _packed(archive: Path) -> Iterator[tuple[str, PackedFile]]:
    """The images of a tar file under their names in it; also what of it cannot be read."""
    is_empty = True
    for file in list_members(archive, IMAGE_SUFFIXES):
        is_empty = False
        yield (file.path.with_suffix('').as_posix() if file.name else archive.stem), file
    if is_empty:
        fault = f'has no image that is read here ({", ".join(IMAGE_SUFFIXES)}).'
        yield archive.stem, PackedFile(archive, '', fault=fault)


def _not_taken(source: object) -> str:
    return (
        f'An input is an image file, a folder, a tar file, an array (BGR, uint8 or uint16, height '
        f'x width x channels) or an image of Pillow, not {type(source).__name__}: convert it.'
    )


def _check_is_no_result(path: Path, exclude: Sequence[Path]) -> None:
    for folder in exclude:
        if folder.resolve() in (path.resolve(), *path.resolve().parents):
            raise UserError(
                f'{path} lies in {folder}, where results are written, and could be overwritten: '
                f'choose another output folder.'
            )


def _images(folder: Path, recursive: bool, exclude: Sequence[Path]) -> list[Path]:
    """The images of a folder, or else its tar files, sorted; links are followed, once each."""
    seen = {path.resolve() for path in (folder, *exclude)}
    images, shards, left_out = [], [], Counter()
    for place, folders, files in os.walk(folder, followlinks=True):
        searched = [Path(place, name) for name in sorted(folders) if recursive]
        searched = [path for path in searched if path.resolve() not in seen]
        seen.update(path.resolve() for path in searched)
        folders[:] = [path.name for path in searched]
        for path in (Path(place, name) for name in files if not name.startswith('._')):
            suffix = path.suffix.lower()
            if suffix in IMAGE_SUFFIXES:
                images.append(path)
            elif is_tar(path):
                shards.append(path)
            elif suffix in OTHER_SUFFIXES:
                left_out[suffix] += 1
    listed = ', '.join(f'{count} {suffix}' for suffix, count in sorted(left_out.items()))
    images = images or shards
    if not images:
        hint = '' if recursive else '; its sub-folders are searched with --recursive'
        raise UserError(
            f'{folder} has no image that is read here ({", ".join(IMAGE_SUFFIXES)})'
            f'{f", but {listed}" if listed else ""}{hint}.'
        )
    if listed:
        print_log(
            f'{folder}: left out {listed}, whose formats are not read here: convert them.',
            logger='current',
            level=logging.WARNING,
        )
    return sorted(images)


def _unused(name: str, taken: set[str]) -> str:
    """``name``, or the first of ``name_2``, ``name_3``, ... that is free; short enough for a file.

    Files of results are called so with a suffix, and have at most 255 bytes.
    """
    *folders, last = name.split('/')
    number, unique = 1, name
    while True:
        end = '' if number == 1 else f'_{number}'
        short = os.fsencode(last)[: _LONGEST_NAME - len(end)].decode(errors='ignore')
        short = last if len(os.fsencode(last)) + len(end) <= _LONGEST_NAME else short
        unique = '/'.join([*folders, f'{short}{end}'])
        if unique.casefold() not in taken:
            return unique
        number += 1
