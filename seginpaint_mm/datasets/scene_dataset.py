"""``SceneDataset``: the common base of the data sets of streets."""

import logging
import os
import unicodedata
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import ClassVar

from mmengine.logging import print_log

from seginpaint_mm.datasets.image_dataset import ImageDataset
from seginpaint_mm.datasets.image_reading import IMAGE_SUFFIXES, OTHER_SUFFIXES

_LOSSY_SUFFIXES = ('.heic', '.heif', '.hif', '.jfif', '.jif', '.jpe', '.jpeg', '.jpg', '.mpo')
HIDDEN_TRUTHS = ('manual', 'none')


class SceneDataset(ImageDataset):
    """Images of streets with the classes of the MPI paper: 0 road, 1 sidewalk, 2 other.

    A sample's dictionary holds ``img_path``, ``label_path``, ``label_table`` (key of
    ``LABEL_TABLES``, or a table), ``background_path`` (map of hidden truth or None),
    ``instance_path`` (map of instance ids or None) and ``class_names``, the data set's ``classes``;
    :class:`LoadSceneAnnotations` reads them. Any other classes: :class:`SceneFolderDataset`.
    """

    METAINFO: ClassVar[dict] = dict(
        classes=('road', 'sidewalk', 'other'),
        palette=[(128, 64, 128), (244, 35, 232), (70, 130, 180)],
    )

    def get_data_info(self, idx: int) -> dict:
        """A sample, with the names of the data set's classes."""
        return dict(super().get_data_info(idx), class_names=tuple(self.metainfo['classes']))

    @abstractmethod
    def load_data_list(self) -> list[dict]:
        """Find the samples.

        Raises:
            FileNotFoundError: when the data, or a sample's labels, are not there.
        """


def check_hidden_truth(hidden_truth: str) -> str:
    """The value itself; ValueError when it is neither ``'manual'`` nor ``'none'``."""
    if hidden_truth not in HIDDEN_TRUTHS:
        raise ValueError(f'hidden_truth must be one of {HIDDEN_TRUTHS}, not {hidden_truth!r}.')
    return hidden_truth


def list_images(folder: Path, pattern: str, how_to_get: str) -> list[Path]:
    """List the images in ``folder``, by name; suffixes may be in capitals.

    Args:
        folder: Where to look.
        pattern: Glob without the suffix, e.g. ``'*/*_leftImg8bit'``.
        how_to_get: A sentence for the error: where the data comes from.

    Raises:
        FileNotFoundError: when the folder is missing or has no image.
        ValueError: when two images have the same name but for their suffixes.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: there is no such folder. {how_to_get}')
    files = sorted(_files(folder, pattern))
    images = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES]
    others = Counter(path.suffix.lower() for path in files if path.suffix.lower() in OTHER_SUFFIXES)
    listed = ', '.join(f'{count} {suffix}' for suffix, count in sorted(others.items()))
    if not images:
        found = f', but {listed}, which are not read here: convert them' if listed else ''
        raise FileNotFoundError(
            f'{folder}: there is no image {pattern}.png, .jpg or of another format{found}. '
            f'{how_to_get}'
        )
    if listed:
        print_log(
            f'{folder}: left out {listed}, whose formats are not read here: convert them.',
            logger='current',
            level=logging.WARNING,
        )
    names: dict[Path, Path] = {}
    for other in images:
        one = names.setdefault(other.with_suffix(''), other)
        if one is not other:
            raise ValueError(
                f'{one} and {other.name} have the same name, so that one label file would belong '
                f'to both: rename or remove one; where one of them holds the labels, put it into a '
                f'folder of its own.'
            )
    return images


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    """Files that fit a pattern without the suffix; links to folders are followed.

    Hidden ones, such as those that macOS lays beside images, are left out.
    """
    everywhere = pattern.startswith('**/')
    places = _sub_folders(folder) if everywhere else [folder]
    for place in places:
        for path in place.glob(f'{pattern.removeprefix("**/")}.*'):
            if not path.name.startswith('.') and not path.is_dir():
                yield path


def _sub_folders(folder: Path) -> Iterator[Path]:
    """The folder and all below it, each once also where links make circles."""
    seen = set()
    for place, folders, _ in os.walk(folder, followlinks=True):
        resolved = os.path.realpath(place)
        if resolved in seen:
            folders.clear()
            continue
        seen.add(resolved)
        yield Path(place)


def images_by_name(folder: Path) -> dict[str, list[Path]]:
    """List the images of a folder by their names without suffix; empty without the folder."""
    images: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith('.'):
            images.setdefault(path.stem, []).append(path)
    return images


def preferred_masks(paths: Sequence[Path], image: object) -> list[Path]:
    """Choose among files that could be an image's mask: those that keep every value, if any.

    Args:
        paths: The files.
        image: The image, which is no mask of its own, where it is a path.

    Returns:
        None, one, or several of which any may be meant.
    """
    others = [path for path in paths if not (isinstance(image, Path) and _is_same(path, image))]
    lossless = [path for path in others if path.suffix.lower() not in _LOSSY_SUFFIXES]
    return lossless or others


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)


_missing_is_found_later = ContextVar('missing_is_found_later', default=False)


@contextmanager
def missing_files_found_later() -> Iterator[None]:
    """Let data sets list images whose maps are missing: reading those samples says so."""
    token = _missing_is_found_later.set(True)
    try:
        yield
    finally:
        _missing_is_found_later.reset(token)


def in_any_form(path: Path) -> Path:
    """The file of that name, also in another of Unicode's forms: macOS writes accents apart."""
    if not path.name.isascii() and not path.exists():
        for form in ('NFC', 'NFD'):
            other = path.with_name(unicodedata.normalize(form, path.name))
            if other.is_file():
                return other
    return path


def in_any_case(path: Path) -> Path:
    """The file of that name, also with a suffix in capitals, as cameras write it."""
    path = in_any_form(path)
    other = path.with_suffix(path.suffix.upper())
    return other if not path.exists() and other.is_file() else path


def require_file(path: Path, image: Path) -> str:
    """The path as text.

    Raises:
        FileNotFoundError: when there is no such file; the sentence names the image as well.
    """
    path = in_any_case(path)
    if not path.is_file() and not _missing_is_found_later.get():
        raise FileNotFoundError(f'{image}: the map that belongs to it is missing, expected {path}.')
    return str(path)


def optional_file(path: Path) -> str | None:
    """The path as text, or None when there is no such file."""
    path = in_any_case(path)
    return str(path) if path.is_file() else None
