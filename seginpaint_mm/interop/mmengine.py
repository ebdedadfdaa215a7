"""Access to MMEngine's private parts: debug messages, and configs read once."""

import copy
import functools
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import mmengine.logging
from mmengine.config import Config
from mmengine.logging import MMLogger


def silence_debug_messages() -> None:
    """Let MMEngine's ``print_log`` without a logger drop what is of level DEBUG or below.

    It prints every message, whatever its level; mmdet and mmseg say "Could not import OneDL" so
    when they are imported. mmdet's warning that an optional metric of its own is not installed is
    dropped, too: no command here uses it. Calling it again changes nothing.
    """
    warnings.filterwarnings('ignore', message='faster_coco_eval is not installed')
    printing = mmengine.logging.print_log
    if getattr(printing, '_drops_debug_messages', False):
        return

    @functools.wraps(printing)
    def print_log(
        msg: object, logger: logging.Logger | str | None = None, level: int = logging.INFO
    ) -> None:
        if logger is not None or level > logging.DEBUG:
            printing(msg, logger, level)

    print_log._drops_debug_messages = True
    mmengine.logging.print_log = print_log


@contextmanager
def files_read_once() -> Iterator[None]:
    """Let ``Config.fromfile`` keep what it has read of each file for the ``with`` block.

    MMEngine reads the bases of every config again, and writes a temporary file for each: 0.1 s per
    config. It is for reading, not for running: the files must not change meanwhile.
    """
    original = Config._file2dict

    @functools.cache
    def read(*args: object, **kwargs: object) -> tuple:
        return original(*args, **kwargs)

    def file2dict(*args: object, **kwargs: object) -> tuple:
        return copy.deepcopy(read(*args, **kwargs))

    Config._file2dict = staticmethod(file2dict)
    try:
        yield
    finally:
        Config._file2dict = staticmethod(original)


@contextmanager
def only_log(level: int) -> Iterator[None]:
    """Only what is at least so grave, e.g. ``logging.WARNING``, is logged.

    Not by ``logging.disable``: MMEngine's loggers would remember it for good.
    """
    logger = MMLogger.get_current_instance()
    previous = logger.level
    logger.setLevel(max(level, previous))
    try:
        yield
    finally:
        logger.setLevel(previous)
