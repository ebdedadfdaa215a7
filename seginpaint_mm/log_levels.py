"""How much MMEngine's logger tells for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import MMLogger


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
