"""SeGAN's three phases with our tools: from one to the next, tested together, and interrupted."""

import json
import math
import re
from pathlib import Path

import pytest
import torch

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.amodal_folders import write_dyce
from tests.helpers.tiny_segan import PHASES, tiny_segan_config
from tests.helpers.tool_runs import run_here


def weights(path: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint_safely(path)['state_dict']


def losses(work_dir: Path) -> list[float]:
    return json.loads((work_dir / 'losses_0.json').read_text())


@pytest.fixture(scope='module')
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four images of three objects to train with: three batches of four; two to validate."""
    root = tmp_path_factory.mktemp('dyce')
    write_dyce(root, [f'train_{number}' for number in range(4)])
    return write_dyce(root, ['val_0', 'val_1'], split='val')


@pytest.fixture(scope='module')
def apart(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the trained ``segmentor`` and ``painter``."""
    folder = tmp_path_factory.mktemp('apart')
    for phase in ('segmentor', 'painter'):
        config = tiny_segan_config(folder, data_root, phase)
        run_here('train', config, '--work-dir', folder / phase, '--seed', '0')
    return folder


def begun_with(apart: Path) -> str:
    """The line of a config that begins with what was trained apart."""
    files = dict(segmentor='segmentor', generator='painter', discriminator='painter')
    paths = {part: str(apart / phase / 'epoch_1.pth') for part, phase in files.items()}
    return f"model['part_checkpoints'] = {paths}\n"


def test_end_to_end_goes_on_from_both(apart: Path, data_root: Path, tmp_path: Path) -> None:
    body = (
        begun_with(apart) + "optim_wrapper['discriminator']['optimizer'] = dict(type='SGD', lr=0)"
    )
    config = tiny_segan_config(tmp_path, data_root, 'together', body)
    run_here('train', config, '--work-dir', tmp_path / 'run', '--seed', '0')
    assert all(math.isfinite(value) for value in losses(tmp_path / 'run'))
    after, painter = weights(tmp_path / 'run/epoch_1.pth'), weights(apart / 'painter/epoch_1.pth')
    name = 'painter.discriminator.model.0.conv.weight'
    assert torch.equal(after[name], painter[name]), 'it began with these, and lr=0'
    name = 'segmentor.mask_layer.weight'
    moved = (after[name] - weights(apart / 'segmentor/epoch_1.pth')[name]).abs().max()
    assert 0 < moved < 0.01, 'three steps from there'
    measured = json.loads((tmp_path / 'run/last_epochs_mean.json').read_text())['mean']
    assert {'iou_full', 'official/iou_invisible', 'L1', 'visible_painting/L2'} < measured.keys()


def test_parts_are_tested_together_with_and_without_joining(
    apart: Path, data_root: Path, tmp_path: Path
) -> None:
    config = tiny_segan_config(tmp_path, data_root, 'together', begun_with(apart))
    run_here('join_parts', config, tmp_path / 'joined.pth')
    found = []
    for checkpoint in ((), (tmp_path / 'joined.pth',)):
        run_here('test', config, '--work-dir', tmp_path, '--out', tmp_path / 'out', *checkpoint)
        found.append(json.loads((tmp_path / 'out/metrics.json').read_text()))
    assert found[0] == found[1]
    alone = json.loads((apart / 'segmentor/last_epochs_mean.json').read_text())['mean']
    assert found[0]['iou_full'] == pytest.approx(alone['iou_full'], abs=1e-3)


@pytest.mark.parametrize(
    ('body', 'message'),
    [
        (
            '',
            r'Give a checkpoint after .*together\.py: its model\.part_checkpoints names no',
        ),
        (
            "model['part_checkpoints'].pop('generator')",
            r'names segmentor.* but none of generator',
        ),
        ("model['part_checkpoints']['generator'] = 'gone.pth'", r'gone\.pth does not exist'),
    ],
)
def test_parts_that_are_missing(
    apart: Path,
    data_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    body: str,
    message: str,
) -> None:
    body = begun_with(apart) + body if body else ''
    config = tiny_segan_config(tmp_path, data_root, 'together', body)
    with pytest.raises(SystemExit):
        run_here('test', config, '--work-dir', tmp_path)
    assert re.search(f'error: .*{message}', capsys.readouterr().err)


@pytest.mark.parametrize('phase', PHASES)
def test_mixed_precision_accumulation_and_a_resting_discriminator(
    data_root: Path, tmp_path: Path, phase: str
) -> None:
    """Twelve batches of an object, two a step; the discriminator takes every second step."""
    body = """
train_dataloader['batch_size'] = 1
for part in optim_wrapper.values():
    if isinstance(part, dict):
        part['accumulative_counts'] = 2
del part
"""
    if phase != 'segmentor':
        body += "optim_wrapper['discriminator']['every'] = 2\n"
    config = tiny_segan_config(tmp_path, data_root, phase, body)
    run_here('train', config, '--work-dir', tmp_path / 'run', '--amp', '--seed', '0')
    values = losses(tmp_path / 'run')
    assert len(values) == 12
    assert all(math.isfinite(value) for value in values)
    optimizer = load_checkpoint_safely(tmp_path / 'run/epoch_1.pth')['optimizer']
    steps = {
        part: {int(weight['step']) for weight in state['state'].values()}
        for part, state in optimizer.items()
    }
    assert steps == {part: {3 if part == 'discriminator' else 6} for part in PHASES[phase][1]}
