"""The warnings of libjpeg, which OpenCV leaves on the standard error stream.

A JPEG with a gap in its middle is decoded without an error: all that follows is displaced, and the
only sign is a line such as ``Corrupt JPEG data: premature end of data segment``, which names no
file.
"""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_WARNING = re.compile(r'^(?:Corrupt JPEG data|Premature end of JPEG).*$', re.M)
# A few bytes that are left over before a marker are no damage: some cameras write them.
_LEFT_OVER = re.compile(r'(\d+) extraneous bytes')
_MOST_LEFT_OVER = 32
_STDERR = 2
_lock = threading.Lock()


@contextmanager
def jpeg_damage() -> Iterator[list[str]]:
    """Catch what libjpeg says about damaged data while the block runs.

    What else is written to the standard error stream meanwhile is written after the block.

    Yields:
        list: Filled at the end of the block: libjpeg's sentences, none for a sound file.
    """
    damage: list[str] = []
    try:
        kept = os.dup(_STDERR)
    except OSError:  # the process has no such stream
        yield damage
        return
    with _lock, tempfile.TemporaryFile() as file:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(file.fileno(), _STDERR)
        try:
            yield damage
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            file.seek(0)
            text = file.read().decode(errors='replace')
            damage += filter(_is_damage, _WARNING.findall(text))
            if rest := _WARNING.sub('', text).strip('\n'):
                os.write(_STDERR, f'{rest}\n'.encode())


def _is_damage(warning: str) -> bool:
    left_over = _LEFT_OVER.search(warning)
    return left_over is None or int(left_over[1]) > _MOST_LEFT_OVER
