"""Trained networks in the package: made small, found by name, loaded wherever a checkpoint is."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import CheckpointLoader

from seginpaint_mm.apis.trained_model import build_model, find_model
from seginpaint_mm.checkpoint import enable_safe_loading, load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.zoo import shipped
from seginpaint_mm.zoo.shipped import Shipped, named_file, shipped_with
from tests.helpers.tool_runs import load_tool, run_here

NAME = 'pspnet_r18_small_street'
CLASSES = ('road', 'sidewalk', 'other')


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
