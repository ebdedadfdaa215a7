"""Images in tar files, read where they lie: nothing is extracted to disk."""

import glob
import itertools
import math
import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from seginpaint_mm.errors import UserError

TAR = '.tar'
_COMPRESSED = ('.tar.gz', '.tgz', '.tar.bz2', '.tbz2', '.tar.xz', '.txz', '.tar.zst')
_RANGE = re.compile(r'\{(\d+)\.\.(\d+)\}')
_DIGITS, _MOST_SHARDS = 18, 1_000_000
_BLOCK = 512  # bytes: every header and every file begins at a multiple
_KEPT = 1000  # headers that tarfile remembers, which we do not need


@dataclass(frozen=True)
class PackedFile:
    """A file in a tar file.

    Attributes:
        archive: The tar file.
        member: The file's name in it.
        start: Where its bytes begin.
        size: Their number.
        fault: Why it cannot be read, a sentence; None where it can.
    """

    archive: Path
    member: str
    start: int = 0
    size: int = 0
    fault: str | None = None

    def __str__(self) -> str:
        return f'{self.archive}/{self.member}' if self.member else str(self.archive)

    @property
    def path(self) -> PurePosixPath:
        """Its name as a relative path that leads nowhere else, also where the tar's says so."""
        parts = PurePosixPath(self.member).parts
        return PurePosixPath(*(part for part in parts if part not in ('/', '..')))

    @property
    def name(self) -> str:
        """The last part of its name."""
        return self.path.name

    def read_bytes(self) -> bytes:
        """Read its content.

        Raises:
            OSError: when the tar file cannot be read.
            ValueError: when it has a fault, or the tar file is cut off in it.
        """
        if self.fault is not None:
            raise ValueError(f'{self}: {self.fault}')
        with open(self.archive, 'rb') as file:
            file.seek(self.start)
            data = file.read(self.size)
        if len(data) < self.size:
            raise ValueError(
                f'{self}: the tar file is cut off in this file, which has {len(data)} of '
                f'{self.size} bytes: fetch it again.'
            )
        return data


def is_tar(path: str | Path) -> bool:
    """Return whether a path is called as a tar file is, also a compressed one."""
    return str(path).lower().endswith((TAR, *_COMPRESSED))


def expand_shards(pattern: str | Path) -> list[Path]:
    """List the tar files that a pattern names, as webdataset writes them.

    Args:
        pattern: ``shard-{000..009}.tar``, ``shards/*.tar``, or the path of one.

    Returns:
        list: Sorted where there are wildcards; those of ``{000..009}`` all, also absent ones.

    Raises:
        UserError: when no file fits the wildcards, or numbers decrease or are too many.

    Example:
        >>> [path.name for path in expand_shards('shard-{08..10}.tar')]
        ['shard-08.tar', 'shard-09.tar', 'shard-10.tar']
    """
    text = str(pattern)
    if os.path.lexists(text):
        return [Path(text)]
    found = []
    for name in _numbered(text):
        if not glob.has_magic(name):
            found.append(Path(name))
            continue
        fitting = sorted(glob.glob(name))
        if not fitting:
            raise UserError(f'{name}: no file fits: give tar files that are there.')
        found += map(Path, fitting)
    return found


def _numbered(text: str) -> list[str]:
    """Replace each ``{first..last}`` by its numbers, as wide as the first."""
    pieces = _RANGE.split(text)
    bounds = list(zip(pieces[1::3], pieces[2::3], strict=True))
    counts = [
        1 + int(last) - int(first) if len(first) <= _DIGITS and len(last) <= _DIGITS else 0
        for first, last in bounds
    ]
    if min(counts, default=1) < 1 or math.prod(counts) > _MOST_SHARDS:
        raise UserError(
            f'{text}: {{first..last}} are numbers that increase, and name at most {_MOST_SHARDS} '
            f'files in all.'
        )
    ranges = [
        [f'{number:0{len(first)}d}' for number in range(int(first), int(last) + 1)]
        for first, last in bounds
    ]
    return [
        ''.join(itertools.chain(*zip(pieces[::3], (*numbers, ''), strict=True)))
        for numbers in itertools.product(*ranges)
    ]


def list_members(archive: Path, suffixes: tuple[str, ...]) -> Iterator[PackedFile]:
    """List the files in a tar file whose names have one of the suffixes, in its order.

    Damaged places are passed over, up to the next header that is sound. They, and all else that
    keeps files from being read, are yielded as files with a fault.

    Args:
        archive: The tar file, not compressed.
        suffixes: In lower case.
    """
    if not archive.name.lower().endswith(TAR):
        yield PackedFile(
            archive, '', fault='single files of a compressed tar cannot be read: decompress it.'
        )
        return
    file: PackedFile | None = None
    try:
        with (
            open(archive, 'rb') as data,
            tarfile.open(fileobj=data, mode='r:', ignore_zeros=True) as tar,
        ):
            for file in _sound_members(archive, tar, suffixes):
                yield file
    except FileNotFoundError:
        yield PackedFile(archive, '', fault='there is no such file; expected a tar file here.')
    except OSError as error:
        yield PackedFile(archive, '', fault=f'cannot be read ({error.strerror}).')
    except tarfile.TarError as error:
        if file is not None and file.start + file.size > archive.stat().st_size:
            return  # which its own error says
        yield PackedFile(
            archive, '', fault=f'is no tar file, or damaged or cut off ({error}): fetch it again.'
        )


def _sound_members(
    archive: Path, tar: tarfile.TarFile, suffixes: tuple[str, ...]
) -> Iterator[PackedFile]:
    end, number = 0, 0
    for number, member in enumerate(tar, start=1):
        yield from _damage(archive, end, member.offset)
        end = member.offset_data + (-(-member.size // _BLOCK) * _BLOCK if member.isreg() else 0)
        if number % _KEPT == 0:
            tar.members = []
        file = PackedFile(archive, member.name, member.offset_data, member.size)
        if file.path.suffix.lower() not in suffixes or file.name.startswith('._') or member.isdir():
            continue
        fault = None
        if not member.isreg():
            fault = f'is a link to {member.linkname}: pack the file itself (tar --dereference).'
        elif member.issparse():
            fault = 'is packed with holes: pack it without tar --sparse.'
        yield PackedFile(archive, member.name, member.offset_data, member.size, fault)
    if not number and any(_damage(archive, 0, archive.stat().st_size)):
        raise tarfile.ReadError('it has no header')
    yield from _damage(archive, end, archive.stat().st_size)


def _damage(archive: Path, start: int, stop: int) -> Iterator[PackedFile]:
    """A file with a fault where there is something else than zeros between two files."""
    if start >= stop:
        return
    with open(archive, 'rb') as file:
        file.seek(start)
        left = stop - start
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            if any(block):
                yield PackedFile(
                    archive,
                    '',
                    fault=f'is damaged or cut off between byte {start} and byte {stop}, and files '
                    f'there are lost: fetch it again.',
                )
                return
            left -= len(block)
