"""Messages of the libraries that no user can act on."""

import functools
import logging
import warnings

import mmengine.logging


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
