"""Downloading weights: resumed, checked before anything loads them, whole or not at all."""

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.zoo.weights import CACHE, Weights

PAUSE = 1.0  # seconds before another attempt
_FRUITLESS = 3  # attempts in turn that bring nothing
_TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 1 << 20
_PIECE = 1 << 16  # bytes that a kill may lose
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # HTTP statuses that may be gone in a while
Show = Callable[[int, int | None], None]  # bytes so far, bytes in all


def fetch(weights: Weights, show_progress: bool = True) -> Path:
    """Return the file of some weights, downloaded where it is not in the cache, and checked.

    An interrupted download goes on where it was, also in another process; of two processes at once
    one downloads and the other waits. Proxies are those of the environment (``https_proxy``, ...).

    Args:
        weights: Of :data:`seginpaint_mm.zoo.WEIGHTS`.
        show_progress: Draw a bar on standard error while it is downloaded.

    Raises:
        CheckpointError: when it cannot be downloaded, or the file is another one; one sentence with
            the address and the place of the file.
        OSError: when the cache cannot be written.
    """
    path = weights.path
    if not path.is_file():
        lock = _locked(path)
        try:
            if not path.is_file():  # another process may have brought it
                _download(weights, path, show_progress)
                return path  # it was checked before it got its name
        finally:
            lock.release()
    check_file(weights, path)
    return path


def check_file(weights: Weights, path: Path) -> None:
    """Refuse a file that is not the published one.

    Raises:
        CheckpointError: one sentence with both checksums.
    """
    objection = _difference(weights, path)
    if objection:
        raise CheckpointError(
            f'{path} is not the published file of {weights.name} ({objection}), and is not loaded: '
            f'remove it, and fetch {weights.url} again.'
        )


def digests(path: Path) -> dict[str, str]:
    """Return the ``md5`` and ``sha256`` of a file, in hexadecimal."""
    found = {'md5': hashlib.md5(usedforsecurity=False), 'sha256': hashlib.sha256()}
    with open(path, 'rb') as file:
        while chunk := file.read(_CHUNK):
            for digest in found.values():
                digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in found.items()}


def _difference(weights: Weights, path: Path) -> str | None:
    found = digests(path)
    if weights.md5 not in (None, found['md5']):
        return f'MD5 {found["md5"]} instead of {weights.md5}'
    if not found['sha256'].startswith(weights.sha256):
        return f'SHA-256 {found["sha256"]} instead of {weights.sha256}...'
    return None


def _locked(path: Path) -> FileLock:
    """Wait until no other process downloads to ``path``."""
    lock = FileLock(f'{path}.lock')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise OSError(
            f'Cannot write into the cache {path.parent} ({error.strerror or error}): name another '
            f'folder by {CACHE}.'
        ) from error
    return lock


def _download(weights: Weights, path: Path, show_progress: bool) -> None:
    """Bring the file to ``path``, by way of a partial one that a later call can go on with."""
    partial = path.with_name(f'{path.name}.partial')
    console = Console(stderr=True)
    if show_progress:
        console.print(f'{weights.what}, {weights.licence}: {weights.url}', soft_wrap=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(
        TextColumn(weights.name), *columns, console=console, disable=not show_progress
    ) as bar:
        task = bar.add_task(weights.name, total=None)

        def show(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        was_resumed = _size(partial) > 0
        was_resumed |= _receive_all(weights, partial, show)
        objection = _difference(weights, partial)
        if objection and was_resumed:  # perhaps its beginning is of another file
            partial.unlink()
            _receive_all(weights, partial, show)
            objection = _difference(weights, partial)
    if objection:
        partial.unlink()
        raise CheckpointError(
            f'What {weights.url} gives is not the published file of {weights.name} ({objection}), '
            f'and was removed: try again later, or put the published file at {path}.'
        )
    os.replace(partial, path)


def _receive_all(weights: Weights, partial: Path, show: Show) -> bool:
    """Let ``partial`` grow until it is whole; return whether the connection broke on the way.

    Raises:
        CheckpointError: there is no network, no such file, or no room.
    """
    was_broken, fruitless = False, 0
    while True:
        size = _size(partial)
        try:
            _receive(weights.url, partial, show)
        except (OSError, http.client.HTTPException) as error:
            was_broken = True
            fruitless = 0 if _size(partial) > size else fruitless + 1
            if fruitless >= _FRUITLESS or _is_final(error):
                raise CheckpointError(_not_downloaded(weights, error)) from error
            time.sleep(PAUSE)
        else:
            return was_broken


def _receive(url: str, partial: Path, show: Show) -> None:
    """Append to ``partial`` what it lacks.

    Raises:
        OSError, http.client.HTTPException: when the connection breaks; what came is kept.
    """
    begun = _size(partial)
    request = urllib.request.Request(url)
    if begun:
        request.add_header('Range', f'bytes={begun}-')
    try:
        opener = urllib.request.build_opener()  # with the proxies of now
        response = opener.open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if (
            begun and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        ):  # it is whole already, or longer than the file
            if error.headers.get('Content-Range', '').rpartition('/')[2] != str(begun):
                partial.unlink()
                return _receive(url, partial, show)
            return None
        raise
    with response:
        first = response.headers.get('Content-Range', '').removeprefix('bytes ').partition('-')[0]
        goes_on = response.status == HTTPStatus.PARTIAL_CONTENT and first == str(begun)
        begun = begun if goes_on else 0  # a server that ignores ranges sends all of it
        length = response.headers.get('Content-Length')
        total = begun + int(length) if length else None
        with open(partial, 'ab' if goes_on else 'wb', buffering=0) as file:
            show(begun, total)
            while chunk := response.read(_PIECE):
                file.write(chunk)
                begun += len(chunk)
                show(begun, total)
            os.fsync(file.fileno())
    if total is not None and begun < total:
        raise http.client.IncompleteRead(b'', total - begun)
    return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_final(error: Exception) -> bool:
    """Whether another attempt would end alike: the disk is full, the file is not there."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code not in _PASSING
    is_of_network = isinstance(
        error, (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
    )
    return not is_of_network


def _not_downloaded(weights: Weights, error: Exception) -> str:
    reason = getattr(error, 'reason', None) or getattr(error, 'strerror', None) or error
    if isinstance(error, http.client.IncompleteRead):
        reason = 'the connection breaks again and again'
    return (
        f'{weights.name} cannot be downloaded ({reason}): get {weights.url} where there is a '
        f'network, and put the file at {weights.path}.'
    )
