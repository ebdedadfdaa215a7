"""Writing files whole or not at all: a reader never sees half a file, not even after a kill."""

import contextlib
import io
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image


def write_bytes(path: str | Path, data: bytes, *, durable: bool = True) -> None:
    """Write ``data`` under a temporary name beside ``path``, then rename it.

    Args:
        path: The file.
        data: What it is to hold.
        durable: Wait until it is on the disk, so that it survives a power cut too.

    Raises:
        OSError: when the file cannot be written; the sentence names it and the reason.
    """
    path = Path(path)
    partial = path.with_name(f'{path.name}.{os.getpid()}.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, 'wb') as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        _remove(partial)
        raise OSError(
            f'Cannot write {path} ({error.strerror}): free some space or choose another folder; '
            f'what was there before is untouched.'
        ) from error


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text; see :func:`write_bytes`."""
    write_bytes(path, text.encode())


def write_json(path: str | Path, value: object) -> None:
    """Write a value as indented JSON; see :func:`write_bytes`.

    NumPy's numbers are written as Python's. JSON has no NaN and no infinity: they become null, as
    other programs refuse a file with the bare words.
    """
    text = json.dumps(_finite(value), indent=2, default=_plain_number, allow_nan=False)
    write_text(path, text + '\n')


def write_image(path: str | Path, image: np.ndarray, icc_profile: bytes | None = None) -> None:
    """Write a picture in the format of the path's suffix; see :func:`write_bytes`.

    Args:
        path: Ends in a suffix that OpenCV knows, e.g. ``.png`` or ``.jpg``.
        image: uint8 (H, W) or BGR (H, W, 3); for PNG also BGRA (H, W, 4), or uint16 (H, W).
        icc_profile: Of its colours, which then has 3 or 4 channels; for PNG and JPEG.

    Raises:
        ValueError: when OpenCV cannot write that format.
    """
    suffix = Path(path).suffix
    if not suffix or not cv2.haveImageWriter(str(path)):
        raise ValueError(f'{path}: pictures cannot be written as {suffix!r}; use .png or .jpg.')
    if icc_profile is not None:
        write_bytes(path, _with_profile(suffix, image, icc_profile))
        return
    _, encoded = cv2.imencode(suffix, np.ascontiguousarray(image))
    write_bytes(path, encoded.tobytes())


def _with_profile(suffix: str, image: np.ndarray, icc_profile: bytes) -> bytes:
    """By Pillow, as OpenCV writes no profiles; JPEG in OpenCV's quality."""
    swapped = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    file = io.BytesIO()
    options = dict(quality=95) if suffix.lower() in ('.jpg', '.jpeg') else {}
    Image.fromarray(cv2.cvtColor(np.ascontiguousarray(image), swapped)).save(
        file, Image.registered_extensions()[suffix.lower()], icc_profile=icc_profile, **options
    )
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
    with contextlib.suppress(OSError):  # the folder itself may be what is broken
        partial.unlink(missing_ok=True)
