"""Two gloo processes train each phase of SeGAN like one with the same total batch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.amodal_folders import write_dyce
from tests.helpers.tiny_segan import PHASES, tiny_segan_config
from tests.helpers.tool_runs import run_here, run_process

# No part may depend on which objects share a process: no batch norm, no dropout. Plain descent, as
# Adam makes much of differences in rounding.
_BODY = """
train_dataloader['batch_size'] = {batch_size}
if model.get('segmentor'):
    model['segmentor']['backbone']['norm_cfg'] = dict(type='GN', num_groups=2)
if model.get('painter'):
    model['painter']['generator'].update(norm_cfg=dict(type='IN'), use_dropout=False)
    model['painter']['discriminator'].update(norm_cfg=dict(type='IN'))
for part in optim_wrapper.values():
    if isinstance(part, dict):
        part['optimizer'] = dict(type='SGD', lr=1e-2)
del part
"""


@pytest.mark.slow
@pytest.mark.parametrize('phase', PHASES)
def test_two_gloo_processes_train_like_one(tmp_path: Path, phase: str) -> None:
    write_dyce(tmp_path / 'data', [f'train_{number}' for number in range(4)])
    data_root = write_dyce(tmp_path / 'data', ['val_0', 'val_1'], split='val')
    one, two = (
        tiny_segan_config(tmp_path / f'{n}', data_root, phase, _BODY.format(batch_size=n))
        for n in (4, 2)
    )
    run_here('train', one, '--work-dir', tmp_path / 'one', '--seed', '0')
    launch = ('--launcher', 'pytorch', '--work-dir', tmp_path / 'two', '--seed', '0')
    done = run_process('train', two, *launch, processes=2)
    assert done.returncode == 0, done.stderr

    whole = _losses(tmp_path / 'one', rank=0)
    halves = np.stack([_losses(tmp_path / 'two', rank) for rank in (0, 1)])
    assert whole.shape == (3,)
    assert not np.allclose(*halves)  # the processes saw different objects
    np.testing.assert_allclose(halves.mean(axis=0), whole, rtol=1e-4)
    first, second = (
        load_checkpoint_safely(tmp_path / run / 'epoch_1.pth')['state_dict']
        for run in ('one', 'two')
    )
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-4, atol=1e-5, msg=name)
    measured = [
        json.loads((tmp_path / run / 'last_epochs_mean.json').read_text())['mean']
        for run in ('one', 'two')
    ]
    assert measured[1] == pytest.approx(measured[0], abs=0.05, nan_ok=True)


def _losses(work_dir: Path, rank: int) -> np.ndarray:
    return np.array(json.loads((work_dir / f'losses_{rank}.json').read_text()))
