"""The set-up script with a stand-in for Python: what it runs, what it skips, what it tells."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]
# Does what the script needs of python: makes a "venv" of itself and notes what pip is asked for.
# pip fails on lines that contain the text in the file `fail`, and makes the wheels it is asked for.
STAND_IN = """#!/bin/sh
case "$*" in
  '-m venv '*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  '-m pip '*)
    echo "$*" >>"$WORK/pip"
    if [ -s "$WORK/fail" ] && echo "$*" | grep -q "$(cat "$WORK/fail")"; then exit 1; fi
    while [ $# -gt 0 ]; do
      if [ "$1" = --wheel-dir ]; then mkdir -p "$2" && touch "$2/mmcv.whl"; fi
      if [ "$1 $2" = '--requirement /dev/stdin' ]; then sed 's/^/list: /' >>"$WORK/pip"; fi
      shift
    done ;;
  '-V') echo "Python $(cat "$WORK/version")" ;;
  '-c import sys, venv'*) exit 0 ;;
  '-c import sys, torch'*) echo torch-9.9_cp311 ;;
  '-') echo cpu ;;
  'tools/doctor.py') echo 'everything works together' ;;
esac
"""
# Tells how much room there is, so that the tests do not depend on the machine's disk.
DF = """#!/bin/sh
echo 'Filesystem 1024-blocks Used Available Capacity Mounted'
echo "disk 0 0 $(($(cat "$WORK/free_gb") * 1024 * 1024)) 0% /"
"""
PINS = (ROOT / 'requirements/constraints.txt').read_text().splitlines()
(MMCV,) = (pin.split('==')[1] for pin in PINS if pin.startswith('onedl-mmcv=='))
Setup = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the script reads, a stand-in for Python and a compiled wheel in the cache."""
    doctor = 'seginpaint_mm/commands/doctor.py'
    for name in ('tools/setup_env.sh', 'tools/setup_mmcv.sh', doctor, 'setup.py', 'pyproject.toml'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / 'requirements', tmp_path / 'requirements')
    (tmp_path / 'bin').mkdir()
    for name, script in {'stand-in': STAND_IN, 'bin/df': DF}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    (tmp_path / 'version').write_text('3.11.0')
    (tmp_path / 'free_gb').write_text('100')
    (tmp_path / 'pip').touch()
    wheel = tmp_path / f'cache/wheels/onedl-mmcv-{MMCV}_torch-9.9_cp311_cpu/mmcv.whl'
    wheel.parent.mkdir(parents=True)
    wheel.touch()
    return tmp_path


@pytest.fixture
def variables(checkout: Path) -> dict[str, str]:
    """The environment variables that the script is run with."""
    return {
        'PATH': f'{checkout / "bin"}:{os.environ["PATH"]}',
        'HOME': str(checkout),
        'WORK': str(checkout),
        'PYTHON': str(checkout / 'stand-in'),
        'SEGINPAINT_CACHE': str(checkout / 'cache'),
    }


@pytest.fixture
def setup(checkout: Path, variables: dict[str, str]) -> Setup:
    def run(**more: str) -> subprocess.CompletedProcess:
        command = ['bash', str(checkout / 'tools/setup_env.sh')]
        return subprocess.run(command, env=variables | more, capture_output=True, text=True)

    return run


def pip_calls(checkout: Path) -> list[str]:
    calls = (checkout / 'pip').read_text().splitlines()
    (checkout / 'pip').write_text('')
    return calls


def test_installs_everything_once(checkout: Path, setup: Setup) -> None:
    first = setup()
    assert first.returncode == 0, first.stdout + first.stderr
    assert 'everything works together' in first.stdout
    calls = pip_calls(checkout)
    assert any('torch torchvision numpy' in call for call in calls)
    assert any('mmcv.whl' in call and '--no-deps' in call for call in calls)
    assert any(call.startswith('list: onedl-mmdetection') for call in calls)
    assert not any(call.startswith('list: ') and 'mmcv' in call for call in calls)
    installs = [call for call in calls if call.startswith('-m pip install')]
    assert all('--constraint requirements/constraints.txt' in call for call in installs)

    second = setup()
    assert second.returncode == 0
    assert not pip_calls(checkout)
    assert second.stdout == ''


def without_operators(calls: list[str]) -> bool:
    return any('_without_operators/mmcv.whl' in call for call in calls)


def compiled(calls: list[str]) -> bool:
    return any('torch-9.9_cp311_cpu/mmcv.whl' in call for call in calls)


def test_takes_mmcv_without_operators_and_keeps_its_wheel(checkout: Path, setup: Setup) -> None:
    setup()
    calls = pip_calls(checkout)
    assert without_operators(calls)
    assert not compiled(calls)
    (build,) = (call for call in calls if call.startswith('-m pip wheel'))
    assert f'onedl-mmcv=={MMCV}' in build
    assert '--no-build-isolation' not in build  # beside torch it would compile
    assert '--no-cache-dir' in build
    assert not any('requirements/build.txt' in call for call in calls)

    shutil.rmtree(checkout / '.venv')
    setup()
    assert not any(call.startswith('-m pip wheel') for call in pip_calls(checkout))


def test_needs_no_compiler(checkout: Path, setup: Setup) -> None:
    result = setup(CXX='no-such-compiler')
    assert result.returncode == 0, result.stdout


def test_other_operators_are_installed_when_asked_for(checkout: Path, setup: Setup) -> None:
    setup()
    pip_calls(checkout)
    assert setup(OPS='torchvision').stdout == ''
    assert not pip_calls(checkout)

    switched = setup(OPS='compiled')
    assert 'mmcv, operators: compiled' in switched.stdout
    assert 'everything works together' in switched.stdout
    calls = pip_calls(checkout)
    assert compiled(calls)
    assert any(call.startswith('-m pip uninstall') and 'onedl-mmcv' in call for call in calls)
    assert not any('torch torchvision numpy' in call for call in calls)

    assert setup().stdout == ''  # as `make test` runs it: what is there stays
    assert not pip_calls(checkout)
    setup(OPS='torchvision')
    assert without_operators(pip_calls(checkout))


def test_environment_of_before_keeps_compiled_operators(checkout: Path, setup: Setup) -> None:
    """One that was made when there was no choice, and so no note of it."""
    operators = checkout / '.venv/lib/python3.11/site-packages/mmcv/_ext.cpython-311.so'
    operators.parent.mkdir(parents=True)
    operators.touch()
    setup()
    assert compiled(pip_calls(checkout))


def test_original_family_takes_the_wheel_without_operators(checkout: Path, setup: Setup) -> None:
    result = setup(STACK='openmmlab')
    assert result.returncode == 0, result.stdout
    calls = pip_calls(checkout)
    assert any('mmcv-lite==2.1.0' in call for call in calls if '-m pip wheel' in call)
    assert any('uninstall' in call and ' mmcv mmcv-lite' in call for call in calls)


def test_torch_may_come_from_another_index(checkout: Path, setup: Setup) -> None:
    setup(TORCH_INDEX='file:///builds')
    calls = [call for call in pip_calls(checkout) if 'file:///builds' in call]
    (call,) = calls
    assert '--extra-index-url file:///builds torch torchvision' in call
    assert setup().stdout == ''


def test_goes_on_after_a_failure(checkout: Path, setup: Setup) -> None:
    (checkout / 'fail').write_text('cpu/mmcv.whl')
    wanted = dict(OPS='compiled', PATH=f'{checkout / "bin"}:/usr/bin:/bin')
    failed = setup(**wanted, CXX='no-such-compiler')
    assert failed.returncode == 1
    assert 'no C++ compiler was found, and mmcv must be compiled' in failed.stdout
    assert 'OPS=torchvision make setup' in failed.stdout
    pip_calls(checkout)

    (checkout / 'fail').write_text('')
    resumed = setup()
    assert resumed.returncode == 0, resumed.stdout
    calls = pip_calls(checkout)
    assert compiled(calls)
    assert not any('torch torchvision numpy' in call for call in calls)


def test_failure_shows_the_log_and_how_to_go_on(checkout: Path, setup: Setup) -> None:
    (checkout / 'fail').write_text('torchvision')
    failed = setup()
    assert failed.returncode == 1
    assert '.venv/setup.log. Run the same command again to go on from here.' in failed.stdout


def test_changed_requirements_are_installed(checkout: Path, setup: Setup) -> None:
    setup()
    pip_calls(checkout)
    with (checkout / 'requirements/tests.txt').open('a') as file:
        file.write('pytest-benchmark\n')
    assert setup().returncode == 0
    calls = pip_calls(checkout)
    assert any('requirements/tests.txt' in call for call in calls)
    assert not any('mmcv.whl' in call for call in calls)


def test_redo_does_a_step_again(checkout: Path, setup: Setup) -> None:
    setup()
    pip_calls(checkout)
    assert setup(REDO='mmcv').returncode == 0
    uninstall, install = pip_calls(checkout)
    assert 'uninstall' in uninstall
    assert 'mmcv.whl' in install


def test_full_disk_is_told_before_anything_is_installed(checkout: Path, setup: Setup) -> None:
    (checkout / 'free_gb').write_text('7')
    failed = setup()
    assert failed.returncode == 1
    assert '7 GB are free here, and an environment needs up to 8 GB: make room' in failed.stdout
    assert not pip_calls(checkout)

    (checkout / 'free_gb').write_text('8')
    assert setup().returncode == 0


@pytest.mark.parametrize(
    ('wishes', 'sentence'),
    [
        ({'STACK': 'mim'}, 'STACK=mim is unknown: use onedl (the default) or openmmlab.'),
        ({'OPS': 'cuda'}, 'OPS=cuda is unknown: use torchvision (the default) or compiled.'),
        ({'REDO': 'everything'}, 'REDO=everything is unknown: the steps are venv torch mmcv'),
        ({'PYTHON': '/bin/false'}, 'PYTHON=/bin/false does not fit: no Python 3.11/3.12/3.10'),
        ({'PYTHON': '/bin/false', 'STACK': 'openmmlab'}, 'no Python 3.11/3.10 with its venv'),
    ],
)
def test_wrong_wishes_are_told(setup: Setup, wishes: dict[str, str], sentence: str) -> None:
    result = setup(**wishes)
    assert result.returncode != 0
    assert sentence in result.stdout


def test_other_python_than_before_is_told(checkout: Path, setup: Setup) -> None:
    setup()
    other = checkout / 'other'
    other.write_text(STAND_IN.replace('$(cat "$WORK/version")', '3.12.0'))
    other.chmod(0o755)
    result = setup(PYTHON=str(other))
    assert result.returncode != 0
    assert 'was made with Python 3.11.0: remove .venv' in result.stdout


def test_package_that_a_killed_pip_left_is_dropped(checkout: Path, setup: Setup) -> None:
    (checkout / 'fail').write_text('torchvision')
    setup()
    packages = checkout / '.venv/lib/python3.11/site-packages'
    for name, files in {
        'whole-1.dist-info': ('METADATA', 'RECORD'),
        'half-1.dist-info': ('METADATA',),
    }.items():
        (packages / name).mkdir(parents=True)
        for file in files:
            (packages / name / file).touch()
    (checkout / 'fail').write_text('')
    assert setup().returncode == 0
    assert [path.name for path in packages.iterdir()] == ['whole-1.dist-info']


def test_interruption_ends_what_was_running(checkout: Path, variables: dict[str, str]) -> None:
    pid_file = checkout / 'pid'
    slow_pip = 'echo $$ >"$WORK/pid.new" && mv "$WORK/pid.new" "$WORK/pid" && exec sleep 600'
    stand_in = checkout / 'stand-in'
    stand_in.write_text(STAND_IN.replace('echo "$*" >>"$WORK/pip"', slow_pip))
    command = ['bash', str(checkout / 'tools/setup_env.sh')]
    script = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
    wait_until(pid_file.exists)
    script.terminate()
    assert script.wait(timeout=120) == 130
    pip = int(pid_file.read_text())
    wait_until(lambda: not psutil.pid_exists(pip))


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, 'waited too long'
        time.sleep(0.05)
