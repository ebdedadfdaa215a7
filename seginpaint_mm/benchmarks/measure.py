"""Measure two implementations in turns, and report their ratio."""

import ctypes
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import torch
from tqdm import tqdm

KIB, MIB = 2**10, 2**20


def median_seconds(
    actions: Mapping[str, Callable[[], object]], repeats: int, device: torch.device
) -> dict[str, float]:
    """Time actions one after the other, again and again, so that all meet the same conditions.

    Args:
        actions: What is timed, by name; each is done once before, unmeasured.
        repeats: Rounds.
        device: Where they run; a GPU is waited for.

    Returns:
        dict: The median of each action's seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    runs = len(actions) * (1 + repeats)
    with tqdm(total=runs, desc='measuring', unit='run', leave=False, disable=None) as bar:
        for _ in range(1 + repeats):
            for name, action in actions.items():
                bar.set_postfix_str(name)
                times[name].append(_seconds(action, device))
                bar.update()
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def peak_mebibytes(action: Callable[[], object], device: torch.device) -> float | None:
    """Memory that an action takes at its peak, in MiB, beside what is held before it.

    On a CPU it is that of the whole process, seen by the system: freed memory that the process
    keeps would hide it, so call this by :func:`in_fresh_process`. None where the system does not
    tell.
    """
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        action()
        return (torch.cuda.max_memory_allocated(device) - before) / MIB
    before = _reset_peak()
    if before is None:
        return None
    action()
    return (_status('VmHWM') - before) / MIB


def in_fresh_process(function: Callable[..., float | None], *arguments: object) -> float | None:
    """Call a function of a module in a process that has done nothing before."""
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as fresh_process:
        return fresh_process.submit(function, *arguments).result()


def _seconds(action: Callable[[], object], device: torch.device) -> float:
    _wait(device)
    start = time.perf_counter()
    action()
    _wait(device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def _reset_peak() -> int | None:
    """Let Linux forget the process's peak and return the bytes that it holds now."""
    if not Path('/proc/self/clear_refs').exists():
        return None
    _return_freed_memory()
    try:
        Path('/proc/self/clear_refs').write_text('5')
        return _status('VmRSS')
    except OSError:
        return None


def _return_freed_memory() -> None:
    """Have glibc give back what it keeps: taken again, it would not show in the peak."""
    trim = getattr(ctypes.CDLL(None), 'malloc_trim', None)
    if trim is not None:
        trim(0)


def _status(field: str) -> int:
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{field}:'):
            return int(line.split()[1]) * KIB
    raise OSError(f'/proc/self/status has no {field}.')


@dataclass
class Table:
    """A titled table.

    Attributes:
        title: What was measured.
        columns: Names of the values in a row.
        rows: Each a mapping from column to a text, a number or None (not measured).
        note: How it was measured.
    """

    title: str
    columns: Sequence[str]
    note: str
    rows: list[dict] = field(default_factory=list)

    def to_markdown(self) -> str:
        lines = [list(self.columns), ['---', *['---:'] * (len(self.columns) - 1)]]
        lines += [[_cell(row[column]) for column in self.columns] for row in self.rows]
        table = '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)
        return f'## {self.title}\n\n{self.note}\n\n{table}\n'

    def to_json(self) -> dict:
        return {'title': self.title, 'note': self.note, 'rows': self.rows}


def _cell(value: str | float | None) -> str:
    if value is None:
        return '–'
    if isinstance(value, float):
        return f'{value:.3g}' if abs(value) < 100 else f'{value:.0f}'
    return str(value)
