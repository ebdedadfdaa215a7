"""Do as many runs of several tables, best value first, as fit into the time that is lent."""

import dataclasses
import functools
import json
import os
import shlex
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import yaml

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.tables.render import machine, to_markdown
from seginpaint_mm.tables.runs import Run, plan
from seginpaint_mm.tables.spec import TableSpec, check_keys, load_spec
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.utils.files import write_json, write_text

DONE, FAILED, STOPPED = 'done', 'failed', 'stopped: goes on next time'
_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 'seconds.json'
_TO_STOP = 20  # seconds, until it is killed


@dataclass(frozen=True)
class Job:
    """Runs of one table, or a command.

    Attributes:
        name: Of it, in the report.
        minutes: Estimate of a training, or of the command; one at a time.
        test_minutes: Estimate of a test.
        table: YAML file, or the name of one.
        command: A tool and its arguments; ``{folder}`` is the job's folder.
        rows: Patterns of names of the table's rows; those whose networks they test come with them.
        seeds: Instead of the table's.
        cfg_options: Overrides of config keys in all rows.
        amp: Train in mixed precision.
        needs: Files and folders without which it is left out.
        how_to_get: A sentence for where they are not there.
        note: What the overrides change, below the table.
    """

    name: str
    minutes: float
    test_minutes: float = 0.2
    table: str | None = None
    command: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    cfg_options: dict = field(default_factory=dict)
    amp: bool = True
    needs: list[str] = field(default_factory=list)
    how_to_get: str = ''
    note: str = ''

    def lacking(self) -> str | None:
        """What is not there, a sentence; None where all is."""
        absent = [path for path in self.needs if not Path(path).exists()]
        return f'{absent[0]} is not there. {self.how_to_get}'.strip() if absent else None


def load_jobs(path: str | Path) -> list[Job]:
    """Read and check the YAML file of a plan: ``jobs``, best value first.

    Raises:
        ConfigError: when it is missing, no YAML, or a job says something that fits nothing.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror}).') from error
    except yaml.YAMLError as error:
        raise ConfigError(f'{path}: is no YAML: {" ".join(str(error).split())}') from error
    if not isinstance(content, dict) or not isinstance(content.get('jobs'), list):
        raise ConfigError(f'{path}: must hold jobs, a list.')
    jobs: list[Job] = []
    for entry in content['jobs']:
        name = entry.get('name', '?') if isinstance(entry, dict) else '?'
        check_keys(path, f'job {name!r}', entry, Job)
        job = Job(**entry)
        if (job.table is None) == (not job.command):
            raise ConfigError(f'{path}: job {job.name!r} needs either table or command.')
        if job.name in [other.name for other in jobs]:
            raise ConfigError(f'{path}: job {job.name!r} appears twice: give each its own name.')
        jobs.append(job)
    return jobs


@dataclass
class Task:
    """One run of a table, or the command of a job.

    Attributes:
        job: What it belongs to.
        label: Of it, in the report.
        folder: Its results, and how long it took.
        estimate: Seconds, as the plan has it.
        run: The run; None for a command.
        state: What became of it here.
    """

    job: Job
    label: str
    folder: Path
    estimate: float
    run: Run | None = None
    state: str = ''

    def is_done(self) -> bool:
        """Whether its results are there."""
        if self.run is None:
            return self.seconds() is not None and self._record()['done']
        return self.run.metrics() is not None

    @functools.cached_property
    def kind(self) -> tuple[str, bool]:
        """What takes about the same time: the job's trainings, or its tests."""
        return self.job.name, self.is_training

    @property
    def is_training(self) -> bool:
        """Whether what is stopped goes on next time."""
        return self.run is not None and not self.run.is_test

    def seconds(self) -> float | None:
        """How long it took, in all attempts; None where it never began."""
        return self._record().get('seconds')

    def add_seconds(self, seconds: float) -> None:
        """Write down how long an attempt took, and what it left."""
        total = seconds + (self.seconds() or 0)
        done = self.state == DONE
        write_json(self.folder / _SECONDS, dict(seconds=round(total, 1), done=done))

    def _record(self) -> dict:
        path = self.folder / _SECONDS
        return json.loads(path.read_text()) if path.is_file() else {}

    def command_line(self) -> list[str]:
        """Return the command of a process of its own."""
        if self.run is not None:
            return self.run.command()
        script, *arguments = self.job.command
        filled = [argument.format(folder=self.folder) for argument in arguments]
        return [sys.executable, str(_ROOT / script), *filled]


@dataclass(frozen=True)
class Table:
    """A job's table, as far as it is made."""

    job: Job
    spec: TableSpec
    runs: dict[tuple[str, int], Run]
    folder: Path

    def write(self, command: str) -> None:
        """Write what is finished: ``table.md``."""
        write_text(self.folder / f'{self.job.name}.md', to_markdown(self.spec, self.runs, command))


def make_tasks(
    jobs: Iterable[Job], work_dir: Path, cfg_options: dict
) -> tuple[list[Task], list[Table]]:
    """All tasks of jobs in their order, what others begin with before them; and their tables.

    Jobs that name the same table share its runs.

    Args:
        jobs: Those whose data is there.
        work_dir: Folder of the runs and tables.
        cfg_options: Overrides of config keys in all runs.

    Raises:
        ConfigError: a job's patterns fit no row; a table is wrong.
    """
    tasks: dict[Path, Task] = {}
    tables = []
    for job in jobs:
        if job.table is None:
            folder = work_dir / job.name
            tasks[folder] = Task(job, job.name, folder, job.minutes * 60)
            continue
        path = find_config(job.table, '.yml')
        spec = _chosen(job, load_spec(path))
        folder = work_dir / path.parent.name / path.stem
        runs = plan(spec, folder, {**job.cfg_options, **cfg_options}, amp=job.amp)
        tables.append(Table(job, spec, runs, folder))
        for run in sorted(runs.values(), key=lambda run: run.phase):
            minutes = job.test_minutes if run.is_test else job.minutes
            label = f'{job.name}: {run.row}, seed {run.seed}'
            tasks.setdefault(run.folder, Task(job, label, run.folder, minutes * 60, run))
    return list(tasks.values()), tables


def _chosen(job: Job, spec: TableSpec) -> TableSpec:
    """The table with the job's rows and seeds alone."""
    names = {row.name for row in spec.rows}
    for pattern in job.rows:
        if not any(fnmatch(name, pattern) for name in names):
            raise ConfigError(f'job {job.name!r}: no row of {job.table} is {pattern!r}.')
    if job.rows:
        wanted = {name for name in names if any(fnmatch(name, pattern) for pattern in job.rows)}
        for row in reversed(spec.rows):  # what a row needs
            if row.name in wanted:
                others = [*row.sources, row.measured_in, row.minus]
                wanted |= {name for name in others if name is not None}
        rows = [row for row in spec.rows if row.name in wanted]
        spec = dataclasses.replace(spec, rows=rows)
    note = ' '.join([spec.note.strip(), job.note.strip()]).strip()
    return dataclasses.replace(spec, seeds=job.seeds or spec.seeds, note=note)


class Packer:
    """Does tasks in their order within a time, several at once.

    What takes longer than what is left is passed over for what fits; a time that nothing fits
    begins the next training, which goes on from its last epoch next time. How long the finished
    ones of a job took, against the plan, corrects the estimates of its others.

    Args:
        tasks: From :func:`make_tasks`.
        seconds: Of them.
        num_jobs: How many at a time.
    """

    def __init__(self, tasks: Sequence[Task], seconds: float, num_jobs: int) -> None:
        self.tasks = tasks
        self.num_jobs = num_jobs
        self.end = time.monotonic() + seconds
        self._changed = threading.Condition()
        self._running: set[Path] = set()

    def work(self) -> None:
        """Do what fits."""
        for task in self.tasks:
            if task.is_done():
                task.state = DONE
        with ThreadPoolExecutor(self.num_jobs) as pool:
            for worker in [pool.submit(self._work) for _ in range(self.num_jobs)]:
                worker.result()

    def expected(self, task: Task) -> float:
        """Seconds that a task will take, by those of its kind that are done; else of any."""
        spent = [other for other in self.tasks if other.state == DONE and other.seconds()]
        alike = [other for other in spent if other.kind == task.kind] or spent
        ratios = [(other.seconds() or 0) / other.estimate for other in alike]
        total = task.estimate * (statistics.median(ratios) if ratios else 1.0)
        before = (task.seconds() or 0) if task.is_training else 0
        return max(total - before, total / 10)

    def _work(self) -> None:
        while True:
            with self._changed:
                task = self._next()
                while task is None and self._running and self._time_left() > 0:
                    self._changed.wait(timeout=1.0)
                    task = self._next()
                if task is None:
                    return
                self._running.add(task.folder)
            try:
                self._do(task)
            finally:
                with self._changed:
                    self._running.discard(task.folder)
                    self._changed.notify_all()

    def _time_left(self) -> float:
        return self.end - time.monotonic()

    def _next(self) -> Task | None:
        """The first that is ready and fits, or the first training that is ready."""
        done = {task.folder for task in self.tasks if task.state == DONE}
        ready = [
            task
            for task in self.tasks
            if not task.state
            and task.folder not in self._running
            and (task.run is None or {source.folder for source in task.run.sources} <= done)
        ]
        left = self._time_left()
        if left <= 0:
            return None
        fitting = (task for task in ready if self.expected(task) <= left)
        return next(fitting, None) or next((task for task in ready if task.is_training), None)

    def _do(self, task: Task) -> None:
        task.folder.mkdir(parents=True, exist_ok=True)
        log = task.folder / 'output.log'
        seconds = self.expected(task)
        print(f'{task.label}: started, about {seconds:.0f} s, output in {log}', flush=True)
        threads = str(max(1, (os.cpu_count() or 1) // self.num_jobs))
        start = time.monotonic()
        with open(log, 'ab') as output:
            process = subprocess.Popen(
                task.command_line(),
                stdout=output,
                stderr=subprocess.STDOUT,
                env={'OMP_NUM_THREADS': threads, **os.environ},
            )
            stopped = _wait(process, self._time_left())
        if stopped:
            task.state = STOPPED
        elif process.returncode == 0 and (task.run is None or task.run.metrics() is not None):
            task.state = DONE
        else:
            task.state = f'{FAILED} with status {process.returncode}: see the end of {log}'
        seconds = time.monotonic() - start
        task.add_seconds(seconds)
        print(f'{task.label}: {task.state}, {seconds:.0f} s', flush=True)


def _wait(process: subprocess.Popen, seconds: float) -> bool:
    """Wait for a process, and stop it after a time; whether it was stopped."""
    try:
        process.wait(timeout=max(0.0, seconds))
        return False
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # its data loaders end with it
    try:
        process.wait(timeout=_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return True


def report(tasks: Iterable[Task], left_out: Iterable[str], command: Sequence[str]) -> str:
    """Markdown of what ran: the estimated and the measured times."""
    lines = [
        "# Runs at the papers' settings",
        '',
        f'`{shlex.join(command)}` on {machine()}. Estimated for one run at a time, in seconds.',
        '',
        '| run | estimated | measured | |',
        '|---|---:|---:|---|',
    ]
    for task in tasks:
        seconds = task.seconds()
        measured = '–' if seconds is None else f'{seconds:.0f}'
        state = task.state or 'waits'
        lines.append(f'| {task.label} | {task.estimate:.0f} | {measured} | {state} |')
    lines += ['', *(f'- Left out: {sentence}' for sentence in left_out)]
    return '\n'.join(lines).rstrip() + '\n'
