"""Take inputs through a model: batches, rounds of views, failures, and progress."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import cv2
import numpy as np
import torch

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.apis.outputs import ResultFolder
from seginpaint_mm.apis.tasks import InferenceTask
from seginpaint_mm.apis.tasks.task import Rounds
from seginpaint_mm.structures import SceneSample

# What one input may raise; the others are done all the same.
NOT_OF_THE_DISK = (ValueError, MemoryError, torch.cuda.OutOfMemoryError, cv2.error)
FAILURES = (OSError, *NOT_OF_THE_DISK)
Listener: TypeAlias = Callable[[int, int], None]  # what is done, of how much
Item = TypeVar('Item')
_listener: ContextVar[Listener | None] = ContextVar('listener', default=None)


@dataclass(frozen=True)
class SceneResult:
    """The result of one input: a sample and its image, or the reason why there is none.

    Attributes:
        scene: The input.
        sample: Predictions at the input's size, on the CPU.
        picture: RGB uint8 (H, W, 3), see :class:`SceneVisualizer`; None where none is drawn.
        failure: One sentence; then ``sample`` and ``picture`` are None.
        remark: What a user should know though it was done, one sentence.
    """

    scene: SceneInput
    sample: SceneSample | None = None
    picture: np.ndarray | None = None
    failure: str | None = None
    remark: str | None = None


def failure_of(scene: SceneInput, error: Exception) -> str:
    """Say in one sentence, which names the input, why it failed."""
    text = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        text = f'there is too little memory for it ({text}): reduce it'
    return text if scene.origin in text else f'{scene.origin}: {text}'


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


@dataclass
class Run:
    """A model's way through many inputs, one batch after the other.

    Attributes:
        task: What the model does.
        pipeline: Prepares a view for it.
        predict: Gives its samples of such views, of one size.
        draw: Draws a prediction on its image (BGR uint8) for people; None for no such images.
        folder: Where results are written; None for nowhere.
        batch_size: Views that the model sees at once, at most.
    """

    task: InferenceTask
    pipeline: Callable[[dict], dict]
    predict: Callable[[list[dict]], list[SceneSample]]
    draw: Callable[[np.ndarray, SceneSample], np.ndarray] | None = None
    folder: ResultFolder | None = None
    batch_size: int = 1

    def results(
        self, scenes: Iterable[SceneInput], source: MaskSource | None
    ) -> Iterator[SceneResult]:
        """Yield the results of inputs, in their order, except that failures come at once."""
        for result in self._results(scenes, source):
            if self.folder is not None and result.failure is not None:
                self.folder.add_failure(result.scene, result.failure)
            yield result

    def _results(
        self, scenes: Iterable[SceneInput], source: MaskSource | None
    ) -> Iterator[SceneResult]:
        batch: list[Prepared] = []
        for scene in scenes:
            try:
                prepared = self._prepare(scene, source)
            except FAILURES as error:
                yield SceneResult(scene, failure=failure_of(scene, error))
                continue
            if batch and prepared.size != batch[0].size:
                yield from self._finish(batch)
                batch = []
            batch.append(prepared)
            if len(batch) == self.batch_size:
                yield from self._finish(batch)
                batch = []
        if batch:
            yield from self._finish(batch)

    def _prepare(self, scene: SceneInput, source: MaskSource | None) -> Prepared:
        image = scene.read()
        objects = None if source is None else source.objects(scene, image)
        prepared = Prepared(scene, image, objects, self.task)
        prepared.begin(self.pipeline)
        return prepared

    def _finish(self, batch: Sequence[Prepared]) -> Iterator[SceneResult]:
        try:
            self.go_through(batch)
            pictures = [
                None if self.draw is None else self.draw(prepared.image, prepared.sample)
                for prepared in batch
            ]
        except FAILURES as error:
            if len(batch) > 1:  # only those that fail alone, too, have failed
                for prepared in batch:
                    prepared.begin(self.pipeline)
                    yield from self._finish([prepared])
            else:
                scene = batch[0].scene
                yield SceneResult(scene, failure=failure_of(scene, error))
            return
        for prepared, picture in zip(batch, pictures, strict=True):
            sample = prepared.sample
            try:
                if self.folder is not None:
                    self.folder.add(prepared.scene, prepared.image, sample, picture)
            except NOT_OF_THE_DISK as error:  # an OSError would meet the next ones, too
                yield SceneResult(prepared.scene, failure=failure_of(prepared.scene, error))
                continue
            yield SceneResult(prepared.scene, sample, picture, remark=sample.get('remark'))

    def go_through(self, batch: Sequence[Prepared]) -> None:
        """Run the model on all rounds of all inputs, with up to a batch at once."""
        while waiting := [prepared for prepared in batch if prepared.views is not None]:
            counts = [len(prepared.views) for prepared in waiting]
            views = deque(view for prepared in waiting for view in prepared.views)
            for prepared in waiting:
                prepared.views = None
            samples = watched(self._predicted(views, len(batch)), sum(counts))
            for prepared, count in zip(waiting, counts, strict=True):
                predicted = [next(samples).cpu() for _ in range(count)]
                prepared.go_on(predicted, self.pipeline)
        for prepared in batch:
            notes = [prepared.scene.note(), prepared.objects and prepared.objects.note]
            remark = ' '.join(filter(None, [*notes, prepared.sample.get('remark')]))
            prepared.sample.set_metainfo(dict(remark=remark or None))

    def _predicted(self, views: deque[dict], batch_size: int) -> Iterator[SceneSample]:
        """Predict what the pipeline gave, as many as a batch may hold of one size at a time.

        The views are taken out: large photos are in memory no longer than the model sees them.
        """
        while views:
            batch, size = [], size_of(views[0])
            while views and len(batch) < batch_size and size_of(views[0]) == size:
                batch.append(views.popleft())
            samples = self.predict(batch)
            del batch
            yield from samples
