"""A wheel, installed into an environment of its own outside the repository."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from mmengine.utils import digit_version

from seginpaint_mm import __version__
from seginpaint_mm.zoo.shipped import SHIPPED
from tests.helpers.tool_runs import REPOSITORY

CARRIED = ('configs', 'requirements', 'seginpaint_mm', 'tools')
FILES = ('LICENSE', 'MANIFEST.in', 'README.md', 'model-index.yml', 'pyproject.toml', 'setup.py')
SETUPTOOLS = digit_version(importlib.metadata.version('setuptools'))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        digit_version('77') > SETUPTOOLS,
        reason='the metadata need setuptools 77, which pip brings only where there is a network',
    ),
]


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel from a copy of the sources, in which an earlier build has left a file."""
    source = tmp_path_factory.mktemp('source')
    for folder in CARRIED:
        ignored = shutil.ignore_patterns('__pycache__')
        shutil.copytree(REPOSITORY / folder, source / folder, ignore=ignored)
    for name in FILES:
        shutil.copy(REPOSITORY / name, source)
    left = source / 'build/lib/seginpaint_mm/left_by_an_earlier_build.py'
    left.parent.mkdir(parents=True)
    left.touch()
    out = tmp_path_factory.mktemp('wheel')
    options = ['--no-deps', '--no-build-isolation', '--no-index', '--wheel-dir', out]
    _run(sys.executable, '-m', 'pip', 'wheel', *options, source)
    return next(out.glob('*.whl'))


@pytest.fixture(scope='module')
def seginpaint(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script in a new environment, which takes the libraries from this one."""
    folder = tmp_path_factory.mktemp('environment') / 'venv'
    _run(sys.executable, '-m', 'venv', '--without-pip', folder)
    python = folder / 'bin/python'
    packages = Path(sysconfig.get_path('purelib', vars={'base': str(folder)}))
    (packages / 'libraries.pth').write_text(sysconfig.get_path('purelib') + '\n')
    options = ['--no-deps', '--no-index', '--ignore-installed']
    _run(sys.executable, '-m', 'pip', '--python', python, 'install', *options, wheel)
    return folder / 'bin/seginpaint'


def test_the_wheel_holds_configs_metafiles_and_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert f'seginpaint_mm-{__version__}-' in wheel.name
    assert {'seginpaint_mm/py.typed', 'seginpaint_mm/app/page/index.html'} <= names
    for network in SHIPPED.values():
        assert f'seginpaint_mm/{network.path.relative_to(REPOSITORY / "seginpaint_mm")}' in names
    for path in REPOSITORY.glob('configs/**/*.[py]*'):
        if path.is_file() and '__pycache__' not in path.parts:
            assert f'seginpaint_mm/.mim/{path.relative_to(REPOSITORY)}' in names
    assert {f'seginpaint_mm/.mim/{name}' for name in ('model-index.yml', 'tools/train.py')} <= names
    assert not any('left_by_an_earlier_build' in name for name in names)
    assert not any(name.startswith(('configs/', 'tests/', 'tools/')) for name in names)


def test_the_extras_are_those_of_the_requirements(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
    lines = archive.read(name).decode().splitlines()
    extras = {line.removeprefix('Provides-Extra: ') for line in lines if 'Provides-Extra' in line}
    assert extras == {
        *('onedl', 'openmmlab', 'page', 'export', 'ray', 'layers', 'optional', 'tests', 'docs'),
        'all',
    }
    needed = [line for line in lines if line.startswith('Requires-Dist: ')]
    plain = [line for line in needed if 'extra ==' not in line]
    assert any(line.startswith('Requires-Dist: torch>=') for line in plain)
    families = ('mmengine', 'mmcv', 'mmdet', 'mmseg', 'mmagic', 'opencv', 'onedl')
    assert not any(family in line for line in plain for family in families)
    assert not any('mmagic' in line for line in needed)
    assert any('onedl-mmcv' in line and 'extra == "onedl"' in line for line in needed)
    assert any('mmcv-lite' in line and 'extra == "openmmlab"' in line for line in needed)


def test_it_works_from_another_folder(seginpaint: Path, tmp_path: Path) -> None:
    assert 'pspnet_r18_street' in _run(seginpaint, 'list', '--names', folder=tmp_path).split()
    assert 'data/street' in _run(seginpaint, 'list', 'pspnet_r18_street', folder=tmp_path)

    counts = ['--num-train', '2', '--num-val', '1', '--workers', '1', '--size', '64', '128']
    changes = ['train_cfg.max_epochs=1', 'train_dataloader.batch_size=2']
    changes += ['train_dataloader.sampler.samples_per_epoch=2']
    for loader in ('train_dataloader', 'val_dataloader'):
        changes += [f'{loader}.num_workers=0', f'{loader}.persistent_workers=False']
    commands = [
        ['doctor'],
        ['street', 'data/street', *counts],
        ['train', 'pspnet_r18_street', '--cfg-options', *changes],
    ]
    report = _run(
        seginpaint.with_name('python'), '-c', _IN_TURN, *map(repr, commands), folder=tmp_path
    )
    assert 'everything works together' in report
    assert f'{__version__} in {seginpaint.parents[1]}' in report
    assert 'make setup' not in report
    assert (tmp_path / 'work_dirs/pspnet_r18_street/epoch_1.pth').is_file()


# Commands in one process, which imports the libraries once.
_IN_TURN = """
import ast, sys
from seginpaint_mm.__main__ import main

for words in sys.argv[1:]:
    assert not main(ast.literal_eval(words)), words
"""


def _run(*command: str | Path, folder: Path | None = None) -> str:
    """The output of a command that has to succeed, without this repository on its path."""
    left_out = ('PYTHONPATH', 'PIP_REQUIRE_VIRTUALENV')
    env = {key: value for key, value in os.environ.items() if key not in left_out}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**env, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
