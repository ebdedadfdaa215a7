"""The doctor on this environment, and on ones that are broken in ways that users meet."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from seginpaint_mm.commands import doctor
from seginpaint_mm.interop import mmcv_ops

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
    status, report = run_doctor()
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
    monkeypatch.setattr(doctor, 'distribution_version', versions.get)
    assert doctor.check_family() == 'openmmlab (the original)'
    assert doctor.library_check('mmcv')().endswith('(mmcv-lite)')
    versions['mmcv'] = '2.1.0'
    with pytest.raises(doctor.Broken, match='mmcv and mmcv-lite are both installed') as caught:
        doctor.check_family()
    assert 'REDO=mmcv' in caught.value.fix


def test_runs_where_nothing_is_installed() -> None:
    status, report = run_doctor('-I', '-S')
    assert status == 1
    assert re.search(r'BROKEN  torch +not installed\n +to mend it: +make setup', report), report
    assert report.count('BROKEN') == report.count('to mend it:') >= 10


def test_both_families_at_once_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (present,) = doctor.installed_families('mmcv')
    other = {'onedl': 'openmmlab', 'openmmlab': 'onedl'}[present]
    add_distribution(tmp_path, doctor.FAMILIES['mmcv'][other], '2.1.0')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(doctor.Broken, match='both families are installed for mmcv') as caught:
        doctor.check_family()
    assert 'rm -rf .venv' in caught.value.fix


def test_libraries_of_different_families_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    families = {'mmengine': ['onedl'], 'mmcv': ['openmmlab'], 'mmdet': ['onedl'], 'mmseg': []}
    monkeypatch.setattr(doctor, 'installed_families', families.get)
    with pytest.raises(doctor.Broken, match='mixed families: onedl-mmengine, mmcv, onedl-mm'):
        doctor.check_family()


def test_two_opencvs_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('opencv-python', 'opencv-python-headless'):
        add_distribution(tmp_path, name, '4.0')
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
    with pytest.raises(doctor.Broken, match='3.10, 3.11 or 3.12 is needed'):
        doctor.check_python()


def test_every_step_that_it_names_exists() -> None:
    script = (ROOT / 'tools' / 'setup_env.sh').read_text()
    steps = re.search(r'STEPS=\(([\w ]+)\)', script)[1].split()
    source = Path(doctor.__file__).read_text()
    named = re.findall(r"redo='(\w+)'|setup_command\('(\w+)'\)", source)
    assert named
    assert {a or b for a, b in named} <= set(steps)
