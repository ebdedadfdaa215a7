"""Two nets trained apart and tested together by our tools, with all that can be wrong between."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

CAR = 26
NETS = """
preprocessor = dict(type='SceneDataPreprocessor', pad_size_divisor=8)
backbone = dict(type='StagedResNet', depth=18, strides=(1, 2), dilations=(1, 1))
segmentor = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=preprocessor,
    backbone=backbone,
    decode_head=dict(
        type='FCRNHead', in_channels=128, num_classes=19, kernel_size=1, loss_resolution='label'
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
box_coder = dict(type='BoxCoder', offset_scale=16.0, size_scale=16.0)
localizer = dict(
    type='HoughInstanceSegmentor',
    data_preprocessor=preprocessor,
    semantic=dict(type='TrueScores', num_classes=19),
    backbone=backbone,
    localization_head=dict(
        type='LocalizationHead',
        in_channels=128,
        num_things=8,
        box_coder=box_coder,
        kernel_size=3,
        dilation=1,
        loss_resolution='label',
    ),
    instance_head=dict(
        type='HoughInstanceHead', thing_ids=tuple(range(11, 19)), box_coder=box_coder
    ),
)
load = [dict(type='LoadSceneImage'), dict(type='LoadInstances')]
for split, loader in (('train', train_dataloader), ('val', val_dataloader)):
    loader['dataset'] = dict(
        type='CityscapesInstanceDataset',
        data_root=train_dataloader['dataset']['data_root'],
        split=split,
        pipeline=[*load, dict(type='PackScene')],
        test_mode=split == 'val',
    )
val_evaluator = dict(type='RegionAPMetric')
test_evaluator = val_evaluator
del split, loader
"""
SEMANTIC = 'model = segmentor\nval_evaluator = dict(type="mmseg.IoUMetric")\n'
LOCALIZER = 'model = localizer\n'
SHARED = """
model = dict(
    localizer, semantic=dict(type='SharedScores', decode_head=segmentor['decode_head'])
)
"""
BOTH = """
model = dict(
    localizer,
    semantic=dict(type='SegmentorScores', segmentor=segmentor, checkpoint={checkpoint!r}),
)
"""


@pytest.fixture(scope='module')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A car is 26001 in its image's instance ids; that is all the objects there are."""
    root = write_tiny_street(tmp_path_factory.mktemp('data') / 'street')
    for path in sorted(root.glob('gtFine/*/*/*_labelIds.png')):
        labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED).astype(np.uint16)
        labels[labels == CAR] = 1000 * CAR + 1
        cv2.imwrite(str(path).replace('labelIds', 'instanceIds'), labels)
    return root


def trained(folder: Path, street: Path, model: str, epochs: int) -> Path:
    """The last checkpoint of a training."""
    config = tiny_config(folder, street, body=NETS + model, max_epochs=epochs)
    run_here('train', config, '--work-dir', folder / 'run', '--seed', '0')
    return folder / f'run/epoch_{epochs}.pth'


@pytest.fixture(scope='module')
def semantic(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp('semantic'), street, SEMANTIC, epochs=1)


@pytest.fixture(scope='module')
def localizer(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp('localizer'), street, LOCALIZER, epochs=6)


def test_boxes_are_learnt(localizer: Path) -> None:
    log = next(localizer.parent.glob('*/vis_data/scalars.json')).read_text().splitlines()
    records = [json.loads(line) for line in log]
    losses = [record['localization.loss_box'] for record in records if 'loss' in record]
    assert losses[-1] < losses[0] / 3
    assert sum('mAP_r_vol' in record for record in records) == 6, 'an oracle for every epoch'


def test_both_nets_are_tested_together(
    semantic: Path, localizer: Path, street: Path, tmp_path: Path
) -> None:
    body = NETS + BOTH.format(checkpoint=str(semantic))
    config = tiny_config(tmp_path, street, body=body)
    run_here('test', config, localizer, '--work-dir', tmp_path / 'run', '--out', tmp_path / 'out')
    metrics = json.loads((tmp_path / 'out/metrics.json').read_text())
    assert 0 <= metrics['mAP_r_0.5'] <= 100
    names = load_checkpoint_safely(localizer)['state_dict']
    assert not [name for name in names if name.startswith('semantic')]


def test_one_backbone_for_both(street: Path, tmp_path: Path) -> None:
    checkpoint = trained(tmp_path, street, SHARED, epochs=1)
    names = load_checkpoint_safely(checkpoint)['state_dict']
    parts = {name.split('.')[0] for name in names}
    assert parts == {'backbone', 'localization_head', 'semantic'}
    run_here('test', tmp_path / 'tiny.py', checkpoint, '--work-dir', tmp_path / 'test')


@pytest.mark.parametrize(
    ('make', 'sentence'),
    [
        (lambda semantic, localizer: 'no.pth', 'semantic.checkpoint: Checkpoint no.pth does not'),
        (lambda semantic, localizer: str(localizer), 'is not a checkpoint of this EncoderDecoder'),
    ],
)
def test_wrong_semantic_checkpoints_are_told_in_a_sentence(
    make, sentence, semantic, localizer, street, tmp_path, capsys
) -> None:
    body = NETS + BOTH.format(checkpoint=make(semantic, localizer))
    config = tiny_config(tmp_path, street, body=body)
    with pytest.raises(SystemExit):
        run_here('test', config, localizer, '--work-dir', tmp_path / 'run')
    lines = capsys.readouterr().err.strip().splitlines()
    assert sentence in lines[-1]
    assert lines[-1].startswith('error: ')


def test_nets_of_different_classes_are_told_when_they_are_built(
    localizer: Path, street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_config(tmp_path, street, body=NETS + LOCALIZER)
    few = ('--cfg-options', 'model.semantic.num_classes=12')
    with pytest.raises(SystemExit):
        run_here('test', config, localizer, '--work-dir', tmp_path / 'run', *few)
    error = capsys.readouterr().err
    assert 'The semantic scores are of 12 classes, 0 to 11, but thing_ids has 12' in error
