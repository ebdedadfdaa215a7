"""Tables that name the classes of objects by their numbers: CSV or JSON files, one or many."""

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seginpaint_mm.datasets.coco_json import read_json, shown
from seginpaint_mm.datasets.splits import read_text_list

_MOST_DIGITS = 10
_TABLE = 'table of the classes of objects'
Table = Mapping[int, str]  # an object's number -> its class


def classes_of_tables(root: Path, table_file: str) -> list[str]:
    """Return the classes that the tables of a folder name, in the order of the alphabet.

    Args:
        root: The folder.
        table_file: As :class:`FolderInstanceDataset` takes it.
    """
    if '{name}' in table_file:
        tables = [read_table(path) for path in sorted(root.glob(table_file.format(name='*')))]
    else:
        tables = list(read_tables(root / table_file).values())
    return sorted({name for table in tables for name in table.values()})


def table_of(tables: Mapping[str, Table], image: Path, path: Path) -> Table:
    """Return the table of an image, under its name with or without suffix."""
    keys = names_of(image)
    found = [key for key in dict.fromkeys(keys) if key in tables]
    if len(found) > 1:
        raise ValueError(f'{path}: both {found[0]!r} and {found[1]!r} are {image}: keep one name.')
    return tables[found[0]] if found else {}


def names_of(image: Path) -> list[str]:
    """Its name without and with suffix, in the form of Unicode that tables are compared in."""
    return [unicodedata.normalize('NFC', name) for name in (image.stem, image.name)]


def read_table(path: Path) -> Table:
    """Read the class of each number, of the objects of one image."""
    if path.suffix.lower() == '.json':
        return _numbered(path, read_json(path, what=_TABLE, how_to_get=''))
    table: dict[int, str] = {}
    for number, name in _numbered_lines(path, 2):
        _add(table, number, name, path)
    return table


def read_tables(path: Path) -> Mapping[str, Table]:
    """Read the tables of all images, by their names with or without suffix."""
    if path.suffix.lower() == '.json':
        content = read_json(path, what=_TABLE, how_to_get='')
        if not isinstance(content, dict):
            raise ValueError(f'{path}: {_TABLE} is a JSON object, {{"image": {{"1": "person"}}}}.')
        return {
            unicodedata.normalize('NFC', image): _numbered(path, table)
            for image, table in content.items()
        }
    tables: dict[str, dict[int, str]] = {}
    for image, number, name in _numbered_lines(path, 3):
        _add(tables.setdefault(unicodedata.normalize('NFC', image), {}), number, name, path, image)
    return tables


def _add(table: dict[int, str], number: int, name: str, path: Path, image: str = '') -> None:
    if table.setdefault(number, name) != name:
        of = f' of {image}' if image else ''
        raise ValueError(f'{path}: object {number}{of} is of two classes.')


def _numbered(path: Path, table: object) -> Table:
    items = table.items() if isinstance(table, dict) else ()
    if not isinstance(table, dict) or not all(
        number.isdecimal() and isinstance(name, str) and name.strip() for number, name in items
    ):
        raise ValueError(
            f'{path}: the classes of the objects of an image are {{"1": "person", ...}}, not '
            f'{shown(table)}.'
        )
    numbered: dict[int, str] = {}
    for number, name in items:
        _add(numbered, _number(number, path), name.strip(), path)
    return numbered


def _number(text: str, path: Path) -> int:
    """The number of an object, of decimal digits."""
    if len(text) > _MOST_DIGITS or int(text) == 0:
        raise ValueError(
            f'{path}: {shown(text)} is no number of an object: 0 is the background, and a map has '
            f'at most 32 bits.'
        )
    return int(text)


def _numbered_lines(path: Path, columns: int) -> Iterator[tuple[Any, ...]]:
    """Lines of a CSV file; ``number`` before the last column is an integer; a header is passed."""
    text = read_text_list(path, _TABLE, '')
    delimiter = max(',;\t', key=text.count)
    try:
        lines = list(csv.reader(text.splitlines(), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(f'{path}: this is no CSV ({error}): mend its quotes.') from error
    for place, line in enumerate(lines, start=1):
        words = [word.strip() for word in line]
        if not any(words):
            continue
        if len(words) == columns and words[-2].isdecimal() and words[-1]:
            yield (*words[:-2], _number(words[-2], path), words[-1])
        elif place > 1:
            raise ValueError(
                f'{path}: line {place} is {shown(delimiter.join(line))}, not '
                f'{"image,number,class" if columns == 3 else "number,class"}.'
            )
