"""Loading what training wrote, and comparing it with a model."""

from pathlib import Path
from unittest import mock
from urllib.error import URLError

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from torch import nn

from seginpaint_mm.checkpoint import (
    check_checkpoint_fits,
    enable_safe_loading,
    load_checkpoint_safely,
    non_finite_tensors,
)
from seginpaint_mm.checkpoint.unpickling import load_plain_data, load_restricted
from seginpaint_mm.errors import CheckpointError
from tests.helpers.tool_runs import forget_runs


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """What MMEngine keeps in a checkpoint, beside tensors."""
    hub = {
        'log_scalars': {'loss': HistoryBuffer([0.5, 0.25], [1, 1])},
        'runtime_info': {'best': np.float64(61.5), 'area': np.arange(3, dtype=np.uint8)},
        'resumed_keys': {'loss': True},
    }
    meta = {'dataset_meta': {'classes': ('road',), 'palette': [(1, 2, 3)]}, 'epoch': 1}
    state = nn.BatchNorm2d(2).state_dict()
    path = tmp_path / 'written.pth'
    torch.save({'meta': meta, 'state_dict': state, 'message_hub': hub}, path)
    return path


@pytest.mark.parametrize('restricted', [False, True], ids=['torch', 'restricted'])
def test_mmengines_values_are_loaded(
    written: Path, restricted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if restricted:
        monkeypatch.setattr('seginpaint_mm.checkpoint.unpickling._CAN_BE_TOLD', False)
    data = load_plain_data(written, 'cpu')
    assert data['meta']['dataset_meta'] == {'classes': ('road',), 'palette': [(1, 2, 3)]}
    assert torch.equal(data['state_dict']['running_var'], torch.ones(2))
    info = data['message_hub']['runtime_info']
    assert info['best'] == 61.5
    assert info['area'].tolist() == [0, 1, 2]
    history = data['message_hub']['log_scalars']['loss']
    assert isinstance(history, HistoryBuffer)
    assert history.mean() == 0.375


def test_other_safe_globals_are_neither_used_nor_lost(tmp_path: Path) -> None:
    if not hasattr(torch.serialization, 'get_safe_globals'):
        pytest.skip('this torch has no list of safe globals')
    torch.save({'path': Path('x')}, tmp_path / 'path.pth')
    kind = type(Path('x'))
    torch.serialization.add_safe_globals([kind])
    try:
        with pytest.raises(CheckpointError, match='refused'):
            load_checkpoint_safely(tmp_path / 'path.pth')
        assert kind in torch.serialization.get_safe_globals()
    finally:
        torch.serialization.clear_safe_globals()


def test_open_files_are_loaded_from_their_start(written: Path) -> None:
    with open(written, 'rb') as file:
        assert load_checkpoint_safely(file)['meta']['epoch'] == 1


def test_restricted_loading_keeps_storages_shared(tmp_path: Path) -> None:
    weight = torch.arange(4.0)
    torch.save({'whole': weight, 'part': weight[1:3]}, tmp_path / 'shared.pth')
    data = load_restricted(tmp_path / 'shared.pth', 'cpu')
    data['whole'][1] = 9.0
    assert data['part'].tolist() == [9.0, 2.0]


def test_a_checkpoint_of_the_model_fits() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    prefixed = {f'module.{name}': value for name, value in model.state_dict().items()}
    check_checkpoint_fits(model, {'state_dict': model.state_dict()}, 'a.pth')
    check_checkpoint_fits(model, model.state_dict(), 'a.pth')
    state = check_checkpoint_fits(model, {'state_dict': prefixed}, 'a.pth')
    assert state.keys() == model.state_dict().keys()


def test_a_part_is_enough_only_for_fine_tuning() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1))
    state = {'0.weight': torch.zeros(4, 3, 1, 1), 'head.weight': torch.zeros(1)}
    check_checkpoint_fits(model, state, 'a.pth', partly=True)
    with pytest.raises(CheckpointError) as error:
        check_checkpoint_fits(model, state, 'a.pth')
    assert str(error.value) == (
        'a.pth is not a checkpoint of this Sequential: 1 of 4 tensors match, 3 missing (first: '
        '0.bias), 1 unexpected (first: head.weight); give the config that it was trained with.'
    )
    with pytest.raises(CheckpointError, match='0 of 4 tensors match'):
        check_checkpoint_fits(model, {'x': torch.zeros(1)}, 'a.pth', partly=True)


@pytest.mark.parametrize('content', [{'state_dict': torch.zeros(1)}, [1, 2], {}])
def test_what_holds_no_weights_does_not_fit(content: object) -> None:
    with pytest.raises(CheckpointError, match='0 of 2 tensors match'):
        check_checkpoint_fits(nn.Linear(1, 1), content, 'a.pth')


def test_non_finite_tensors_are_named() -> None:
    state = {
        'a': torch.ones(2),
        'b': torch.tensor([1.0, float('nan')]),
        'c': torch.tensor([float('inf')], dtype=torch.float16),
        'd': torch.tensor([1]),
    }
    assert non_finite_tensors(state) == ['b', 'c']


def test_a_download_that_fails_is_told() -> None:
    forget_runs()  # their logs may be gone
    enable_safe_loading()
    url, error = 'https://nowhere.example/a.pth', URLError('no network')
    with (
        mock.patch('mmengine.runner.checkpoint.load_url', side_effect=error),
        pytest.raises(
            CheckpointError,
            match=rf'{url} cannot be downloaded \(no network\): fetch it where there is a network',
        ),
    ):
        CheckpointLoader.load_checkpoint(url)


def test_torchs_advice_to_load_it_unsafely_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / 'photo.pth'
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + bytes(100))
    with pytest.raises(CheckpointError, match='cannot be read as a checkpoint') as told:
        load_checkpoint_safely(path)
    assert 'weights_only' not in str(told.value)
