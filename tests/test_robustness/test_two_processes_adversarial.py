"""Two gloo processes train an adversarial model like one with the same total batch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.tiny_gan import tiny_gan_config
from tests.helpers.tool_runs import run_here, run_process

_PLAIN = """
train_dataloader.update(batch_size={batch_size})
"""
# Gradients of two batches are added up, and the judge learns from every second sum only.
_RESTING = (
    _PLAIN
    + """
find_unused_parameters = True
for part in optim_wrapper.values():
    if isinstance(part, dict):
        part['accumulative_counts'] = 2
optim_wrapper['judge']['every'] = 2
del part
"""
)


@pytest.mark.slow
@pytest.mark.parametrize('body', [_PLAIN, _RESTING], ids=['plain', 'accumulated-and-resting'])
def test_two_gloo_processes_train_like_one(tmp_path: Path, body: str) -> None:
    one, two = (tiny_gan_config(tmp_path / f'{n}', body.format(batch_size=n)) for n in (4, 2))
    run_here('train', one, '--work-dir', tmp_path / 'one')
    launch = ('--launcher', 'pytorch', '--work-dir', tmp_path / 'two')
    done = run_process('train', two, *launch, processes=2)
    assert done.returncode == 0, done.stderr

    whole = _losses(tmp_path / 'one', rank=0)
    halves = np.stack([_losses(tmp_path / 'two', rank) for rank in (0, 1)])
    assert whole.shape == (20,)
    assert not np.allclose(*halves)  # the processes saw different vectors
    np.testing.assert_allclose(halves.mean(axis=0), whole, rtol=1e-5)
    first, second = (
        load_checkpoint_safely(tmp_path / run / 'epoch_2.pth')['state_dict']
        for run in ('one', 'two')
    )
    assert len(first) == 12
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-5, atol=1e-6, msg=name)


def _losses(work_dir: Path, rank: int) -> np.ndarray:
    return np.array(json.loads((work_dir / f'losses_{rank}.json').read_text()))
