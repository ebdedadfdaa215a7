"""What the processor can do is read from Linux, and threads wait asleep unless the user says."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seginpaint_mm.utils import processor
from tests.helpers.tool_runs import REPOSITORY

AVX2 = 'flags\t\t: fpu avx avx2 fma\n'
AVX512 = 'processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\n'
ARM = 'Features\t: fp asimd bf16\n'
TOOLS_WITHOUT_THE_PACKAGE = {'run_onnx.py'}  # and without PyTorch
OUR_TOOLS = [
    *(p for p in (REPOSITORY / 'tools').rglob('*.py') if p.name not in TOOLS_WITHOUT_THE_PACKAGE),
    REPOSITORY / 'tests/conftest.py',
]
# Imports PyTorch through the package, and says what the environment was at that moment.
WHEN_TORCH_IS_IMPORTED = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == 'torch':
            print('policy', os.environ.get('OMP_WAIT_POLICY'))
            sys.exit()
sys.meta_path.insert(0, Watch())
import seginpaint_mm.models
"""


def machine(monkeypatch: pytest.MonkeyPatch, folder: Path, cpuinfo: str) -> None:
    path = folder / 'cpuinfo'
    path.write_text(cpuinfo)
    monkeypatch.setattr(processor, '_CPUINFO', path)
    for name in ('ONEDNN_MAX_CPU_ISA', 'DNNL_MAX_CPU_ISA'):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ('cpuinfo', 'limit', 'bfloat16', 'level'),
    [
        (AVX2, '', False, 'AVX2, without'),
        (AVX512, '', True, 'AVX-512, with'),
        (AVX512, 'AVX2', False, 'AVX-512, without'),
        (AVX512, 'avx512_core', False, 'AVX-512, without'),
        (AVX512, 'AVX512_CORE_BF16', True, 'AVX-512, with'),
        (ARM, '', True, 'NEON, with'),
        ('model name: unknown\n', '', False, 'unknown level, without'),
    ],
)
def test_reads_the_level_and_units(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cpuinfo: str,
    limit: str,
    bfloat16: bool,
    level: str,
) -> None:
    machine(monkeypatch, tmp_path, cpuinfo)
    monkeypatch.setenv('ONEDNN_MAX_CPU_ISA', limit)
    assert processor.has_bfloat16_units() is bfloat16
    assert f'{level} bfloat16 units' in processor.describe()


def test_systems_without_cpuinfo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processor, '_CPUINFO', tmp_path / 'none')
    assert not processor.features()
    assert not processor.has_bfloat16_units()


def test_a_container_limits_the_cores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    quota = tmp_path / 'cpu.max'
    monkeypatch.setattr(processor, '_QUOTA', quota)
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(range(8)), raising=False)
    for text, cores in (('max 100000\n', 8), ('150000 100000\n', 2), ('50000 100000\n', 1)):
        quota.write_text(text)
        assert processor.usable_cores() == cores


@pytest.mark.parametrize(
    ('cores', 'workers', 'threads'),
    [(1, 2, 1), (2, 2, 2), (4, 0, 4), (4, 2, 3), (16, 2, 14), (16, 8, 12)],
)
def test_workers_get_cores_where_there_are_many(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int, threads: int
) -> None:
    monkeypatch.setattr(processor, 'usable_cores', lambda: cores)
    assert processor.compute_threads(workers) == threads


def test_threads_sleep_unless_the_user_has_set_how_they_wait() -> None:
    for theirs in ({'OMP_WAIT_POLICY': 'active'}, {'GOMP_SPINCOUNT': '100'}):
        environment = dict(theirs)
        processor.let_threads_sleep(environment)
        assert environment == theirs
    environment = {}
    processor.let_threads_sleep(environment)
    assert environment == {'OMP_WAIT_POLICY': 'passive'}


def test_threads_are_set_before_torch_is_imported() -> None:
    environment = {name: value for name, value in os.environ.items() if 'OMP_' not in name}
    done = subprocess.run(
        [sys.executable, '-c', WHEN_TORCH_IS_IMPORTED],
        env={**environment, 'PYTHONPATH': str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[0] == 'policy passive', done.stderr


@pytest.mark.parametrize('path', OUR_TOOLS, ids=lambda path: path.name)
def test_every_tool_imports_the_package_before_what_imports_torch(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names = [name.name.split('.')[0] for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module.split('.')[0]]
        else:
            continue
        if 'seginpaint_mm' in names:
            return
        harmless = {*sys.stdlib_module_names, 'numpy', 'cv2', 'tqdm', 'matplotlib'}
        assert set(names) <= harmless, f'{path}: {names} come before seginpaint_mm'
