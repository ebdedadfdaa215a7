"""Split images into training and validation: by share and seed, or by lists."""

import codecs
import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text_list(path: Path, what: str, how_to_get: str) -> str:
    """Read a text in UTF-8, or in UTF-16 with its mark, which Windows' shell writes.

    Args:
        path: The file.
        what: What it is, for errors, e.g. ``'list of images'``.
        how_to_get: A sentence for the error: where the data comes from.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when it is no such text, e.g. Latin-1.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: there is no such {what}. {how_to_get}')
    data = path.read_bytes()
    encoding = 'utf-16' if data.startswith(_UTF_16) else 'utf-8-sig'
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        raise ValueError(
            f'{path}: line {line} of this {what} is not text in UTF-8 (it may be Latin-1 or '
            f'another code): save the file as UTF-8.'
        ) from error
    if '\0' in text:
        raise ValueError(
            f'{path}: this {what} holds zero bytes, as UTF-16 without its mark has: save the file '
            f'as UTF-8.'
        )
    return text


PARTS = ('train', 'val')


def choose_images(
    images: Sequence[Path],
    folder: Path,
    *,
    list_file: Path | None = None,
    part: str | None = None,
    val_share: float = 0.2,
    split_seed: int = 0,
) -> list[Path]:
    """Choose the images of a split; all of them without ``list_file`` and ``part``.

    Args:
        images: Paths below ``folder``.
        folder: Where the images are.
        list_file: Text with one image per line: its path below ``folder``, with or without suffix;
            what follows a blank after it (e.g. the path of its labels) is not read.
        part: ``'train'`` or ``'val'``: a random part of the images, the same on every machine. An
            image keeps its part when others are added, as far as the share allows.
        val_share: Share of the images in ``'val'``, in (0, 1); at least one in each part.
        split_seed: Varies the parts.

    Returns:
        list[Path]: In the order of ``images``.

    Raises:
        FileNotFoundError: when the list, or an image that it names, is not there.
        ValueError: when an option is out of its range, the list is empty or names an image twice,
            or there are too few images to divide.
    """
    if list_file is not None and part is not None:
        raise ValueError(
            f'list_file={str(list_file)!r} and part={part!r} both say which images are taken: '
            f'leave one out.'
        )
    if list_file is not None:
        return _listed(images, folder, list_file)
    if part is None:
        return list(images)
    if part not in PARTS:
        raise ValueError(f"part must be 'train' or 'val', not {part!r}.")
    if not 0 < val_share < 1:
        raise ValueError(f'val_share must be between 0 and 1, not {val_share!r}.')
    if len(images) < 2:
        raise ValueError(f'{folder}: one image cannot be divided into train and val: add some.')
    names = [path.relative_to(folder).as_posix() for path in images]
    order = sorted(range(len(images)), key=lambda k: (_digest(split_seed, names[k]), k))
    number = min(max(1, round(val_share * len(images))), len(images) - 1)
    val = set(order[:number])
    return [path for k, path in enumerate(images) if (k in val) == (part == 'val')]


def _digest(seed: int, name: str) -> bytes:
    return hashlib.sha256(f'{seed}:{name}'.encode(errors='surrogateescape')).digest()


def _listed(images: Sequence[Path], folder: Path, list_file: Path) -> list[Path]:
    text = read_text_list(
        list_file, 'list of images', 'One image per line, or leave list_file out.'
    )
    by_name = {}
    for path in images:
        place = path.relative_to(folder)
        by_name[place.as_posix()] = by_name[place.with_suffix('').as_posix()] = path
    chosen: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name = line.strip()
        if not name:
            continue
        path = by_name.get(_plain(name)) or by_name.get(_plain(name.split()[0]))
        if path is None:
            raise FileNotFoundError(
                f'{list_file}: line {number} names {name!r}, but {folder} has no such image: write '
                f"images' paths below that folder, e.g. {next(iter(by_name), 'a.jpg')!r}."
            )
        if path in chosen:
            raise ValueError(
                f'{list_file}: lines {chosen[path]} and {number} name the same image: remove one.'
            )
        chosen[path] = number
    if not chosen:
        raise ValueError(f'{list_file}: there is no image in this list: write one per line.')
    return [path for path in images if path in chosen]


def _plain(name: str) -> str:
    return str(PurePosixPath(name.replace('\\', '/')))
