"""Killed mid-epoch and resumed, training ends with the weights of an uninterrupted one."""

import signal
from pathlib import Path

import pytest
import torch

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here, run_process

# no seed in the config: a resumed training must take the checkpoint's
_WORKERS = """
train_dataloader.update(num_workers=2)
randomness = dict(_delete_=True, seed=None)
"""
_KILLED_IN_EPOCH_2 = "custom_hooks = _base_.custom_hooks + [dict(type='KillHook', iteration=6)]\n"


@pytest.fixture(scope='module')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_street(tmp_path_factory.mktemp('street'))


def test_kill_mid_epoch_and_resume_gives_the_same_weights(street: Path, tmp_path: Path) -> None:
    config = tiny_config(tmp_path / 'config', street, body=_WORKERS, max_epochs=2)
    body = _WORKERS + _KILLED_IN_EPOCH_2
    killed_config = tiny_config(tmp_path / 'killed', street, body=body, max_epochs=2)
    options = ('--deterministic', '--work-dir')

    run_here('train', config, '--seed', '7', *options, tmp_path / 'whole')
    killed = run_process('train', killed_config, '--seed', '7', *options, tmp_path / 'cut')
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (tmp_path / 'cut/epoch_2.pth').exists()
    resumed = run_process('train', config, '--resume', *options, tmp_path / 'cut')
    assert resumed.returncode == 0, resumed.stderr
    assert 'resumed epoch: 1, iter: 4' in resumed.stdout + resumed.stderr

    whole = load_checkpoint_safely(tmp_path / 'whole/epoch_2.pth')
    cut = load_checkpoint_safely(tmp_path / 'cut/epoch_2.pth')
    assert whole['meta']['seed'] == cut['meta']['seed'] == 7
    _assert_equal(whole['state_dict'], cut['state_dict'])
    _assert_equal(whole['optimizer'], cut['optimizer'])
    _assert_equal(whole['param_schedulers'], cut['param_schedulers'])
    means = [(tmp_path / run / 'last_epochs_mean.json').read_text() for run in ('whole', 'cut')]
    assert means[0] == means[1]
    assert '"epochs": [\n    1,\n    2\n  ]' in means[0]


def _assert_equal(first: object, second: object) -> None:
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second)
    elif isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            _assert_equal(first[key], second[key])
    elif isinstance(first, (list, tuple)):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            _assert_equal(one, other)
    else:
        assert first == second
