"""tools/train.py and tools/test.py on a tiny data set, in this process."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.commands.test import last_checkpoints
from seginpaint_mm.engine import mixed_precision
from seginpaint_mm.errors import UserError
from tests.helpers.tiny_run import SIZE, tiny_config, write_tiny_street
from tests.helpers.tool_runs import REPOSITORY, run_here


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``tiny.py`` and the finished training ``run`` of 3 epochs."""
    folder = tmp_path_factory.mktemp('trained')
    config = tiny_config(folder, write_tiny_street(folder / 'street'), max_epochs=3)
    options = ('--cfg-options', 'custom_hooks.4.num_epochs=2')
    run_here('train', config, '--work-dir', folder / 'run', '--seed', '3', *options)
    return folder


def logged(work_dir: Path, key: str) -> list[float]:
    """The values of ``key`` in the newest run's log."""
    lines = max(work_dir.glob('*/vis_data/scalars.json')).read_text().splitlines()
    return [record[key] for record in map(json.loads, lines) if key in record]


def test_training_keeps_the_last_checkpoints_and_the_seed(trained: Path) -> None:
    names = sorted(path.name for path in (trained / 'run').glob('*.pth'))
    assert names == ['epoch_2.pth', 'epoch_3.pth']
    assert load_checkpoint_safely(trained / 'run/epoch_3.pth')['meta']['seed'] == 3


def test_the_mean_over_the_last_epochs(trained: Path) -> None:
    summary = json.loads((trained / 'run/last_epochs_mean.json').read_text())
    assert summary['num_epochs'] == 2
    assert summary['epochs'] == [2, 3]
    for name in ('all_mIoU', 'all_IoU_road', 'foreground_IoU'):
        values = logged(trained / 'run', name)
        assert len(values) == 3
        assert summary['mean'][name] == pytest.approx(np.mean(values[1:]), abs=1e-4)
    assert summary['mean']['fg_IoU_sidewalk'] is None  # no pavement behind these cars


def test_testing_repeats_the_last_validation(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / 'out'
    arguments = (trained / 'tiny.py', trained / 'run/epoch_3.pth', '--work-dir', tmp_path / 'run')
    run_here('test', *arguments, '--out', out, '--show-dir', tmp_path / 'pictures')
    metrics = json.loads((out / 'metrics.json').read_text())
    assert metrics['all_mIoU'] == pytest.approx(logged(trained / 'run', 'all_mIoU')[-1], abs=1e-3)
    for field, largest in (('pred_background', 2), ('pred_foreground', 1)):
        maps = [cv2.imread(str(p), cv2.IMREAD_UNCHANGED) for p in sorted(out.glob(f'{field}/*'))]
        assert [m.shape for m in maps] == [SIZE, SIZE]
        assert all(m.dtype == np.uint8 and m.max() <= largest for m in maps)
    assert list((tmp_path / 'pictures').glob('*.png'))


def test_the_networks_of_the_last_epochs_are_tested_in_turn(trained: Path, tmp_path: Path) -> None:
    checkpoint = trained / 'run/epoch_3.pth'
    arguments = (trained / 'tiny.py', checkpoint, '--work-dir', tmp_path, '--out', tmp_path / 'out')
    run_here('test', *arguments, '--last-epochs', '2')
    metrics = json.loads((tmp_path / 'out/metrics.json').read_text())
    mean = np.mean(logged(trained / 'run', 'all_mIoU')[1:])
    assert metrics['all_mIoU'] == pytest.approx(mean, abs=1e-3)
    with pytest.raises(UserError, match=r'no epoch_1.pth: train with .*max_keep_ckpts=3'):
        last_checkpoints(str(checkpoint), 3)
    with pytest.raises(UserError, match='takes a number from 1 on and a checkpoint epoch_K'):
        last_checkpoints('best.pth', 2)


def test_resume_goes_on_where_training_ended(trained: Path, tmp_path: Path) -> None:
    arguments = (trained / 'tiny.py', '--resume', trained / 'run/epoch_3.pth')
    more = ('--cfg-options', 'train_cfg.max_epochs=4')
    run_here('train', *arguments, '--work-dir', tmp_path / 'run', *more)
    assert [path.name for path in (tmp_path / 'run').glob('*.pth')] == ['epoch_4.pth']
    assert load_checkpoint_safely(tmp_path / 'run/epoch_4.pth')['meta']['iter'] == 16


def test_resume_without_a_checkpoint_starts_anew(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ('--work-dir', tmp_path / 'run', '--cfg-options', 'train_cfg.max_epochs=1')
    run_here('train', trained / 'tiny.py', '--resume', *arguments)
    assert 'to resume from: training starts from scratch' in capsys.readouterr().out
    assert (tmp_path / 'run/epoch_1.pth').is_file()


def test_amp_trains_on_every_machine(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bfloat16 works without units for it, only slower; --amp alone would take float32 there."""
    monkeypatch.setattr(mixed_precision, 'has_bfloat16_units', lambda: True)
    arguments = ('--work-dir', tmp_path / 'run', '--cfg-options', 'train_cfg.max_epochs=1')
    run_here('train', trained / 'tiny.py', '--amp', *arguments)
    wrapper = Config.fromfile(tmp_path / 'run/tiny.py').optim_wrapper.type
    assert wrapper in ('AmpOptimWrapper', 'CPUAmpOptimWrapper')
    assert np.isfinite(logged(tmp_path / 'run', 'loss')).all()


def test_print_config_shows_bases_and_overrides(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (trained / 'tiny.py', '--cfg-options', 'train_cfg.max_epochs=9')
    run_here('analysis_tools/print_config', *arguments)
    shown = tmp_path / 'shown.py'
    shown.write_text(capsys.readouterr().out)
    cfg = Config.fromfile(shown)
    assert cfg.train_cfg.max_epochs == 9
    assert cfg.default_scope == 'seginpaint_mm'


def test_get_flops_counts_the_papers_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    config = REPOSITORY / 'configs/mpi/pspnet_r18_shared_cityscapes.py'
    run_here('analysis_tools/get_flops', config, '--shape', '64', '128')
    printed = capsys.readouterr().out
    total = next(line.split() for line in printed.splitlines() if line.startswith('total'))
    assert total[1] == '21,819,528'
    assert 'One image of 64x128' in printed


def test_tensorboard_is_one_override_away(trained: Path, tmp_path: Path) -> None:
    pytest.importorskip('tensorboard', reason='TensorBoard is an optional package')
    options = ('visualizer.vis_backends.0.type=TensorboardVisBackend', 'train_cfg.max_epochs=1')
    arguments = ('--work-dir', tmp_path / 'run', '--cfg-options', *options)
    run_here('train', trained / 'tiny.py', *arguments)
    (events,) = (tmp_path / 'run').glob('*/vis_data/events.out.tfevents.*')
    assert b'all_mIoU' in events.read_bytes()
