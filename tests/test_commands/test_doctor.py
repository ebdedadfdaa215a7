"""The doctor on this environment, and on ones that are broken in ways that users meet."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seginpaint_mm.commands import doctor
from seginpaint_mm.interop import mmcv_ops
from seginpaint_mm.utils import installation
from tests.helpers.tool_runs import run_process

ROOT = Path(__file__).parents[2]
DOCTOR = ROOT / 'tools' / 'doctor.py'


def run_doctor(*python_options: str, stubs: Path | None = None) -> tuple[int, str]:
    env = {'PATH': '/usr/bin:/bin', 'PYTHONPATH': str(stubs or '')}
    result = subprocess.run(
        [sys.executable, *python_options, str(DOCTOR)], capture_output=True, text=True, env=env
    )
    assert not result.stderr or 'Traceback' not in result.stderr
    return result.returncode, result.stdout


def add_distribution(folder: Path, name: str, version: str) -> None:
    info = folder / f'{name.replace("-", "_")}-{version}.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')


def test_this_environment_is_healthy() -> None:
    done = run_process('doctor')
    status, report = done.returncode, done.stdout
    assert status == 0, report
    assert 'BROKEN' not in report
    for name in ('torch', 'mmcv operators', 'mmagic', 'seginpaint_mm'):
        assert re.search(rf'^ok +{name} ', report, re.MULTILINE), report


def test_operators_that_do_not_load_are_found_and_only_they_are_blamed(tmp_path: Path) -> None:
    stub = tmp_path / 'sitecustomize.py'
    stub.write_text(
        'import sys\n'
        'class Refuse:\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        "        if name == 'mmcv._ext':\n"
        "            raise ImportError('_ext.so: undefined symbol: _ZN3c10')\n"
        'sys.meta_path.insert(0, Refuse())\n'
    )
    status, report = run_doctor(stubs=tmp_path)
    assert status == 1
    line = re.search(
        r'BROKEN  mmcv operators .*undefined symbol.*\n.*REDO=mmcv$', report, re.MULTILINE
    )
    assert line, report
    assert re.search(r'^ok +NumPy ', report, re.MULTILINE)


def test_says_which_operators_mmcv_has(monkeypatch: pytest.MonkeyPatch) -> None:
    origin = mmcv_ops.in_use()
    assert doctor.check_mmcv_ops().startswith(f'{origin}, work on cpu')
    other = {'compiled': 'from torchvision', 'from torchvision': 'compiled'}[origin]
    monkeypatch.setattr(mmcv_ops, 'in_use', lambda: other)
    assert doctor.check_mmcv_ops().startswith(f'{other}, work on cpu')


def test_mmcv_without_operators_is_of_the_original_family(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    versions = {'mmengine': '0.10.7', 'mmcv-lite': '2.1.0', 'mmdet': '3.3.0'}
    monkeypatch.setattr(installation, 'distribution_version', versions.get)
    assert doctor.check_family() == 'openmmlab (the original)'
    assert doctor.library_check('mmcv')().endswith('(mmcv-lite)')
    versions['mmcv'] = '2.1.0'
    with pytest.raises(doctor.Broken, match='mmcv and mmcv-lite are both installed') as caught:
        doctor.check_family()
    by_make = 'make setup REDO=mmcv'
    assert by_make in caught.value.fix or 'pip uninstall -y mmcv mmcv-lite && ' in caught.value.fix


def test_runs_where_nothing_is_installed() -> None:
    status, report = run_doctor('-I', '-S')
    assert status == 1
    assert re.search(r'BROKEN  torch +not installed\n +to mend it: +make setup', report), report
    assert report.count('BROKEN') == report.count('to mend it:') >= 10


def test_both_families_at_once_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (present,) = installation.installed_families('mmcv')
    other = {'onedl': 'openmmlab', 'openmmlab': 'onedl'}[present]
    add_distribution(tmp_path, installation.FAMILIES['mmcv'][other], '2.1.0')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(doctor.Broken, match='both families are installed for mmcv') as caught:
        doctor.check_family()
    assert 'rm -rf .venv' in caught.value.fix


def test_libraries_of_different_families_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    families = {'mmengine': ['onedl'], 'mmcv': ['openmmlab'], 'mmdet': ['onedl'], 'mmseg': []}
    monkeypatch.setattr(installation, 'installed_families', families.get)
    with pytest.raises(doctor.Broken, match='mixed families: onedl-mmengine, mmcv, onedl-mm'):
        doctor.check_family()


def test_two_opencvs_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (('opencv-python', '4.0'), ('opencv-python-headless', '4.1')):
        add_distribution(tmp_path, name, version)
    monkeypatch.syspath_prepend(tmp_path)
    note = doctor.check_opencv()
    assert isinstance(note, doctor.Note)
    assert 'overwrite each other' in note.text
    assert 'pip uninstall -y opencv-python opencv-python-headless && make setup' in note.fix


def test_unusable_opencv_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'cv2.py').write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file')"
    )
    monkeypatch.delitem(sys.modules, 'cv2')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(doctor.Broken, match=r'libGL\.so\.1: cannot open') as caught:
        doctor.check_opencv()
    assert 'make setup' in caught.value.fix


def test_unfit_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'version_info', (3, 9, 1))
    with pytest.raises(doctor.Broken, match='3.10 to 3.13 is needed'):
        doctor.check_python()


def test_every_step_that_it_names_exists() -> None:
    script = (ROOT / 'tools' / 'setup_env.sh').read_text()
    steps = re.search(r'STEPS=\(([\w ]+)\)', script)[1].split()
    source = Path(doctor.__file__).read_text()
    named = re.findall(r"redo='(\w+)'|setup_command\('(\w+)'\)", source)
    assert named
    assert {a or b for a, b in named} <= set(steps)


@pytest.fixture
def pip_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take this environment for one that pip made; return a folder for more distributions."""
    monkeypatch.setattr(installation, 'made_by_make', lambda: False)
    monkeypatch.syspath_prepend(tmp_path)
    add_distribution(tmp_path, 'seginpaint_mm', '0.2.0')
    return tmp_path


def test_where_pip_installed_the_fixes_are_pip_commands(pip_environment: Path) -> None:
    assert installation.setup_command('libraries') == (
        f"{sys.executable} -m pip install 'seginpaint_mm[onedl]'"
    )
    for name in ('onedl-mmcv', 'mmcv', 'mmcv-lite'):
        add_distribution(pip_environment, name, '2.1.0')
    with pytest.raises(doctor.Broken, match='both families are installed') as caught:
        doctor.check_family()
    uninstall, install = caught.value.fix.split(' && ')
    assert {'onedl-mmcv', 'mmcv', 'mmcv-lite'} <= set(uninstall.split())
    assert install.endswith("install 'seginpaint_mm[onedl]'")


def test_mmagic_is_optional_and_fixed_after_asking(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(installation, 'distribution_version', lambda name: None)
    note = doctor.check_mmagic()
    assert isinstance(note, doctor.Note)
    assert note.fix.endswith("-m pip install --no-deps 'mmagic>=1.2,<1.3'")
    monkeypatch.setattr(doctor, 'CHECKS', {'mmagic': doctor.check_mmagic})
    monkeypatch.setattr(doctor, 'command_line', lambda name: ['echo', 'checked again'])
    ran = []
    real = subprocess.run

    def run(command: str | list, **options: object) -> subprocess.CompletedProcess:
        ran.append(command)
        return real('true' if isinstance(command, str) else command, **options)

    monkeypatch.setattr(subprocess, 'run', run)
    for answer, options, runs in (('n', [], 0), ('y', [], 1), ('', ['--yes'], 1)):
        ran.clear()
        monkeypatch.setattr('builtins.input', lambda question, answer=answer: answer)
        assert doctor.main(['--fix', *options]) == 0
        assert ran == [note.fix] * runs + [['echo', 'checked again']]
        output = capfd.readouterr().out
        assert ('left out' in output) == (runs == 0)
        assert 'checked again' in output


def test_only_pip_is_run_by_fix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fixes = [
        'make setup',
        'rm -rf .venv && make setup',
        f'{installation.pip_command("x")} && make setup',
    ]
    monkeypatch.setattr(doctor, 'command_line', lambda name: ['true'])
    status = doctor.run_fixes([doctor.Note('broken', fix) for fix in fixes], pytest.fail)
    assert 'There is nothing that --fix can mend.' in capsys.readouterr().out
    assert status == 0


def test_fix_changes_nothing_when_nobody_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, 'stdin', io.StringIO(''))
    assert not doctor.ask_user('pip install x')
    assert '--yes runs it without asking' in capsys.readouterr().out


def test_the_doctors_mmagic_is_that_of_the_requirements() -> None:
    lines = (ROOT / 'requirements/mmagic.txt').read_text().splitlines()
    assert [line for line in lines if not line.startswith('#')] == [doctor.MMAGIC]
