"""Doing a table's runs, each in a process of its own, several at a time."""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby

from seginpaint_mm.tables.runs import Run


def execute(runs: Iterable[Run], jobs: int) -> list[str]:
    """Do the runs that are not finished, each after its sources; interrupted trainings go on.

    Tables that share runs may be made at the same time: what one of them is doing, the others wait
    for.

    Args:
        runs: From :func:`plan`.
        jobs: How many at a time; they share the processor's cores.

    Returns:
        list[str]: A sentence for every run that failed; the others are not held up.
    """
    once = {run.folder: run for run in runs}.values()
    runs = sorted(once, key=lambda run: run.phase)
    failures = []
    for _, phase in groupby(runs, key=lambda run: run.phase):
        with ThreadPoolExecutor(jobs) as pool:
            outcomes = pool.map(lambda run: _do(run, jobs), phase)
            failures += [outcome for outcome in outcomes if outcome is not None]
    return failures


def _do(run: Run, jobs: int) -> str | None:
    label = f'{run.row}, seed {run.seed}'
    run.folder.mkdir(parents=True, exist_ok=True)
    with _alone(run, label) as lock:
        if run.metrics() is not None:
            print(f'{label}: done before', flush=True)
            return None
        return _start(run, label, jobs, lock)


@contextmanager
def _alone(run: Run, label: str) -> Iterator[int]:
    """The file descriptor of a lock on the run's folder, which is waited for."""
    with open(run.folder / '.lock', 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f'{label}: waiting for another process at work in {run.folder}', flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _start(run: Run, label: str, jobs: int, lock: int) -> str | None:
    log = run.folder / 'output.log'
    print(f'{label}: started, output in {log}', flush=True)
    start = time.monotonic()
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    environment = {'OMP_NUM_THREADS': threads, **os.environ}
    with open(log, 'ab') as output:
        code = subprocess.run(
            run.command(),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=(lock,),  # a run that outlives this process keeps its folder
            check=False,
        ).returncode
    if code or run.metrics() is None:
        sentence = f'{label} failed with exit status {code}: see the end of {log}.'
        print(sentence, flush=True)
        return sentence
    print(f'{label}: done in {time.monotonic() - start:.0f} s', flush=True)
    return None
