"""The launch scripts hand on what they are given, in the order that each launcher wants."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config

from seginpaint_mm.cli import prepare_run
from seginpaint_mm.commands import train

TOOLS = Path(__file__).parents[2] / 'tools'
Launch = Callable[..., subprocess.CompletedProcess]


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Run a script with stand-ins for python and srun that print what they are given."""
    for name in ('python', 'srun'):
        (tmp_path / name).write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@"\n')
        (tmp_path / name).chmod(0o755)

    def run(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        env = {'PATH': f'{tmp_path}:{os.environ["PATH"]}', **variables}
        command = [str(TOOLS / script), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True)

    return run


def test_dist_train(launch: Launch) -> None:
    words = launch('dist_train.sh', 'a b.py', '2', '--seed', '1', PORT='4').stdout.splitlines()
    assert words[:3] == ['python', '-m', 'torch.distributed.run']
    assert words[words.index('--nproc_per_node') + 1] == '2'
    assert words[words.index('--master_port') + 1] == '4'
    tail = words[words.index(f'{TOOLS}/train.py') :]
    assert tail[1:] == ['a b.py', '--seed', '1', '--launcher', 'pytorch']


def test_dist_test(launch: Launch) -> None:
    words = launch('dist_test.sh', 'a.py', 'a.pth', '3', '--out', 'o').stdout.splitlines()
    assert words[words.index('--nproc_per_node') + 1] == '3'
    tail = words[words.index(f'{TOOLS}/test.py') :]
    assert tail[1:] == ['a.py', 'a.pth', '--out', 'o', '--launcher', 'pytorch']


def test_slurm_train(launch: Launch) -> None:
    result = launch('slurm_train.sh', 'gpu', 'job', 'a.py', '--amp', GPUS='16', SRUN_ARGS='-t 9')
    words = result.stdout.splitlines()
    assert words[:5] == ['srun', '--partition', 'gpu', '--job-name', 'job']
    assert words[words.index('--ntasks') + 1] == '16'
    assert words[words.index('--gres') + 1] == 'gpu:8'
    assert words[words.index('-t') : words.index('python')] == ['-t', '9']
    tail = words[words.index(f'{TOOLS}/train.py') :]
    assert tail[1:] == ['a.py', '--amp', '--launcher', 'slurm']


def test_slurm_test(launch: Launch) -> None:
    words = launch('slurm_test.sh', 'gpu', 'job', 'a.py', 'a.pth', GPUS='1').stdout.splitlines()
    assert words[words.index('--gres') + 1] == 'gpu:1'
    tail = words[words.index(f'{TOOLS}/test.py') :]
    assert tail[1:] == ['a.py', 'a.pth', '--launcher', 'slurm']


@pytest.mark.parametrize('script', ['dist_train', 'dist_test', 'slurm_train', 'slurm_test'])
def test_missing_arguments_are_told(launch: Launch, script: str) -> None:
    result = launch(f'{script}.sh', 'only-one')
    assert result.returncode == 2
    assert 'usage: ' in result.stderr


@pytest.mark.parametrize(
    ('words', 'of_config', 'taken'),
    [
        ((), None, 'none'),
        ((), 'pytorch', 'pytorch'),
        (('--launcher', 'none'), 'pytorch', 'none'),
        (('--launcher', 'slurm'), None, 'slurm'),
    ],
)
def test_the_launcher_of_the_config_counts_where_none_is_given(
    words: tuple[str, ...], of_config: str | None, taken: str, tmp_path: Path
) -> None:
    args = train.parse_args(['tiny.py', '--work-dir', str(tmp_path), *words])
    cfg = Config(dict(model=dict(), **({} if of_config is None else dict(launcher=of_config))))
    prepare_run(cfg, args)
    assert cfg.launcher == taken
