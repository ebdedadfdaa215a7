"""Which checkpoint an interrupted training goes on from."""

import os
import re
from pathlib import Path

_NUMBERED = re.compile(r'(?:epoch|iter)_(\d+)\.pth')


def latest_checkpoint(work_dir: str | Path) -> str | None:
    """The checkpoint named in ``last_checkpoint``; where that is gone, the newest numbered one.

    A work dir that was moved or copied names a file of its old place: the file of the same name
    in the new one is taken.
    """
    work_dir = Path(work_dir)
    pointer = work_dir / 'last_checkpoint'
    if pointer.is_file() and (text := os.fsdecode(pointer.read_bytes()).strip()):
        for named in (work_dir / Path(text).name, Path(text)):
            if named.is_file():
                return str(named)
    numbered = {
        path: int(match[1])
        for path in work_dir.glob('*.pth')
        if (match := _NUMBERED.fullmatch(path.name))
    }
    return str(max(numbered, key=numbered.__getitem__)) if numbered else None
