"""What a user may hand to the inferencer: files, folders and arrays, each under a name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seginpaint_mm.datasets.image_reading import read_alpha, read_colour, read_icc_profile
from seginpaint_mm.errors import UserError

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')

Source = str | Path | np.ndarray


@dataclass(frozen=True)
class SceneInput:
    """One picture to be processed.

    Attributes:
        name: Where its results go: a relative path without suffix, unique in a call. Pictures
            from a folder keep their sub-folders.
        source: The file, or the picture itself.
    """

    name: str
    source: Path | np.ndarray

    @property
    def origin(self) -> str:
        """For people: the file's path, or what kind of array it is."""
        if isinstance(self.source, Path):
            return str(self.source)
        return f'array {self.name} {self.source.shape}'

    def read(self) -> np.ndarray:
        """The picture, upright: BGR uint8 (H, W, 3).

        Raises:
            OSError, ValueError: when it cannot be read or is no picture; one sentence.
        """
        if isinstance(self.source, Path):
            return read_colour(self.source)
        return to_bgr(self.source)

    def read_alpha(self) -> np.ndarray | None:
        """The transparency of a picture that can be read, upright: uint8 (H, W), or None."""
        if isinstance(self.source, Path):
            return read_alpha(self.source)
        if self.source.ndim != 3 or self.source.shape[2] != 4:
            return None
        return _to_uint8(self.source[..., 3])

    def read_icc_profile(self) -> bytes | None:
        """The ICC profile of a picture's RGB colours; None of arrays, and where there is none."""
        return read_icc_profile(self.source) if isinstance(self.source, Path) else None


def find_inputs(
    inputs: Source | Sequence[Source], recursive: bool = False, exclude: Sequence[Path] = ()
) -> list[SceneInput]:
    """List the pictures that ``inputs`` stands for.

    Args:
        inputs: A file, a folder (its images, sorted), an array, or a sequence of these.
        recursive: Look into sub-folders too.
        exclude: Folders that results are written to; they are left out of folders.

    Raises:
        UserError: when a folder has no image, there is nothing at all, or an input lies in a folder
            that results are written to, and could be overwritten.
    """
    if isinstance(inputs, (str, Path, np.ndarray)):
        inputs = [inputs]
    scenes, taken = [], set()
    for name, source in _named(inputs, recursive, exclude):
        unique = _unused(name, taken)
        taken.add(unique)
        scenes.append(SceneInput(unique, source))
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
    inputs: Sequence[Source], recursive: bool, exclude: Sequence[Path]
) -> Iterable[tuple[str, Path | np.ndarray]]:
    for index, source in enumerate(inputs):
        if isinstance(source, np.ndarray):
            yield f'image_{index:05d}', source
            continue
        _check_is_no_result(Path(source), exclude)
        if Path(source).is_dir():
            folder = Path(source)
            for path in _images(folder, recursive, exclude):
                yield path.relative_to(folder).with_suffix('').as_posix(), path
        else:
            yield Path(source).stem, Path(source)


def _check_is_no_result(path: Path, exclude: Sequence[Path]) -> None:
    for folder in exclude:
        if folder.resolve() in (path.resolve(), *path.resolve().parents):
            raise UserError(
                f'{path} lies in {folder}, where results are written, and could be overwritten: '
                f'choose another output folder.'
            )


def _images(folder: Path, recursive: bool, exclude: Sequence[Path]) -> list[Path]:
    candidates = folder.rglob('*') if recursive else folder.glob('*')
    images = sorted(path for path in candidates if path.suffix.lower() in IMAGE_SUFFIXES)
    excluded = {path.resolve() for path in exclude}
    images = [path for path in images if excluded.isdisjoint(path.resolve().parents)]
    if not images:
        hint = '' if recursive else '; its sub-folders are searched with --recursive'
        raise UserError(f'{folder} has no image ({", ".join(IMAGE_SUFFIXES)}){hint}.')
    return images


def _unused(name: str, taken: set[str]) -> str:
    """``name``, or the first of ``name_2``, ``name_3``, ... that is free."""
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f'{name}_{number}'
    return unique
