"""Report the progress of an inference to a listener, which can also cancel it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias, TypeVar

Listener: TypeAlias = Callable[[int, int], None]  # what is done, of how much
Item = TypeVar('Item')
_listener: ContextVar[Listener | None] = ContextVar('listener', default=None)


class Cancelled(Exception):
    """Nobody waits for the result any more; no failure of an input, so nothing catches it."""


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call a function with the progress of this thread in the ``with`` block.

    Args:
        listener: Called with the number of views that the model has seen, from 0 on, and their
            number. A task may have several rounds of views, each from 0 on. What it raises ends the
            inference, e.g. :class:`Cancelled`.

    Example:
        >>> heard = []
        >>> with listening(lambda done, total: heard.append((done, total))):
        ...     views = list(watched('ab', 2))
        >>> heard
        [(0, 2), (1, 2), (2, 2)]
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def watched(items: Iterable[Item], total: int) -> Iterator[Item]:
    """Pass items on, and report before the first and after each how many are done.

    Args:
        items: What is made one after the other.
        total: Their number.

    Raises:
        What the listener raises.
    """
    report(0, total)
    for done, item in enumerate(items, start=1):
        report(done, total)
        yield item


def report(done: int, total: int) -> None:
    """Tell the listener of this thread, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)
