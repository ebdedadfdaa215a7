"""Hooks in short trainings, and the moments in which they matter."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch.utils.data import DataLoader, Dataset

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.engine.hooks import EpochSeedHook, FiniteLossHook, LastEpochsMeanHook
from seginpaint_mm.engine.hooks.epoch_hooks import epoch_seed
from seginpaint_mm.engine.hooks.resume_settings_hook import latest_checkpoint
from seginpaint_mm.errors import DivergenceError
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import forget_runs, run_here


class Killed(BaseException):
    """Ends the process's work at once, as a kill does: no handler of errors runs."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    street = write_tiny_street(tmp_path / 'street', num_train=2, num_val=1)
    return tiny_config(tmp_path, street)


@pytest.mark.parametrize('moment', ['checkpoint', 'last_checkpoint', 'removal'])
def test_a_kill_while_saving_leaves_a_whole_checkpoint(
    moment: str, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at each step of saving epoch 2, with only one checkpoint to be kept."""
    renamed, removed = {'checkpoint': 'epoch_2.pth', 'last_checkpoint': moment}, 'epoch_1.pth'
    real_replace, real_unlink = shutil.os.replace, Path.unlink
    armed = []

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == renamed.get(moment) and armed:
            raise Killed
        real_replace(source, target)
        armed.extend(['epoch_1'] if Path(target).name == 'last_checkpoint' else [])

    def unlink(self: Path, missing_ok: bool = False) -> None:
        if moment == 'removal' and self.name == removed:
            raise Killed
        real_unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr('seginpaint_mm.utils.files.os.replace', replace)
    monkeypatch.setattr(Path, 'unlink', unlink)
    keep_one = ('--cfg-options', 'default_hooks.checkpoint.max_keep_ckpts=1')
    with pytest.raises(Killed):
        run_here('train', config, '--work-dir', tmp_path / 'run', *keep_one)
    monkeypatch.undo()

    found = latest_checkpoint(tmp_path / 'run')
    assert load_checkpoint_safely(found)['meta']['epoch'] == int(found[-5])
    run_here('train', config, '--work-dir', tmp_path / 'run', '--resume', *keep_one)
    assert [path.name for path in (tmp_path / 'run').glob('*.pth*')] == ['epoch_3.pth']


def test_too_little_space_is_told_before_training(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: SimpleNamespace(free=1000))
    with pytest.raises(SystemExit):
        run_here('train', config, '--work-dir', tmp_path / 'run')
    assert 'Only 0 MiB are free for' in capsys.readouterr().err
    assert not list((tmp_path / 'run').glob('*.pth'))


class Draws(Dataset):
    """A sample is what the worker's generators draw."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> tuple[float, float]:
        return np.random.random(), float(torch.rand(()))


def _draw(epoch: int, num_workers: int, rank_seed: int = 5) -> list[float]:
    loader = DataLoader(Draws(), num_workers=num_workers)
    runner = SimpleNamespace(seed=rank_seed, epoch=epoch, train_dataloader=loader)
    EpochSeedHook().before_train_epoch(runner)
    return [float(value) for sample in loader for value in sample]


@pytest.mark.parametrize('num_workers', [0, 1])
def test_an_epochs_random_numbers_depend_on_the_epoch_alone(num_workers: int) -> None:
    first = _draw(epoch=1, num_workers=num_workers)
    torch.rand(100)
    np.random.random(100)
    assert _draw(epoch=1, num_workers=num_workers) == first
    assert not set(_draw(epoch=2, num_workers=num_workers)) & set(first)
    assert not set(_draw(epoch=1, num_workers=num_workers, rank_seed=6)) & set(first)


def test_epoch_seeds_differ_and_leave_room_for_workers() -> None:
    seeds = {epoch_seed(s, e, r) for s in range(8) for e in range(64) for r in range(8)}
    assert len(seeds) == 8 * 64 * 8
    assert max(seeds) < 2**31


def test_persistent_workers_are_warned_of(
    config: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options = (
        'train_dataloader.num_workers=1',
        'train_dataloader.persistent_workers=True',
        'train_cfg.max_epochs=1',
    )
    run_here('train', config, '--work-dir', tmp_path / 'run', '--cfg-options', *options)
    assert 'will draw other augmentations than an uninterrupted one' in ''.join(capfd.readouterr())


def test_weights_that_are_not_finite_are_never_saved(config: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(config)
    cfg.work_dir = str(tmp_path / 'run')
    forget_runs()
    runner = Runner.from_cfg(cfg)
    next(runner.model.parameters()).data[:] = float('inf')
    with pytest.raises(
        DivergenceError, match=r'have become NaN or infinite by iteration 1 \(1 ten'
    ):
        FiniteLossHook().before_save_checkpoint(runner, {'state_dict': runner.model.state_dict()})


def test_the_first_bad_iteration_is_named_though_looked_at_later() -> None:
    """As on a GPU: meta-data of several iterations are looked at together."""
    hook = FiniteLossHook(interval=3)
    losses = [1.0, float('nan'), float('inf')]
    hook._pending = [(1, i + 1, {'loss': torch.tensor(v)}) for i, v in enumerate(losses)]
    with pytest.raises(DivergenceError, match=r'in epoch 1, iteration 2 \(loss nan\)'):
        hook._check_losses()


def test_the_mean_needs_epochs(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    options = ('train_cfg.type=IterBasedTrainLoop', 'train_cfg.max_iters=1')
    with pytest.raises(SystemExit):
        run_here('train', config, '--work-dir', tmp_path / 'run', '--cfg-options', *options)
    assert "IterBasedTrainLoop takes no 'max_epochs'" in capsys.readouterr().err
    with pytest.raises(ValueError, match='at least 1, got 0'):
        LastEpochsMeanHook(num_epochs=0)
