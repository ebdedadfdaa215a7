"""Runs that are packed into a time: their order, what is stopped and goes on, the report."""

import dataclasses
import re
import sys
from pathlib import Path

import pytest
import yaml

from seginpaint_mm.errors import ConfigError
from seginpaint_mm.tables import packing
from seginpaint_mm.tables.packing import DONE, STOPPED, Job, Packer, Task, load_jobs, make_tasks
from seginpaint_mm.utils.config_files import config_folder
from tests.helpers.tiny_run import REPOSITORY, tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

TOOL = 'analysis_tools/paper_runs'
# A training of some epochs, which goes on where it was stopped.
TRAINING = """
import pathlib, sys, time
folder, epochs, seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
for epoch in range(len(list(folder.glob('epoch_*'))), epochs):
    time.sleep(seconds)
    (folder / f'epoch_{epoch}').touch()
"""


@dataclasses.dataclass
class FakeRun:
    """What :class:`Task` uses of a run."""

    folder: Path
    epochs: int
    seconds: float = 0.0
    sources: tuple = ()
    is_test: bool = False

    def metrics(self) -> dict | None:
        done = len(list(self.folder.glob('epoch_*'))) == self.epochs
        return {} if done else None

    def command(self) -> list[str]:
        return [sys.executable, '-c', TRAINING, str(self.folder), str(self.epochs), *self._rest()]

    def _rest(self) -> list[str]:
        return [str(self.seconds)]


def task(folder: Path, estimate: float, epochs: int = 1, **options: object) -> Task:
    run = FakeRun(folder, epochs, **options)  # type: ignore[arg-type]
    job = Job('tests' if run.is_test else 'trainings', minutes=estimate / 60, table='x')
    return Task(job, folder.name, folder, estimate, run)  # type: ignore[arg-type]


def states(tasks: list[Task]) -> list[str]:
    return [one.state for one in tasks]


def test_what_does_not_fit_is_passed_over_and_begun_last(tmp_path: Path) -> None:
    long = task(tmp_path / 'long', 1000, epochs=3, seconds=60)
    short = task(tmp_path / 'short', 1)
    its_test = task(tmp_path / 'test', 1, sources=(short.run,), is_test=True)
    absent = task(tmp_path / 'waits', 1, sources=(long.run,), is_test=True)
    tasks = [long, short, its_test, absent]
    Packer(tasks, seconds=3, num_jobs=1).work()
    assert states(tasks) == [STOPPED, DONE, DONE, '']
    assert 0 < long.seconds() < 3.0 < 60
    text = packing.report(tasks, ['x: y is not there.'], ['python', 'tool.py'])
    assert re.search(r'\| long \| 1000 \| [1-9] \| stopped: goes on next time \|', text)
    assert '| waits | 1 | – | waits |' in text
    assert '- Left out: x: y is not there.' in text


def test_what_was_stopped_goes_on_and_its_times_add_up(tmp_path: Path) -> None:
    Packer([task(tmp_path / 'run', 2, epochs=3, seconds=0.6)], seconds=1.0, num_jobs=1).work()
    done = len(list((tmp_path / 'run').glob('epoch_*')))
    assert 0 < done < 3
    again = task(tmp_path / 'run', 2, epochs=3, seconds=0.6)
    first = again.seconds()
    Packer([again], seconds=60, num_jobs=1).work()
    assert again.state == DONE
    assert again.seconds() == pytest.approx(first + 0.6 * (3 - done), abs=0.9)


def test_measured_times_correct_estimates(tmp_path: Path) -> None:
    tasks = [task(tmp_path / f'{k}', 100, seconds=0.0) for k in range(4)]
    packer = Packer(tasks, seconds=150, num_jobs=2)
    assert packer.expected(tasks[3]) == 100
    packer.work()
    assert states(tasks) == [DONE] * 4
    more = task(tmp_path / 'more', 100)
    assert packer.expected(more) < 5


def test_failures_are_told_with_the_log(tmp_path: Path) -> None:
    script = tmp_path / 'tool.py'
    script.write_text('import sys; print(sys.argv[1]); sys.exit(3)')
    job = Job('job', minutes=1, command=[str(script), '{folder}/x'])
    tasks, tables = make_tasks([job], tmp_path / 'out', {})
    Packer(tasks, seconds=100, num_jobs=1).work()
    log = tmp_path / 'out/job/output.log'
    assert (tables, states(tasks)) == ([], [f'failed with status 3: see the end of {log}'])
    assert log.read_text().strip() == str(tmp_path / 'out/job/x')
    script.write_text('')
    Packer(tasks := make_tasks([job], tmp_path / 'out', {})[0], seconds=100, num_jobs=1).work()
    assert states(tasks) == [DONE]
    assert make_tasks([job], tmp_path / 'out', {})[0][0].is_done()


@pytest.mark.parametrize(
    ('jobs', 'message'),
    [
        ([dict(name='a', minutes=1)], "job 'a' needs either table or command"),
        ([dict(name='a', minutes=1, command=['x'], tabel='y')], "'tabel' .did you mean table"),
        ([dict(name='a', minutes=1, command=['x'])] * 2, "job 'a' appears twice"),
        (['a'], 'must be a mapping of keys'),
        (None, 'must hold jobs, a list'),
    ],
)
def test_wrong_plans_are_told(tmp_path: Path, jobs: list, message: str) -> None:
    path = tmp_path / 'plan.yml'
    path.write_text(yaml.safe_dump(dict(jobs=jobs)))
    with pytest.raises(ConfigError, match=message):
        load_jobs(path)


def test_the_plan_in_the_repository_fits_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every override is of a key that the config has, and takes its value."""
    monkeypatch.chdir(REPOSITORY)
    jobs = load_jobs(config_folder() / 'paper_runs.yml')
    tasks, tables = make_tasks(jobs, tmp_path, {})
    assert len(tables) == sum(job.table is not None for job in jobs)
    first = {(one.job.name, one.run.config): one for one in tasks if one.run is not None}
    for one in first.values():
        plain = dataclasses.replace(one.run, cfg_options={}, amp=False).cfg
        own = {key: one.run.cfg_options.get(key) for key in one.job.cfg_options}
        for key, value in own.items():
            if value is not None:  # a test takes none of training
                assert _at(one.run.cfg, key) == value
                assert _at(plain, key) is not None
    for job in jobs:
        assert all(Path(path).is_file() for path in job.command[:2] if path.endswith('.py'))


def _at(value: object, key: str) -> object:
    for name in key.split('.'):
        value = value[int(name)] if name.isdigit() else value.get(name)  # type: ignore
    return value


def test_rows_come_with_what_they_need(tmp_path: Path) -> None:
    job = Job('one', minutes=1, table='mpi/table_i_ii', rows=['baseline * R18, true*'], seeds=[5])
    tasks, _ = make_tasks([job], tmp_path, {})
    rows = [one.run.row for one in tasks if one.run is not None]
    assert rows == ['baseline [6] R18, predicted mask', 'baseline [6] R18, true mask']
    wrong = dataclasses.replace(job, rows=['bsae*'])
    with pytest.raises(ConfigError, match=r"job 'one': no row of mpi/table_i_ii is 'bsae\*'"):
        make_tasks([wrong], tmp_path, {})


@pytest.mark.slow
def test_the_tool_trains_and_writes_tables_and_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('PYTHONPATH', str(REPOSITORY))
    config = str(tiny_config(tmp_path / 'config', write_tiny_street(tmp_path / 'data')))
    table = dict(title='Tiny', columns=dict(foreground='fg_mIoU'), seeds=[3])
    rows = [dict(name='trained', config=config)]
    (tmp_path / 'tiny.yml').write_text(yaml.safe_dump(dict(table, rows=rows)))
    jobs = [
        dict(name='tiny', table='tiny.yml', minutes=1, amp=False, note='Very small.'),
        dict(name='far', table='tiny.yml', minutes=1, needs=['data/moon'], how_to_get='Fly.'),
    ]
    (tmp_path / 'plan.yml').write_text(yaml.safe_dump(dict(jobs=jobs)))
    run_here(TOOL, 'plan.yml', '--list')
    assert '| tiny: trained, seed 3 | 60 | – | waits |' in capsys.readouterr().out
    options = ('--cfg-options', 'train_cfg.max_epochs=1', 'train_cfg.val_begin=1')
    run_here(TOOL, 'plan.yml', '--minutes', '5', *options)
    printed = capsys.readouterr().out
    assert re.search(r'\| tiny: trained, seed 3 \| 60 \| \d+ \| done \|', printed)
    assert '- Left out: far: data/moon is not there. Fly.' in printed
    (made,) = (tmp_path / 'work_dirs/paper_runs').rglob('tiny.md')
    assert re.search(r'\| trained \|.* \d+\.\d \|', made.read_text())
    assert 'Very small.' in made.read_text()
    with pytest.raises(SystemExit):
        run_here(TOOL, 'plan.yml', '--only', 'tniy')
    assert "the plan has no job 'tniy'; it has tiny, far" in capsys.readouterr().err
