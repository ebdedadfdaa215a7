"""Lists in text files: of images, of objects."""

import codecs
from pathlib import Path

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
