"""Training and testing one of mmseg's segmentors with our tools, several views included."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.helpers.tiny_run import SIZE, image_path, tiny_config, write_tiny_street
from tests.helpers.tool_runs import REPOSITORY, run_here

# 3 of the 19 classes and cars are in the images of tiny_run.
BODY = """
model = dict(
    type='mmseg.EncoderDecoder',
    data_preprocessor=dict(type='SceneDataPreprocessor', pad_size_divisor=8),
    backbone=dict(type='StagedResNet', depth=18, strides=(1, 2), dilations=(1, 1)),
    decode_head=dict(
        type='FCRNHead',
        in_channels=128,
        num_classes=19,
        kernel_size=1,
        dilation=1,
        loss_resolution='label',
        loss_decode=dict(type='BootstrappedCrossEntropyLoss', num_pixels=400),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
load = [dict(type='LoadSceneImage'), dict(type='LoadClasses', table='cityscapes_ids')]
for split, loader in (('train', train_dataloader), ('val', val_dataloader)):
    loader['dataset'] = dict(
        type='mmseg.CityscapesDataset',
        data_root={data_root!r},
        data_prefix=dict(img_path=f'leftImg8bit/{{split}}', seg_map_path=f'gtFine/{{split}}'),
        seg_map_suffix='_gtFine_labelIds.png',
        pipeline=[*load, dict(type='PackScene')],
        test_mode=split == 'val',
    )
val_evaluator = dict(type='ClassIoUMetric', groups=dict(rare=['car', 'sidewalk']))
test_evaluator = val_evaluator
del split, loader
"""
VIEWS = """
tta_pipeline = [
    load[0],
    dict(
        type='TestTimeAug',
        transforms=[
            [dict(type='mmseg.Resize', scale_factor=f, keep_ratio=True) for f in (0.5, 1.0)],
            [dict(type='mmseg.RandomFlip', prob=0.0), dict(type='mmseg.RandomFlip', prob=1.0)],
            [load[1]],
            [dict(type='PackScene', original_labels=True)],
        ],
    ),
]
tta_model = dict(type='mmseg.SegTTAModel')
"""


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``tiny.py``, with views, and the finished training ``run`` of 4 epochs."""
    folder = tmp_path_factory.mktemp('segmentor')
    street = write_tiny_street(folder / 'street')
    body = BODY.format(data_root=str(street)) + VIEWS
    config = tiny_config(folder, street, body=body, max_epochs=4)
    run_here('train', config, '--work-dir', folder / 'run', '--seed', '0')
    return folder


def metrics_by_tool(trained: Path, out: Path, *options: str) -> dict:
    """The metrics of ``tools/test.py``."""
    arguments = (trained / 'tiny.py', trained / 'run/epoch_4.pth', '--work-dir', out / 'run')
    run_here('test', *arguments, '--out', out, '--show-dir', out / 'pictures', *options)
    return json.loads((out / 'metrics.json').read_text())


def test_every_class_is_among_the_results(trained: Path, tmp_path: Path) -> None:
    metrics = metrics_by_tool(trained, tmp_path)
    summary = json.loads((trained / 'run/last_epochs_mean.json').read_text())
    assert summary['mean'].keys() == metrics.keys()
    assert metrics['IoU_road'] > 50
    assert metrics['IoU_train'] is None  # not in the data
    mean = (metrics['IoU_car'] + metrics['IoU_sidewalk']) / 2
    assert metrics['mIoU_rare'] == pytest.approx(mean)
    maps = [cv2.imread(str(p), cv2.IMREAD_UNCHANGED) for p in tmp_path.glob('pred_sem_seg/*.png')]
    assert [m.shape for m in maps] == [SIZE, SIZE]
    assert len(list((tmp_path / 'pictures').glob('*.png'))) == 1


def test_several_views_are_merged_at_the_original_size(trained: Path, tmp_path: Path) -> None:
    """An image and its mirror image have mirrored answers, which one view alone does not give."""
    street = tmp_path / 'street'
    write_tiny_street(street)
    for index in range(2):
        path = image_path(street, 'val', index)
        image = cv2.imread(str(image_path(street, 'val', 0)))
        cv2.imwrite(str(path), image if index == 0 else image[:, ::-1])
    options = ('--cfg-options', f'test_dataloader.dataset.data_root={street}')
    agreement = {}
    for name, flags in (('one', ()), ('several', ('--tta',))):
        metrics_by_tool(trained, tmp_path / name, *flags, *options)
        paths = sorted((tmp_path / name).glob('pred_sem_seg/*.png'))
        first, mirrored = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths)
        assert first.shape == SIZE
        agreement[name] = (first == mirrored[:, ::-1]).mean()
    assert agreement['one'] < agreement['several'] > 0.999
    assert len(list((tmp_path / 'several/pictures').glob('*.png'))) == 1


def test_several_views_of_a_config_without_them(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_config(tmp_path, trained / 'street')
    with pytest.raises(SystemExit):
        run_here('test', config, trained / 'run/epoch_4.pth', '--work-dir', tmp_path, '--tta')
    assert '--tta needs tta_model and tta_pipeline' in capsys.readouterr().err


def test_checkpoint_of_another_network_is_refused_with_several_views(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (trained / 'tiny.py', trained / 'run/epoch_4.pth', '--work-dir', tmp_path)
    other = ('--cfg-options', 'model.decode_head.num_classes=20')
    with pytest.raises(SystemExit):
        run_here('test', *arguments, '--tta', *other)
    assert 'is not a checkpoint of this EncoderDecoder' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('option', 'sentence'),
    [
        ('model.decode_head.num_classes=7', 'CityscapesDataset has 19 classes (road to bicycle)'),
        ('train_dataloader.dataset.img_suffix=.jpg', 'A data set has no image: check its'),
        ('model.decode_head.loss_decode.num_pixel=5', "did you mean 'num_pixels'?"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(
    option: str, sentence: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run_here('train', trained / 'tiny.py', '--work-dir', tmp_path, '--cfg-options', option)
    assert sentence in capsys.readouterr().err


def test_other_number_of_classes_in_testing(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (trained / 'tiny.py', trained / 'run/epoch_4.pth', '--work-dir', tmp_path)
    classes = 'test_dataloader.dataset.metainfo.classes=[road,car]'
    for views in ((), ('--tta',)):
        with pytest.raises(SystemExit):
            run_here('test', *arguments, *views, '--cfg-options', classes)
        assert 'num_classes is 19, but CityscapesDataset has 2 classes' in capsys.readouterr().err


def test_max_pool_inpainting_as_the_neck_of_a_segmentor(tmp_path: Path) -> None:
    """The shipped config trains, validates at the labels' own size, is tested, and fills."""
    street = write_tiny_street(tmp_path / 'street', num_train=4)
    config = REPOSITORY / 'configs/mpi/mmseg_fcn_r18_mpi_street.py'
    root = [f'{name}_dataloader.dataset.data_root={street}' for name in ('train', 'val', 'test')]
    workers = [f'{name}_dataloader.num_workers=0' for name in ('train', 'val', 'test')]
    workers += [f'{name}_dataloader.persistent_workers=False' for name in ('train', 'val', 'test')]
    short = (
        'train_dataloader.sampler.samples_per_epoch=4',
        'train_cfg.max_epochs=1',
        'train_cfg.val_begin=1',
    )
    options = ('--cfg-options', *root, *workers)
    run_here('train', config, '--work-dir', tmp_path / 'run', *options, *short)
    (checkpoint,) = (tmp_path / 'run').glob('epoch_1.pth')
    out = tmp_path / 'out'
    run_here('test', config, checkpoint, '--work-dir', tmp_path / 'test', '--out', out, *options)
    metrics = json.loads((out / 'metrics.json').read_text())
    assert np.isfinite(metrics['all_mIoU'])
    run_here('infer', image_path(street), '--config', tmp_path / 'run', '--out-dir', out)
    (classes,) = out.rglob('*pred_sem_seg*/*000000*.png')
    assert cv2.imread(str(classes), cv2.IMREAD_UNCHANGED).shape == SIZE
