"""Read and write files and folders safely: temporary names, then a rename."""

import contextlib
import hashlib
import io
import json
import math
import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from seginpaint_mm.errors import UserError

_LONGEST_NAME = 255  # bytes, of most file systems
_JPEG_SUFFIXES = ('.jpg', '.jpeg', '.jpe')
_MOST_EXIF = 65_000  # bytes that a JPEG holds in one piece
_PNG_HEADER = 33  # bytes: the signature and the chunk IHDR


def write_bytes(path: str | Path, data: bytes | Iterable[bytes], *, durable: bool = True) -> None:
    """Write ``data`` under a temporary name beside ``path``, then rename it.

    Args:
        path: The file.
        data: What it is to hold, also in pieces.
        durable: Wait until it is on the disk, so that it survives a power cut too.

    Raises:
        OSError: when the file cannot be written; the sentence names it and the reason.
    """
    path = Path(path)
    partial = path.with_name(f'{path.name}.{os.getpid()}.partial')
    if len(os.fsencode(partial.name)) > _LONGEST_NAME:
        digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
        partial = path.with_name(f'{digest}.{os.getpid()}.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, 'wb') as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        _remove(partial)
        reason = getattr(error, 'strerror', error)
        raise OSError(
            f'Cannot write {path} ({reason}): free some space or choose another folder; what was '
            f'there before is untouched.'
        ) from error


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text, names of files that are not as they are; see :func:`write_bytes`."""
    write_bytes(path, text.encode(errors='surrogateescape'))


def write_json(path: str | Path, value: object) -> None:
    """Write a value as indented JSON; see :func:`json_text` and :func:`write_bytes`."""
    write_text(path, json_text(value, indent=2) + '\n')


def json_text(value: object, indent: int | None = None) -> str:
    """Return a value as JSON.

    NumPy's numbers are written as Python's. JSON has no NaN and no infinity: they become null, as
    other programs refuse a file with the bare words.
    """
    return json.dumps(_finite(value), indent=indent, default=_plain_number, allow_nan=False)


def write_image(
    path: str | Path,
    image: np.ndarray,
    icc_profile: bytes | None = None,
    exif: bytes | None = None,
) -> None:
    """Write an image in the format of the path's suffix; see :func:`write_bytes`.

    Args:
        path: Ends in a suffix that OpenCV knows, e.g. ``.png`` or ``.jpg``.
        image: uint8 (H, W) or BGR (H, W, 3); for PNG also BGRA (H, W, 4), and uint16.
        icc_profile: Of its colours, which then has 3 or 4 channels; for PNG and JPEG.
        exif: As a TIFF structure; for PNG and JPEG.

    Raises:
        ValueError: when OpenCV cannot write that format, or not that large.
    """
    suffix = Path(path).suffix.lower()
    # not of the whole path, which OpenCV's bindings crash on where it is not UTF-8
    if not suffix.isascii() or not suffix or not cv2.haveImageWriter(f'image{suffix}'):
        raise ValueError(f'{path}: images cannot be written as {suffix!r}; use .png or .jpg.')
    image = np.ascontiguousarray(image)
    if suffix in _JPEG_SUFFIXES and (icc_profile or exif):
        write_bytes(path, _jpeg(image, icc_profile, exif))
        return
    try:
        is_done, encoded = cv2.imencode(suffix, image)
    except cv2.error:
        is_done = False
    if not is_done:
        height, width = image.shape[:2]
        raise ValueError(
            f'{path}: {width}x{height} pixels ({image.dtype}) cannot be written as {suffix}: take '
            f'another format, or a smaller image.'
        )
    data = encoded.tobytes()
    if suffix == '.png':
        data = _with_chunks(data, icc_profile, exif)
    write_bytes(path, data)


def encode_png(
    image: np.ndarray, icc_profile: bytes | None = None, exif: bytes | None = None
) -> bytes:
    """Return the PNG that :func:`write_image` would write.

    Raises:
        ValueError: when OpenCV cannot write it.
    """
    is_done, encoded = cv2.imencode('.png', np.ascontiguousarray(image))
    if not is_done:
        raise ValueError(f'{image.shape} values of {image.dtype} cannot be written as PNG.')
    return _with_chunks(encoded.tobytes(), icc_profile, exif)


def _with_chunks(png: bytes, icc_profile: bytes | None, exif: bytes | None) -> bytes:
    """Put a profile and EXIF between a PNG's header and its pixels: OpenCV writes neither."""
    chunks = b''
    if icc_profile:
        chunks += _chunk(b'iCCP', b'ICC profile\0\0' + zlib.compress(icc_profile))
    if exif:
        chunks += _chunk(b'eXIf', exif)
    return png[:_PNG_HEADER] + chunks + png[_PNG_HEADER:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def _jpeg(image: np.ndarray, icc_profile: bytes | None, exif: bytes | None) -> bytes:
    """By Pillow, in OpenCV's quality."""
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    colours = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    file = io.BytesIO()
    options = {'exif': b'Exif\0\0' + exif} if exif and len(exif) < _MOST_EXIF else {}
    Image.fromarray(colours).save(file, 'JPEG', quality=95, icc_profile=icc_profile, **options)
    return file.getvalue()


def check_writable(folder: str | Path) -> None:
    """Create ``folder`` and write a file of 64 KiB into it, which is removed again.

    Raises:
        OSError: when the folder cannot be created or written, or its disk is full.
    """
    probe = Path(folder) / f'.writable.{os.getpid()}'
    try:
        write_bytes(probe, bytes(64 * 1024))
        probe.unlink()
    except OSError as error:
        reason = getattr(error.__cause__, 'strerror', None) or error.strerror
        raise OSError(
            f'Cannot write into the folder {folder} ({reason}): free some space, mend its '
            f'permissions, or choose another folder.'
        ) from error


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value


def _plain_number(value: object) -> int | float:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f'{type(value).__name__} cannot be written as JSON.')


def _remove(partial: Path) -> None:
    with contextlib.suppress(OSError, ValueError):  # the folder itself may be what is broken
        partial.unlink(missing_ok=True)


def claim_folder(note: Path, wanted: dict, *, what: str) -> None:
    """Make the note's folder and write the note, or see that it says the same.

    Args:
        note: The note's path; the folder is its parent.
        wanted: What is to be made, as JSON can hold it.
        what: What it is, for errors, e.g. ``'a Street data set'``.

    Raises:
        UserError: The folder holds something else, or its note is damaged.
        OSError: The folder or the note cannot be written.
    """
    root = note.parent
    root.mkdir(parents=True, exist_ok=True)
    wanted = json.loads(json.dumps(wanted))
    if note.exists():
        found = read_note(note)
        if found != wanted:
            raise UserError(
                f'{root} holds {what} made with {found}, not {wanted}: give the same options or '
                f'another folder.'
            )
    elif any(root.iterdir()):
        raise UserError(f'{root} holds other files: give an empty or a new folder.')
    else:
        write_json(note, wanted)


def read_note(note: Path) -> dict:
    """What the note says.

    Raises:
        UserError: It is damaged.
    """
    try:
        found = json.loads(note.read_text())
    except ValueError as error:
        raise UserError(f'{note} is damaged: give another folder.') from error
    if not isinstance(found, dict):
        raise UserError(f'{note} is damaged: give another folder.')
    return found
