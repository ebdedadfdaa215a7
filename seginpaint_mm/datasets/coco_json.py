"""Read JSON in COCO's form, with errors that name the file and the entry."""

import json
import os
import reprlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

Id = int | str
_COMPRESSED = (b'\x1f\x8b', b'PK\x03\x04', b'BZh', b'\xfd7zXZ')  # gzip, zip, bzip2, xz
_EXACT = 1 << 53  # above, different whole numbers are the same float
_LONGEST_SIDE = 1 << 16
_LONGEST = 40  # characters of a value in an error
_brief = reprlib.Repr()  # deeply nested lists would end repr in a RecursionError
_brief.maxstring = _brief.maxlong = _brief.maxother = _LONGEST


def read_json(path: Path, *, what: str, how_to_get: str) -> object:
    """Read a JSON file in UTF-8 (or UTF-16 or 32).

    Args:
        path: The file.
        what: What it should be, for the error, e.g. ``"COCO's JSON of instances"``.
        how_to_get: A sentence for the error: where the data comes from.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is compressed, is not JSON, is nested too deeply, or has a key twice.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such file. {how_to_get}')
    data = path.read_bytes()
    if data.startswith(_COMPRESSED):
        raise ValueError(f'{path}: this file is compressed: unpack it, and give the JSON in it.')
    try:
        return json.loads(data, object_pairs_hook=_without_repetition)
    except RecursionError:
        raise ValueError(f'{path}: this is not {what}: its lists are nested too deeply.') from None
    except ValueError as error:
        raise ValueError(f'{path}: this is not {what} ({error}): give that file.') from error


def _without_repetition(pairs: list[tuple[str, object]]) -> dict:
    item = dict(pairs)
    if len(item) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'the key {repeated!r} stands twice in one object')
    return item


class Entry:
    """A dictionary in a JSON file, whose values are checked when they are read.

    Args:
        item: What stands there.
        name: What errors call it, e.g. ``'annotation 3'``.
        path: The file.

    Raises:
        ValueError: here and in all methods, in one sentence, when a value is missing or wrong.
    """

    def __init__(self, item: object, name: str, path: str | Path) -> None:
        self.item, self.name, self.path = item, name, path
        if not isinstance(item, dict):
            raise self.error(f'is {shown(item)}, not an object with keys: mend or delete it')

    def error(self, text: str) -> ValueError:
        """An error that names the file and the entry."""
        return ValueError(f'{self.path}: {self.name} {text}.')

    def value(self, key: str) -> object:
        """Return the value of a key."""
        if key not in self.item:
            raise self.error(f'has no {key!r}: add it, or leave {self.name} out')
        return self.item[key]

    def identifier(self, key: str) -> Id:
        """A whole number or a text."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise self.error(f'has {key} {shown(value)}: an id is a whole number or a text')
        if isinstance(value, float) and not (value.is_integer() and abs(value) < _EXACT):
            raise self.error(f'has {key} {value}: an id is a whole number or a text')
        return value if isinstance(value, str) else int(value)

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            raise self.error(f'has {key} {shown(value)}: write a text')
        if not value.isprintable():  # nor can it be a path
            raise self.error(f'has {key} {shown(value)}, with characters that cannot be shown')
        return value

    def whole(self, key: str, *, lowest: int, highest: int) -> int:
        """A whole number from ``lowest`` to ``highest``; 64.0 is one, the text '64' is not."""
        value = self.value(key)
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not lowest <= value <= highest or value != int(value):
            raise self.error(
                f'has {key} {shown(value)}: write a whole number from {lowest} to {highest}, '
                f'without quotes'
            )
        return int(value)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """0 or 1, also as false or true; without the key the default, if there is one."""
        if default is not None and key not in self.item:
            return default
        value = self.value(key)
        if not isinstance(value, (bool, int, float)) or value not in (0, 1):
            raise self.error(f'has {key} {shown(value)}: write 0 or 1, without quotes')
        return bool(value)

    def entries(self, key: str, kind: str, *, by_place: bool = False) -> list['Entry']:
        """The dictionaries of a list.

        Args:
            key: Of the list.
            kind: What errors call each of them, before its id.
            by_place: Call them by their places, from 1 on, which those without id are in any case.
        """
        items = self.value(key)
        if not isinstance(items, list):
            raise self.error(f'has {key} {shown(items)} instead of a list')
        return [
            Entry(item, f'{kind} {number if by_place else _id_or_place(item, number)}', self.path)
            for number, item in enumerate(items, start=1)
        ]


def _id_or_place(item: object, number: int) -> str:
    found = item.get('id') if isinstance(item, dict) else None
    return f'number {number}' if found is None else shown(found)


def shown(value: object) -> str:
    """A value in an error, shortened; texts are in quotes."""
    text = _brief.repr(value)
    return text if len(text) <= _LONGEST else f'{text[: _LONGEST - 3]}...'


@dataclass(frozen=True)
class CocoIndex:
    """The parts of a file in COCO's form, by their ids.

    Attributes:
        images: Each with ``file_name``.
        categories: Each with ``name``; empty where the file has none.
        annotations: Those of each image that has any, in the order of the file.
    """

    images: dict[Id, Entry]
    categories: dict[Id, Entry]
    annotations: dict[Id, list[Entry]]


def index_coco(
    content: object, path: str | Path, *, what: str, need_categories: bool = True
) -> CocoIndex:
    """Index images, annotations and categories, and check that they belong together.

    Args:
        content: What the JSON holds.
        path: The file, for errors.
        what: What it should be, for errors.
        need_categories: Whether ``categories`` must be there.

    Raises:
        ValueError: when a part is missing or broken, an id, a file name or a category's name
            stands twice, or an annotation is of an unknown image or category.
    """
    whole = Entry(content if isinstance(content, dict) else {}, 'the file', path)
    for part in ('images', 'annotations', *(['categories'] if need_categories else [])):
        if part not in whole.item or (part != 'annotations' and not whole.item[part]):
            raise ValueError(f'{path}: this is not {what} (it has no {part}): give that file.')
    images = by_id(whole.entries('images', 'image'))
    unique(images.values(), 'file_name', 'Its objects would be divided')
    categories = {}
    if 'categories' in whole.item:
        categories = by_id(whole.entries('categories', 'category'))
        unique(categories.values(), 'name', 'Which of them is meant is not known')
    annotations: dict[Id, list[Entry]] = {}
    for entry in whole.entries('annotations', 'annotation'):
        annotations.setdefault(reference(entry, 'image_id', images, 'image'), []).append(entry)
        if categories and 'category_id' in entry.item:
            reference(entry, 'category_id', categories, 'category')
    return CocoIndex(images, categories, annotations)


def by_id(entries: Iterable[Entry], read: Callable[[Entry], Id] | None = None) -> dict[Id, Entry]:
    """Entries by their ``id``.

    Raises:
        ValueError: when one has none, or two have the same.
    """
    found: dict[Id, Entry] = {}
    for entry in entries:
        number = entry.identifier('id') if read is None else read(entry)
        if number in found:
            raise entry.error('stands twice: give each its own id, in the annotations too')
        found[number] = entry
    return found


def unique(entries: Iterable[Entry], key: str, why: str) -> None:
    """See that no text stands at a key of two entries.

    Raises:
        ValueError: when one does, or it is no text; ``why`` is put into the sentence.
    """
    seen: dict[str, Entry] = {}
    for entry in entries:
        text = entry.text(key)
        same = os.path.normpath(text) if key == 'file_name' else text
        if same in seen:
            raise entry.error(
                f'has the {key} {text!r}, as {seen[same].name} has. {why}: give each its own, or '
                f'merge them'
            )
        seen[same] = entry


def reference(entry: Entry, key: str, of: dict[Id, Entry], kind: str) -> Id:
    """The id of another entry.

    Raises:
        ValueError: when there is no such entry, e.g. as one is a text and the other a number.
    """
    number = entry.identifier(key)
    if number in of:
        return number
    known = f'those that there are have ids as {shown(next(iter(of)))}' if of else 'there is none'
    raise entry.error(
        f'has {key} {shown(number)}, but there is no such {kind} ({known}; a number and a text are '
        f'not the same): add it, or leave {entry.name} out'
    )


def in_order(ids: Iterable[Id]) -> list[Id]:
    """Sort ids: numbers first, then texts."""
    return sorted(ids, key=lambda number: (isinstance(number, str), number))


def size_of(image: Entry) -> tuple[int, int]:
    """(height, width) that is written of an image."""
    height, width = (
        image.whole(key, lowest=1, highest=_LONGEST_SIDE) for key in ('height', 'width')
    )
    return height, width
