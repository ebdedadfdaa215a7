"""Inpainters under tools/train.py and tools/test.py: mmagic's, and what learns nothing."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers.tiny_run import SIZE, image_path, tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

BODY = """
custom_imports['imports'].append('seginpaint_mm.interop.mmagic')
load = [dict(type='LoadSceneImage'), dict(type='LoadClasses', table='cityscapes_ids_void')]
holes = [dict(type='CentreHole', sides=(8, 16), fixed=True), dict(type='KeepTrueImage')]
for split, loader in (('train', train_dataloader), ('val', val_dataloader)):
    loader['dataset'] = dict(
        type='CityscapesLabelDataset',
        data_root={data_root!r},
        split=split,
        pipeline=[*load, *holes, dict(type='PackScene')],
        test_mode=split == 'val',
    )
val_evaluator = dict(type='InpaintingQualityMetric')
test_evaluator = [val_evaluator, dict(type='FIDMetric', weights='absent.pth', optional=True)]
del split, loader
"""
AOTGAN = """
model = dict(
    type='MMagicInpainter',
    data_preprocessor=dict(
        type='SceneDataPreprocessor', mean=[127.5, 127.5, 127.5], std=[127.5, 127.5, 127.5]
    ),
    generator=dict(
        type='AOTEncoderDecoder',
        _scope_='mmagic',
        encoder=dict(type='AOTEncoder', mid_channels=8, out_channels=16),
        decoder=dict(type='AOTDecoder', in_channels=16, mid_channels=8),
        dilation_neck=dict(
            type='AOTBlockNeck', in_channels=16, dilation_rates=(1, 2, 3, 4), num_aotblock=1
        ),
    ),
    input_format='image_hole',
    discriminator=dict(
        type='PatchDiscriminator', _scope_='mmagic', in_channels=3, base_channels=8, num_conv=2
    ),
    loss_gan=dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.01),
    l1_image=1.0,
)
adam = dict(type='Adam', lr=1e-3)
optim_wrapper = dict(
    constructor='PartOptimWrapperConstructor',
    generator=dict(type='OptimWrapper', optimizer=adam),
    discriminator=dict(type='OptimWrapper', optimizer=adam),
)
"""
TELEA = """
model = dict(type='OpenCVInpainter')
train_dataloader = train_cfg = optim_wrapper = param_scheduler = None
val_dataloader = val_cfg = val_evaluator = None
"""


@pytest.fixture(scope='module')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_street(tmp_path_factory.mktemp('inpainting') / 'street')


def check_results(out: Path, street: Path) -> None:
    metrics = json.loads((out / 'metrics.json').read_text())
    assert metrics['num_images'] == 2
    assert 0 < metrics['hole/L1'] < 1
    assert metrics['L1'] < metrics['hole/L1']
    assert 'FID' not in metrics, 'its weights are not there'
    paintings = sorted((out / 'pred_image').glob('*.png'))
    assert len(paintings) == 2
    picture, truth = cv2.imread(str(paintings[0])), cv2.imread(str(image_path(street, 'val')))
    changed = (picture != truth).any(axis=2)
    assert changed.any()
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert rows[0] >= 8
    assert rows[-1] < SIZE[0] - 8
    assert columns[0] >= 24
    assert columns[-1] < SIZE[1] - 24


def test_a_network_of_mmagic_is_trained_and_tested(street, tmp_path):
    body = BODY.format(data_root=str(street)) + AOTGAN
    config = tiny_config(tmp_path, street, body=body, max_epochs=2)
    run_here('train', config, '--work-dir', tmp_path / 'run')
    checkpoint = tmp_path / 'run/epoch_2.pth'
    run_here('test', config, checkpoint, '--work-dir', tmp_path, '--out', tmp_path / 'out')
    check_results(tmp_path / 'out', street)


def test_what_learns_nothing_is_tested_without_a_checkpoint(street, tmp_path):
    body = BODY.format(data_root=str(street)) + TELEA
    config = tiny_config(tmp_path, street, body=body)
    run_here('test', config, '--work-dir', tmp_path, '--out', tmp_path / 'out')
    check_results(tmp_path / 'out', street)


def test_a_network_is_not_tested_without_a_checkpoint(street, tmp_path, capsys):
    body = BODY.format(data_root=str(street)) + AOTGAN
    config = tiny_config(tmp_path, street, body=body)
    with pytest.raises(SystemExit):
        run_here('test', config, '--work-dir', tmp_path)
    assert 'Give a checkpoint after' in capsys.readouterr().err


def test_a_hole_that_does_not_fit_is_told(street, tmp_path, capsys):
    body = BODY.format(data_root=str(street)) + TELEA
    config = tiny_config(tmp_path, street, body=body)
    sides = 'test_dataloader.dataset.pipeline.2.sides=40'
    with pytest.raises(SystemExit):
        run_here('test', config, '--work-dir', tmp_path, '--cfg-options', sides)
    assert 'CentreHole: a square of 40 pixels does not fit into' in capsys.readouterr().err
