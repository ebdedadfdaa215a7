"""Two gloo processes train like one with the same total batch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here, run_process

# Equality holds where nothing depends on how a batch is split: batch norm keeps its statistics,
# nothing is random, and every image has the same number of labelled pixels, since each process
# divides its loss by its own number of them.
_BODY = """
model['neck'].update(num_rectangles=0)
model['background_head'].update(psp_dropout=0.0, dropout_ratio=0.0)
train_pipeline.pop(2)  # flips
train_dataloader.update(batch_size={batch_size})
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
custom_hooks = _base_.custom_hooks + [dict(type='FrozenNormHook'), dict(type='LossFileHook')]
"""


@pytest.mark.slow
def test_two_gloo_processes_train_like_one(tmp_path: Path) -> None:
    street = write_tiny_street(tmp_path / 'street', num_val=2)
    one, two = (
        tiny_config(tmp_path / f'batch{n}', street, body=_BODY.format(batch_size=n), max_epochs=2)
        for n in (4, 2)
    )
    run_here('train', one, '--work-dir', tmp_path / 'one')
    launch = ('--launcher', 'pytorch', '--work-dir', tmp_path / 'two')
    done = run_process('train', two, *launch, processes=2, torchrun=True)
    assert done.returncode == 0, done.stderr

    whole = _losses(tmp_path / 'one', rank=0)
    halves = np.stack([_losses(tmp_path / 'two', rank) for rank in (0, 1)])
    assert not np.allclose(*halves)  # the processes saw different images
    np.testing.assert_allclose(halves.mean(axis=0), whole, rtol=1e-4)
    assert abs(whole[-1] - whole[0]) > 1e-2  # and something was learnt
    first, second = (
        load_checkpoint_safely(tmp_path / run / 'epoch_2.pth')['state_dict']
        for run in ('one', 'two')
    )
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-3, atol=1e-5, msg=name)


def _losses(work_dir: Path, rank: int) -> np.ndarray:
    return np.array(json.loads((work_dir / f'losses_{rank}.json').read_text()))
