"""Run independent jobs in several processes, in order."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_all_start_methods, get_context, parent_process
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

import cv2

from seginpaint_mm.errors import UserError

Job = TypeVar('Job')
Result = TypeVar('Result')


def run_jobs(
    task: Callable[[Job], Result], jobs: Sequence[Job], *, workers: int, chunk: int = 1
) -> Iterator[Result]:
    """Results of ``task`` for each job, in the order of the jobs, as they come.

    With more than one worker, call it below ``if __name__ == '__main__':``.

    Args:
        task: What is done; sent once to each process. It and the jobs must be picklable.
        jobs: Its arguments.
        workers: Processes, >= 1; with 1 all is done in this one.
        chunk: Jobs that are handed to a process at once.

    Raises:
        UserError: A worker process was killed.
    """
    if workers == 1:
        yield from map(task, jobs)
        return
    pool = ProcessPoolExecutor(workers, _context(task), _prepare, (task,))
    try:
        yield from pool.map(_do, jobs, chunksize=chunk)
    except BrokenProcessPool as error:
        raise UserError(
            'A worker process was killed, perhaps for lack of memory: run the same command again '
            'with fewer --workers; what is finished is kept.'
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_task: Callable  # of this process, set by _prepare


def _prepare(task: Callable) -> None:
    """Called once in each process."""
    global _task
    cv2.setNumThreads(1)
    _task = task
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that gives it jobs is killed: it would wait for ever."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _do(job: Any) -> Any:
    return _task(job)


def _context(task: Callable) -> BaseContext:
    """How processes start: not by fork, since OpenCV's threads do not survive it."""
    if 'forkserver' not in get_all_start_methods():
        return get_context('spawn')
    context = get_context('forkserver')
    context.set_forkserver_preload(['__main__', getattr(task, 'func', task).__module__])
    return context
