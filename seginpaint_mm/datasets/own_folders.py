"""Inspect a user's folder of images and label maps: their splits, classes and sizes."""

import dataclasses
import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX, read_label_colours
from seginpaint_mm.datasets.image_reading import open_image, read_labels
from seginpaint_mm.datasets.outlines import upright_size
from seginpaint_mm.datasets.scene_dataset import list_images, require_file
from seginpaint_mm.datasets.splits import read_text_list
from seginpaint_mm.errors import UserError

_SEPARATORS = str.maketrans(',;:', '   ')
_NO_LISTS = ('.json', '.yaml', '.yml', '.xml')
_LIST_SUFFIXES = ('.txt', '.csv', '.tsv', '.names', *_NO_LISTS)
_DIGITS = 10  # numbers with more are no ids either
_LOOKED_AT = 200  # label maps at most
_LAYOUT = 'it must hold images/, with the images in it or in images/train and images/val'
Names = Mapping[str, int | tuple[int, int, int]]


def read_names(text: str) -> Names:
    """Class names, each with its id or its colour.

    Args:
        text: Names with commas, in the order of the ids; or the path of a text file with a line
            per class: its name, and before or behind it its id, or its colour R G B; colons are
            taken for blanks, and lines that begin with # are passed, as CVAT writes them.

    Raises:
        UserError: when there is no name, one stands twice, lines are of different kinds, or an id
            or a colour is none, or stands twice.
    """
    if not os.path.isfile(text):  # Path.is_file raises where many names make a long one
        if Path(text).suffix in _LIST_SUFFIXES or (os.sep in text and os.path.exists(text)):
            raise UserError(f'{text}: there is no such file: give a text file, or names.')
        lines = text.split(',')
    elif Path(text).suffix in _NO_LISTS:
        raise UserError(f'{text}: write the classes into a text file, a line for each.')
    else:
        lines = read_text_list(Path(text), 'list of classes', '').splitlines()
    names: dict[str, int | tuple[int, int, int]] = {}
    kinds = set()
    for line in lines:
        if not line.strip() or line.lstrip().startswith('#'):
            continue
        words = line.translate(_SEPARATORS).split()
        numbers = [int(word[:_DIGITS]) for word in words if word.isdecimal()]
        name = ' '.join(word for word in words if not word.isdecimal())
        kinds.add(len(numbers))
        if not name or name in names or len(numbers) not in (0, 1, 3):
            raise UserError(
                f'{text}: {line.strip()!r} is no class: a line has a name that no other has, alone '
                f'or with its id, or with its colour R G B.'
            )
        red_or_id = numbers[0] if numbers else len(names)
        names[name] = (red_or_id, numbers[1], numbers[2]) if len(numbers) == 3 else red_or_id
    if not names or len(kinds) > 1:
        what = 'names no class' if not names else 'gives some classes ids or colours, others not'
        raise UserError(f'{text}: it {what}.')
    _check_values(names, text)
    return names


def _check_values(names: Names, text: str) -> None:
    of_value: dict[int | tuple[int, int, int], str] = {}
    for name, value in names.items():
        highest = IGNORE_INDEX if isinstance(value, tuple) else IGNORE_INDEX - 1
        if np.max(value) > highest:
            raise UserError(
                f'{text}: {name!r} has {value}: ids are numbers from 0 to {IGNORE_INDEX - 1}, and '
                f'a colour has three from 0 to {IGNORE_INDEX}.'
            )
        other = of_value.setdefault(value, name)
        if other != name:
            raise UserError(
                f'{text}: {other!r} and {name!r} both have {value}: give each its own, or name one '
                f'class for both.'
            )


@dataclasses.dataclass(frozen=True)
class LabelFolder:
    """Images and label maps.

    Attributes:
        labels: Each class with its id or colour.
        splits: Of each split the options of its data set.
        images: How many.
        size: Of the images, in words.
        what: The label maps, in words.
        shares: Of the pixels, by class.
        looked_at: How many label maps.
    """

    labels: Names
    splits: dict[str, dict]
    images: int
    size: str
    what: str
    shares: dict[str, float]
    looked_at: int

    def plain_labels(self) -> list[str] | dict:
        """As data sets take them: names alone where the ids are 0, 1, ..."""
        if list(self.labels.values()) == list(range(len(self.labels))):
            return list(self.labels)
        return dict(self.labels)


def look_at_labels(folder: Path, labels: Names) -> LabelFolder:
    """Inspect a folder of images/ and labels/.

    Raises:
        FileNotFoundError: images or label maps are missing.
        UserError, ValueError: label maps hold ids or colours that are not named.
    """
    parts = image_splits(folder)
    pairs = []
    for part in parts:
        images = folder / 'images' / part
        for image in list_images(images, '**/*', 'Put images there.'):
            place = image.relative_to(images).with_suffix('.png')
            pairs.append((image, Path(require_file(folder / 'labels' / part / place, image))))
    chosen = [pairs[k] for k in evenly(len(pairs))]
    named = isinstance(next(iter(labels.values())), tuple)
    coloured = next((path for _, path in chosen if _has_colours(path, named)), None)
    colours = coloured is not None
    what = f'label maps of {"colours" if colours else "ids"}'
    if coloured is not None and not named:
        raise UserError(
            f'{coloured}: the label maps hold colours: give --classes a text file with a line '
            f'NAME R G B per class; this one holds {_some_colours(coloured)}.'
        )
    if named and not colours:
        labels = {name: number for number, name in enumerate(labels)}
        what += ' without colours: 0, 1, ... are the classes in the order of --classes'
    pixels: Counter[int] = Counter()
    for image, path in chosen:
        pixels.update(_count(path, image, labels))
    total = sum(pixels.values())
    ids = range(len(labels)) if colours else labels.values()
    shares = {name: pixels[k] / total for name, k in zip(labels, ids, strict=True)}
    splits = {
        split: dict(image_folder=f'images/{part}', label_folder=f'labels/{part}')
        for split, part in zip(('train', 'val'), parts, strict=False)
        if part
    } or {split: _folders_and_part(split) for split in ('train', 'val')}
    return LabelFolder(
        labels=labels,
        splits=splits,
        images=len(pairs),
        size=_sizes([image for image, _ in chosen]),
        what=what,
        shares=shares,
        looked_at=len(chosen),
    )


def _folders_and_part(split: str) -> dict:
    return dict(image_folder='images', label_folder='labels', part=split)


def image_splits(folder: Path) -> tuple[str, ...]:
    """Names of the folders of train and val below images/; ('',) without."""
    if not (folder / 'images').is_dir():
        raise FileNotFoundError(f'{folder}: {_LAYOUT}.')
    if (folder / 'images/train').is_dir():
        for name in ('val', 'valid', 'validation', 'test'):
            if (folder / 'images' / name).is_dir():
                _note_left_out(folder / 'images', ('train', name))
                return 'train', name
        raise FileNotFoundError(f'{folder}: it has images/train, but no images/val: add it.')
    return ('',)


def _note_left_out(folder: Path, parts: Sequence[str]) -> None:
    """Say what stands beside the folders of the splits, and belongs to none."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith('.'))
    others = [name for name in names if name not in parts]
    if others:
        print_log(
            f'{folder}: {", ".join(others[:3])}{", ..." if len(others) > 3 else ""} '
            f'({len(others)}) left out, as {" and ".join(parts)} are there: only these are taken.',
            logger='current',
            level=logging.WARNING,
        )


def _has_colours(path: Path, named: bool) -> bool:
    """Whether a label map holds colours: any, also greys, where the classes are named by theirs.

    A palette counts for colours only there; else its numbers are ids, as VOC has them.
    """
    upright_size(path)  # which says what is no image
    with open_image(path) as image:
        if image.mode not in (('RGB', 'RGBA', 'P') if named else ('RGB', 'RGBA')):
            return False
        if named and image.mode != 'P':
            return True
        bands = np.asarray(image.convert('RGB'))
    return bool((bands != bands[..., :1]).any())


def _some_colours(path: Path) -> str:
    with open_image(path) as image:
        found = np.unique(np.asarray(image.convert('RGB')).reshape(-1, 3), axis=0)
    return ', '.join(str(tuple(int(v) for v in colour)) for colour in found[:8])


def _count(path: Path, image: Path, labels: Names) -> Counter[int]:
    """Pixels of each id; of colours by the place of their class."""
    width, height = upright_size(image)
    size = (height, width)
    if isinstance(next(iter(labels.values())), tuple):
        table = np.array(list(labels.values()), np.uint8)
        ids = read_label_colours(str(path), table, size=size, img_path=str(image))
    else:
        ids = read_labels(str(path), size=size, img_path=str(image))
        unnamed = sorted({*np.unique(ids).tolist()} - {IGNORE_INDEX, *labels.values()})
        if unnamed:
            raise UserError(
                f'{path}: it holds the id {unnamed[0]}, but --classes names '
                f'{", ".join(f"{number} {name}" for name, number in labels.items())}: name it too.'
            )
    values, counts = np.unique(ids, return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))


def _sizes(images: Sequence[Path]) -> str:
    sizes = [upright_size(path) for path in images]
    low, high = min(sizes), max(sizes)
    return f'{low[0]}x{low[1]}' + (f' to {high[0]}x{high[1]}' if low != high else '') + ' pixels'


def evenly(number: int) -> list[int]:
    """At most so many of 0, 1, ... as are looked at."""
    return np.unique(np.linspace(0, number - 1, _LOOKED_AT).astype(int)).tolist()
