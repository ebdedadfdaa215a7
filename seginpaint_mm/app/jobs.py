"""Work that waits for its turn, with progress, and is ended when nobody waits for it."""

import contextvars
import itertools
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

from seginpaint_mm.apis.rounds import Cancelled, listening


class Job:
    """A request's work.

    Attributes:
        id: For whoever wants to cancel it.
        progress: In [0, 1], of the round of views that the model is in.
        started: When its turn came (:func:`time.monotonic`), or None.
        future: Its result.
    """

    def __init__(self) -> None:
        self.id = secrets.token_urlsafe(12)
        self.progress = 0.0
        self.started: float | None = None
        self.future: Future = Future()
        self._stop = threading.Event()

    @property
    def is_cancelled(self) -> bool:
        return self._stop.is_set()

    def seconds(self) -> float:
        """Return for how long it has been worked on."""
        return 0.0 if self.started is None else time.monotonic() - self.started

    def cancel(self) -> None:
        """End it: at once while it waits, else when the model has seen the view that it is at."""
        self._stop.set()
        self.future.cancel()

    def run(self, work: Callable[[], Any]) -> Any:
        self.started = time.monotonic()
        with listening(self._hear):
            self._hear(0, 1)
            return work()

    def _hear(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Cancelled
        self.progress = done / max(total, 1)


class Jobs:
    """A queue with one worker: models take all cores, and their memory once."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, 'model')
        self._jobs: dict[str, Job] = {}  # in the order in which they are done

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, work: Callable[[], Any]) -> Job:
        """Let work wait for its turn."""
        job = Job()
        context = contextvars.copy_context()
        self._jobs[job.id] = job
        job.future = self._worker.submit(context.run, job.run, work)
        job.future.add_done_callback(lambda _: self._jobs.pop(job.id, None))
        return job

    def ahead(self, job: Job) -> int:
        """Return how many are done before it."""
        ids = list(self._jobs)  # the worker's thread takes some away meanwhile
        return len(list(itertools.takewhile(lambda name: name != job.id, ids)))

    def cancel(self, name: str) -> bool:
        """End a job; False when there is none of this id, e.g. as it is done."""
        job = self._jobs.get(name)
        if job is not None:
            job.cancel()
        return job is not None


ENDED = (Cancelled, CancelledError)
