"""Automatic labels: of any mmseg config, once and for all, in the user's ids."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from seginpaint_mm.registry import MODELS
from tests.helpers.dataset_folders import picture, write_map
from tests.helpers.tool_runs import run_here

MODEL = """
model = dict(
    type='{scope}EncoderDecoder',
    data_preprocessor={preprocessor},
    backbone=dict(type='{scope}ResNet', depth=18, base_channels=8, stem_channels=8),
    decode_head=dict(
        type='{scope}FCNHead',
        in_channels=64,
        channels=8,
        num_classes=3,
        num_convs=1,
        in_index=3,
        loss_decode=dict(type='{scope}CrossEntropyLoss'),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
test_dataloader = dict(
    dataset=dict(type='{dataset}', data_root='absent', test_mode=True, pipeline={pipeline})
)
test_cfg = dict(type='TestLoop')
test_evaluator = dict(type='{scope}IoUMetric')
"""
OURS = "default_scope = 'seginpaint_mm'\n" + MODEL.format(
    scope='mmseg.',
    preprocessor="dict(type='SceneDataPreprocessor', pad_size_divisor=8)",
    dataset='mmseg.CityscapesDataset',
    pipeline="[dict(type='LoadSceneImage'), dict(type='LoadClasses'), dict(type='PackScene')]",
)
MMSEG = "default_scope = 'mmseg'\n" + MODEL.format(
    scope='',
    preprocessor="dict(type='SegDataPreProcessor', bgr_to_rgb=True)",
    dataset='CityscapesDataset',
    pipeline="[dict(type='LoadImageFromFile'), dict(type='Resize', scale=(64, 32)), "
    "dict(type='LoadAnnotations'), dict(type='PackSegInputs')]",
)
SIZES = {'a.jpg': (40, 60), 'sub/b.png': (33, 50)}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for seed, (name, size) in enumerate(SIZES.items()):
        write_map(tmp_path / 'images' / name, picture(size, seed))
    return tmp_path / 'images'


def write_model(folder: Path, text: str = OURS, seed: int = 0) -> tuple[Path, Path]:
    """A config and a checkpoint of random weights that gives more than one class."""
    config, checkpoint = folder / f'model_{seed}.py', folder / f'model_{seed}.pth'
    config.write_text(text)
    torch.manual_seed(seed)
    cfg = Config.fromfile(config)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.normal_(module.weight, std=0.3)
    meta = dict(dataset_meta=dict(classes=('road', 'car', 'sky'), palette=[[0, 0, 0]] * 3))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), checkpoint)
    return config, checkpoint


def label(*arguments: object) -> None:
    run_here('dataset_converters/predict_labels', *arguments, '--device', 'cpu')


def read(out: Path) -> dict[str, np.ndarray]:
    files = sorted(out.rglob('*.png'))
    return {str(f.relative_to(out)): cv2.imread(str(f), cv2.IMREAD_UNCHANGED) for f in files}


def test_labels_in_the_images_sizes_and_folders(tmp_path, images):
    model = write_model(tmp_path)
    label(*model, images, tmp_path / 'out')
    labels = read(tmp_path / 'out')
    assert {name: ids.shape for name, ids in labels.items()} == {
        'a.png': (40, 60),
        'sub/b.png': (33, 50),
    }
    assert all(ids.dtype == np.uint8 and ids.max() < 3 for ids in labels.values())
    assert len(np.unique(labels['a.png'])) > 1

    names = tmp_path / 'map.json'
    names.write_text(json.dumps(dict(road=7, sky=23)))
    label(*model, images, tmp_path / 'mapped', '--class-map', names, '--others', '4')
    lookup = np.array([7, 4, 23], np.uint8)
    for name, ids in read(tmp_path / 'mapped').items():
        np.testing.assert_array_equal(ids, lookup[labels[name]])


def test_a_config_in_mmseg_s_own_scope(tmp_path, images):
    label(*write_model(tmp_path, MMSEG), images, tmp_path / 'out')
    labels = read(tmp_path / 'out')
    assert [ids.shape for ids in labels.values()] == [(40, 60), (33, 50)]


def test_it_goes_on_where_it_was_interrupted(tmp_path, images, capsys):
    out = tmp_path / 'out'
    model = write_model(tmp_path)
    label(*model, images, out)
    mark = np.full((40, 60), 9, np.uint8)
    write_map(out / 'a.png', mark)
    before = read(out)['sub/b.png']
    (out / 'sub/b.png').unlink()
    label(*model, images, out)
    np.testing.assert_array_equal(read(out)['a.png'], mark)
    np.testing.assert_array_equal(read(out)['sub/b.png'], before)
    assert not list(out.rglob('*.partial'))
    with pytest.raises(SystemExit):
        label(*write_model(tmp_path, seed=1), images, out)
    assert 'labels that were made otherwise (different: checkpoint' in capsys.readouterr().err


def test_a_damaged_picture_does_not_stop_the_others(tmp_path, images, capsys):
    (images / 'damaged.png').write_bytes(b'no image')
    with pytest.raises(SystemExit):
        label(*write_model(tmp_path), images, tmp_path / 'out')
    told = capsys.readouterr()
    assert 'damaged.png: cannot be read as an image' in told.err
    assert '1 images have no labels' in told.err
    assert '2 of 3 label maps' in told.out
    assert len(read(tmp_path / 'out')) == 2


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        ('{"roads": 1}', "names 'roads', which is no class of the model: road, car, sky"),
        ('{"road": 256}', 'the id of road must be 0 to 255, not 256'),
        ('[1]', 'must hold {"name of a class": id'),
        ('{', 'cannot be read'),
    ],
)
def test_wrong_class_maps(tmp_path, images, capsys, content, sentence):
    names = tmp_path / 'map.json'
    names.write_text(content)
    with pytest.raises(SystemExit):
        label(*write_model(tmp_path), images, tmp_path / 'out', '--class-map', names)
    assert sentence in capsys.readouterr().err


def test_other_mistakes(tmp_path, images, capsys):
    config, checkpoint = write_model(tmp_path)
    write_map(images / 'a.png', picture())
    for arguments, sentence in (
        ((config, tmp_path / 'absent.pth', images), 'absent.pth does not exist'),
        ((config, checkpoint, tmp_path / 'nowhere'), 'nowhere'),
        ((config, checkpoint, images), 'would both have the labels'),
    ):
        with pytest.raises(SystemExit):
            label(*arguments, tmp_path / 'out')
        assert sentence in capsys.readouterr().err
