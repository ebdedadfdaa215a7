"""Trained networks in the package: made small, found by name, loaded wherever a checkpoint is."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.runner import CheckpointLoader

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.apis.model_loading import build_model, find_model
from seginpaint_mm.checkpoint import enable_safe_loading, load_checkpoint_safely
from seginpaint_mm.commands.list import main as list_networks
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.street import render_street
from seginpaint_mm.street.labels import ROAD
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.zoo import shipped
from seginpaint_mm.zoo.shipped import SHIPPED, Shipped, named_file, shipped_with
from tests.helpers.tool_runs import REPOSITORY, load_tool, run_here

NAME = 'pspnet_r18_small_street'
CLASSES = ('road', 'sidewalk', 'other')
# By network: the config that it is tested with, its data, and the metrics of its metafile.
TESTS = {
    'lean_r18_cityscapes-128x256': (
        'lean_r18_cityscapes-128x256',
        'cityscapes_256x128',
        {'IoU all': 'all_mIoU', 'IoU foreground': 'fg_mIoU', 'mask IoU': 'foreground_IoU'},
    ),
    'crop_r18_coco-tiny': (
        'crop_r18_cocoa-sample',
        'cocoa_sample',
        {
            'IoU full': 'photo_behind/iou_full',
            'IoU hidden': 'photo_behind/iou_invisible',
            'depth order': 'larger_count/success_rate',
        },
    ),
}


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a training leaves, of random weights."""
    torch.manual_seed(0)
    network = build_model(Config.fromfile(find_config(NAME)), None)
    meta = dict(dataset_meta=dict(classes=CLASSES), epoch=3, seed=0, config='import this')
    path = tmp_path_factory.mktemp('training') / 'epoch_3.pth'
    torch.save(dict(meta=meta, state_dict=network.state_dict(), optimizer={}), path)
    return path


@pytest.fixture(scope='module')
def small(checkpoint: Path) -> Path:
    out = checkpoint.with_name(f'{NAME}.safetensors')
    run_here('model_converters/half_precision', NAME, checkpoint, out)
    return out


@pytest.fixture
def known(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """It is in the package."""
    network = Shipped(name=NAME, method='mpi', what='', licence='', measured='', card='')
    monkeypatch.setattr(shipped, '_FOLDER', small.parent)
    monkeypatch.setitem(shipped.SHIPPED, NAME, network)
    return small


def test_a_file_is_half_as_large_and_holds_the_weights_rounded(
    checkpoint: Path, small: Path
) -> None:
    full, half = load_checkpoint_safely(checkpoint), load_checkpoint_safely(small)
    assert half['meta'] == dict(dataset_meta=dict(classes=list(CLASSES)), epoch=3, seed=0)
    assert small.stat().st_size < 0.51 * checkpoint.stat().st_size
    for name, value in half['state_dict'].items():
        expected = full['state_dict'][name]
        assert torch.equal(value, expected.half() if expected.ndim > 1 else expected)
    lost = full['state_dict'].keys() - half['state_dict'].keys()
    assert all('num_batches_tracked' in name for name in lost)


def test_it_is_loaded_by_name_and_comes_with_its_config(known: Path) -> None:
    assert named_file(NAME) == str(known)
    assert named_file('other') == 'other'
    for name in (NAME, find_config(NAME)):
        assert find_model(name, None)[1] == str(known)
    assert find_model(NAME, 'own.pth')[1] == 'own.pth'
    assert shipped_with(find_config('pspnet_r18_street')) is None
    network = build_model(*find_model(NAME, None))
    assert tuple(network.dataset_meta['classes']) == CLASSES
    assert next(network.parameters()).dtype == torch.float32
    enable_safe_loading()
    loaded = CheckpointLoader.load_checkpoint(NAME, map_location='cpu')
    assert loaded['state_dict'].keys() == load_checkpoint_safely(NAME)['state_dict'].keys()


def test_a_copy_of_its_config_does_not_bring_it(known: Path, tmp_path: Path) -> None:
    copy = tmp_path / f'{NAME}.py'
    Config.fromfile(find_config(NAME)).dump(copy)
    assert find_model(copy, None)[1] is None


def test_a_file_of_that_name_goes_before_it(
    known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(NAME).touch()
    assert named_file(NAME) == NAME


def test_a_damaged_file_is_one_sentence(small: Path, tmp_path: Path) -> None:
    path = tmp_path / 'cut.safetensors'
    path.write_bytes(small.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r'cut\.safetensors cannot be read: it is cut short'):
        load_checkpoint_safely(path)


def test_what_float16_cannot_hold_is_refused() -> None:
    tool = load_tool('model_converters/half_precision')
    with pytest.raises(CheckpointError, match='weight has values that float16 cannot hold'):
        tool.halved({'weight': torch.full((2, 2), 1e6)})


@pytest.mark.parametrize('network', SHIPPED.values(), ids=SHIPPED)
def test_every_network_in_the_package_is_small_and_described(network: Shipped) -> None:
    assert network.path.stat().st_size < 12e6
    assert {
        value.dtype for value in load_checkpoint_safely(network.name)['state_dict'].values()
    } == {*(torch.float16, torch.float32)}
    card = (REPOSITORY / network.card).read_text(encoding='utf-8')
    entry = metafile_entry(network)
    assert REPOSITORY / entry['Weights'] == network.path
    metrics = entry['Results'][0]['Metrics']
    for name, value in metrics.items():
        assert f'{name} {value}' in network.measured
        assert f'| {value}' in card or f'**{value}**' in card


def test_the_list_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert list_networks(['--weights']) == 0
    shown = capsys.readouterr().out
    for network in SHIPPED.values():
        for text in (network.name, network.licence, network.measured, network.card):
            assert text in shown


def test_without_a_config_the_network_in_the_package_sees_a_street(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = render_street(0, seed=1, size=(192, 384))  # it has seen photos only
    cv2.imwrite(str(tmp_path / 'street.png'), scene.image)
    run_here('infer', tmp_path / 'street.png', '--out-dir', tmp_path / 'out', '--device', 'cpu')
    assert '1 of 1 images done' in capsys.readouterr().out
    seen, foreground = (
        cv2.imread(str(tmp_path / f'out/pred/{kind}/street.png'), cv2.IMREAD_UNCHANGED)
        for kind in ('background', 'foreground')
    )
    road = scene.background_label_ids == ROAD
    objects = np.any([thing.visible_mask for thing in scene.objects], axis=0)
    assert set(np.unique(seen)) == {0, 1, 2}
    assert overlap(seen == 0, road) > 0.7
    assert overlap(foreground > 0, objects) > 0.3
    assert np.unique(seen[objects]).size > 1
    (sample,) = SegInpaintInferencer(show_progress=False)(scene.image)['predictions']
    assert np.array_equal(sample.pred_background.data[0].numpy(), seen)


def overlap(found: np.ndarray, truth: np.ndarray) -> float:
    return (found & truth).sum() / (found | truth).sum()


@pytest.mark.parametrize('network', SHIPPED.values(), ids=SHIPPED)
def test_testing_it_gives_the_documented_values(
    network: Shipped, real_data: Path, tmp_path: Path
) -> None:
    config, data, keys = TESTS[network.name]
    cfg = Config.fromfile(find_config(config))
    cfg.test_dataloader.dataset.data_root = str(real_data / data)
    if cfg.get('val_evaluator'):
        cfg.test_evaluator = cfg.val_evaluator
    cfg.update(train_dataloader=None, train_cfg=None, optim_wrapper=None, param_scheduler=None)
    cfg.update(val_dataloader=None, val_cfg=None, val_evaluator=None)
    cfg.dump(tmp_path / 'config.py')
    places = ['--work-dir', tmp_path, '--out', tmp_path / 'out']
    run_here('test', tmp_path / 'config.py', network.name, *places)
    found = json.loads((tmp_path / 'out/metrics.json').read_text())
    for name, value in metafile_entry(network)['Results'][0]['Metrics'].items():
        assert found[keys[name]] == pytest.approx(value, abs=0.06), name


def metafile_entry(network: Shipped) -> dict:
    text = (REPOSITORY / 'configs' / network.method / 'metafile.yml').read_text(encoding='utf-8')
    (entry,) = (e for e in yaml.safe_load(text)['Models'] if e['Name'] == network.name)
    return entry
