"""The demo on a tiny data set and network, and its parts."""

import shutil
import subprocess
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from seginpaint_mm.commands import demo
from seginpaint_mm.errors import UserError
from seginpaint_mm.tables import Run
from tests.helpers.forked_runs import fork_context
from tests.helpers.tiny_run import REPOSITORY, tiny_config

METRICS = {
    'all_mIoU': 80.0,
    'fg_mIoU': 61.0,
    'nearest_truth/all_mIoU': 79.0,
    'nearest_truth/fg_mIoU': 57.5,
    'nearest_prediction/all_mIoU': 78.0,
    'nearest_prediction/fg_mIoU': 55.0,
}
EVALUATORS = """
test_evaluator = [
    val_evaluator,
    dict(type='NearestBackgroundMetric', source='truth'),
    dict(type='NearestBackgroundMetric', source='prediction'),
]
"""


# A tiny demo in a forked process; ``parts``: config, data, out.
TINY_DEMO = """
import os
from pathlib import Path
from seginpaint_mm.commands import demo
os.chdir(home)
os.environ.update(PYTHONPATH=home, OMP_NUM_THREADS='1')
demo.CONFIG, demo.DATA, demo.OUT = parts[0], Path(parts[1]), Path(parts[2])
demo.NUM_TRAIN, demo.NUM_VAL, demo.MIN_GAIN = 4, 3, -101
demo.main([])
"""


@pytest.mark.slow
def test_whole_demo_and_one_killed_at_every_stage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A demo that is killed while it renders, trains, tests and infers goes on to the same."""
    data, whole, killed = tmp_path / 'data', tmp_path / 'whole', tmp_path / 'killed'
    config = tiny_config(tmp_path / 'config', data, body=EVALUATORS, max_epochs=2)
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv('PYTHONPATH', str(REPOSITORY))
    constants = dict(CONFIG=str(config), DATA=data, OUT=whole, NUM_TRAIN=4, NUM_VAL=3)
    for name, value in (constants | dict(MIN_GAIN=101)).items():
        monkeypatch.setattr(demo, name, value)
    with pytest.raises(SystemExit) as stopped:
        demo.main([])
    assert stopped.value.code == 2
    output = capfd.readouterr()
    assert 'done before' not in output.out
    assert 'trivial answer' in output.out
    assert 'points of foreground IoU better' in output.err
    pictures = sorted((whole / 'pictures').iterdir())
    page = (whole / 'index.html').read_text()
    assert pictures
    assert all(f'src="pictures/{picture.name}"' in page for picture in pictures)

    shutil.rmtree(data)
    for sign in (
        data / 'leftImg8bit',  # rendering
        killed / 'training' / 'epoch_1.pth',
        killed / 'test' / 'output.log',
        killed / 'inference',
    ):
        process = _start(config, data, killed)
        while not sign.exists():
            assert process.is_alive(), f'ended before {sign} was there'
            time.sleep(0.01)
        process.kill()
        process.join()
    for name, value in dict(OUT=killed, MIN_GAIN=-101).items():
        monkeypatch.setattr(demo, name, value)
    capfd.readouterr()
    demo.main([])
    output = capfd.readouterr()
    assert output.out.count('done before') == 2
    assert 'points of foreground IoU better' not in output.err
    for name in ('test/metrics.json', 'index.html'):
        assert (killed / name).read_text() == (whole / name).read_text()
    for folder in (whole, killed):
        assert len(list((folder / 'inference' / 'vis').glob('*.png'))) == 3


def _start(*parts: Path) -> BaseProcess:
    names = dict(home=str(REPOSITORY), parts=[str(part) for part in parts])
    process = fork_context().Process(target=exec, args=(TINY_DEMO, names))
    process.start()
    return process


def test_gain_is_over_the_trivial_answer() -> None:
    assert demo.gain(METRICS) == pytest.approx(6.0)


def test_table_shows_ours_and_the_trivial_answers() -> None:
    lines = str(demo.make_table(METRICS)).splitlines()
    for prefix, row in zip(('', 'nearest_prediction/', 'nearest_truth/'), lines[3:6], strict=True):
        assert row.split()[-4:-1:2] == [
            f'{METRICS[prefix + "all_mIoU"]:.1f}',
            f'{METRICS[prefix + "fg_mIoU"]:.1f}',
        ]


@pytest.mark.parametrize(
    ('line', 'fraction'),
    [
        ('11/21 10:00:00 - mmengine - INFO - Epoch(train)  [3][ 50/100]  lr: 1e-04  eta: 0', 0.25),
        ('11/21 10:00:00 - mmengine - INFO - Epoch(test) [ 5/20]    eta: 0:00:01', 0.25),
        ('11/21 10:00:00 - mmengine - INFO - Epoch(val) [3][ 5/20]    eta: 0:00:01', None),
        ('loading checkpoint', None),
    ],
)
def test_progress_is_read_from_the_log(line: str, fraction: float | None) -> None:
    assert demo.parse_progress(line, 10) == fraction


def test_pace_has_a_rate_and_the_time_left() -> None:
    assert demo.describe_pace(0, 30, 1) == ' after 0.5 min'
    assert demo.describe_pace(0.25, 60, 0.5) == ' after 1.0 min, 25% per minute, 2.0 min left'


def test_another_version_of_the_demo_is_not_taken_over(tmp_path: Path) -> None:
    run = Run('demo', 0, 'pspnet_r18_small_street', {}, tmp_path)
    (tmp_path / 'pspnet_r18_street.py').write_text('')
    with pytest.raises(UserError, match=r'holds a run of pspnet_r18_street\.py'):
        demo.do(run, 'training')


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='only Linux has prctl')
def test_a_killed_demo_leaves_no_process_behind() -> None:
    """Its training would race with that of the next start."""
    child = 'import time; time.sleep(60)'
    parent = (
        'import subprocess, sys\n'
        'from seginpaint_mm.commands.demo import _end_with_parent\n'
        f'command = [sys.executable, "-c", {child!r}]\n'
        'process = subprocess.Popen(command, preexec_fn=_end_with_parent())\n'
        'print(process.pid, flush=True)\n'
        'process.wait()\n'
    )
    with subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', parent],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        pid = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 30
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False
