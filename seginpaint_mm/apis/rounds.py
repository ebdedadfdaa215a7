"""One input on its way through a model: rounds of views, and its progress."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.apis.tasks import InferenceTask
from seginpaint_mm.apis.tasks.task import Rounds
from seginpaint_mm.structures import SceneSample

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


@dataclass
class Prepared:
    """An input on its way through the model."""

    scene: SceneInput
    image: np.ndarray
    objects: VisibleObjects | None
    task: InferenceTask
    rounds: Rounds | None = None
    views: list[dict] | None = None  # of the next round; None where there is none
    sample: SceneSample | None = None  # then

    @property
    def size(self) -> tuple[int, ...]:
        return size_of(self.views[0]) if self.views else ()

    def begin(self, pipeline: Callable[[dict], dict]) -> None:
        """Prepare the first round, also once more."""
        picture = _pipeline_input(self.scene, self.image)
        self.rounds = self.task.rounds(picture, self.image, self.objects)
        self.go_on(None, pipeline)

    def go_on(self, samples: list[SceneSample] | None, pipeline: Callable[[dict], dict]) -> None:
        """Give what the model made of the views, and prepare the next ones."""
        self.views = None  # so that they are not in memory beside what is made of them
        try:
            views = self.rounds.send(samples)
        except StopIteration as end:
            self.sample = end.value
        else:
            self.views = [pipeline(view) for view in views]


def _pipeline_input(scene: SceneInput, image: np.ndarray) -> dict:
    shape = image.shape[:2]
    return dict(img=image, img_path=scene.origin, img_shape=shape, ori_shape=shape)


def size_of(view: dict) -> tuple[int, ...]:
    """Channels, height and width of a view's input."""
    return tuple(view['inputs'].shape)
