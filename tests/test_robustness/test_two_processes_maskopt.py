"""Two gloo processes train ObjectRemover: its inpainters like one, all parts in step."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.tiny_remover import INPAINTERS, tiny_remover_config, write_tiny_pairs
from tests.helpers.tool_runs import run_here, run_process

_PLAIN = """
train_dataloader['batch_size'] = {batch_size}
"""
# What mmdet's losses are divided by depends on which images share a process, and batch norm's
# statistics do: the panoptic network gives the masks, and does not learn.
_FROZEN = (
    _PLAIN
    + """
model['frozen_parts'] = ['selector']
model['selector']['detector']['backbone']['norm_eval'] = True
optim_wrapper.pop('selector')
"""
)


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_pairs(tmp_path_factory.mktemp('pairs'), 12)


def train_by_two(config: Path, work_dir: Path) -> None:
    launch = ('--launcher', 'pytorch', '--work-dir', work_dir, '--seed', '0')
    done = run_process('train', config, *launch, processes=2)
    assert done.returncode == 0, done.stderr


def of_rank(work_dir: Path, name: str, rank: int) -> np.ndarray:
    return np.array(json.loads((work_dir / f'{name}_{rank}.json').read_text()))


def weights(work_dir: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint_safely(work_dir / 'epoch_1.pth')['state_dict']


@pytest.mark.slow
def test_two_gloo_processes_train_the_inpainters_like_one(tmp_path: Path, data_root: Path) -> None:
    one, two = (
        tiny_remover_config(tmp_path / f'{n}', data_root, _FROZEN.format(batch_size=n))
        for n in (4, 2)
    )
    run_here('train', one, '--work-dir', tmp_path / 'one', '--seed', '0')
    train_by_two(two, tmp_path / 'two')
    whole = of_rank(tmp_path / 'one', 'losses', 0)
    halves = np.stack([of_rank(tmp_path / 'two', 'losses', rank) for rank in (0, 1)])
    assert whole.shape == (3,)
    assert not np.allclose(*halves)  # the processes saw different images
    np.testing.assert_allclose(halves.mean(axis=0), whole, rtol=1e-4)
    first, second = weights(tmp_path / 'one'), weights(tmp_path / 'two')
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-4, atol=1e-5, msg=name)
    one, two = (
        json.loads((tmp_path / run / 'last_epochs_mean.json').read_text())['mean']
        for run in ('one', 'two')
    )
    assert two == pytest.approx(one, abs=0.05, nan_ok=True)
    assert {'PSNR', 'mask/growth', 'mask/found'} <= one.keys()


@pytest.mark.slow
def test_all_parts_learn_in_step(tmp_path: Path, data_root: Path) -> None:
    train_by_two(
        tiny_remover_config(tmp_path, data_root, _PLAIN.format(batch_size=2)), tmp_path / 'two'
    )
    assert not np.allclose(*(of_rank(tmp_path / 'two', 'losses', rank) for rank in (0, 1)))
    sums = [json.loads((tmp_path / f'two/weights_{rank}.json').read_text()) for rank in (0, 1)]
    assert set(sums[0]) == {'selector', *INPAINTERS}
    assert sums[0] == sums[1], 'the processes hold the same weights'
    before = json.loads((tmp_path / 'two/weights_before_0.json').read_text())
    assert all(sums[0][part] != before[part] for part in sums[0])
