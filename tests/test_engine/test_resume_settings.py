"""What the config says of rates and schedules counts when a training is resumed."""

import json
from pathlib import Path

import pytest
import torch

from seginpaint_mm.checkpoint import load_checkpoint_safely
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

_SGD = "optim_wrapper = dict(optimizer=dict(type='SGD', lr={lr}, momentum=0.9))\n"
_POLY = "param_scheduler = [dict(type='PolyLR', eta_min=1e-6, power=0.9, end={end})]\n"
_NEVER_VALIDATED = "train_cfg['val_begin'] = 9\n"
_RATES = _NEVER_VALIDATED + "custom_hooks = _base_.custom_hooks + [dict(type='RateFileHook')]\n"


@pytest.fixture(scope='module')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_street(tmp_path_factory.mktemp('street'), num_train=4, num_val=1)


def _train(street: Path, folder: Path, body: str, max_epochs: int, *options: str) -> dict:
    body = body.replace('optim_wrapper = dict(', "optim_wrapper = dict(type='OptimWrapper', ")
    config = tiny_config(folder / 'config', street, body=body, max_epochs=max_epochs)
    run_here('train', config, '--work-dir', folder / 'run', *options)
    return {int(k): v for k, v in json.loads((folder / 'run/rates.json').read_text()).items()}


def _rates_of(street: Path, folder: Path, first: str, second: str) -> tuple[dict, dict]:
    """Two epochs with ``first``, resumed for two more with ``second``; and four with ``second``."""
    _train(street, folder / 'cut', _RATES + first, 2)
    resumed = _train(street, folder / 'cut', _RATES + second, 4, '--resume')
    return resumed, _train(street, folder / 'whole', _RATES + second, 4)


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        (_SGD.format(lr=1e-3) + _POLY.format(end=2), _SGD.format(lr=1e-3) + _POLY.format(end=4)),
        (_SGD.format(lr=1e-3) + _POLY.format(end=4), _SGD.format(lr=1e-5) + _POLY.format(end=4)),
        (
            _SGD.format(lr=1e-3) + _POLY.format(end=4),
            _SGD.format(lr=1e-3)
            + "param_scheduler = [dict(type='LinearLR', start_factor=0.1, end=6, by_epoch=False),"
            + "dict(type='MultiStepLR', milestones=[3], gamma=0.1)]\n",
        ),
        (
            _SGD.format(lr=1e-3) + _POLY.format(end=4),
            _SGD.format(lr=1e-3) + 'param_scheduler = None\n',
        ),
    ],
    ids=['longer schedule', 'other rate', 'other schedulers', 'no schedulers'],
)
def test_the_schedule_of_the_config_is_followed(
    street: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], first: str, second: str
) -> None:
    resumed, whole = _rates_of(street, tmp_path, first, second)
    assert sorted(resumed) == [3, 4]
    assert resumed == pytest.approx({epoch: whole[epoch] for epoch in resumed})
    captured = capfd.readouterr()
    assert 'The config differs from' in captured.out + captured.err


@pytest.mark.parametrize(
    ('first', 'key'),
    [("type='Adam'", 'amsgrad'), ("type='RMSprop'", 'centered'), ("type='RMSprop'", 'momentum')],
)
def test_settings_without_a_state_are_refused(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], first: str, key: str
) -> None:
    body = _RATES + 'optim_wrapper = dict(optimizer=dict({}, lr=1e-3))\n'
    _train(street, tmp_path, body.format(first), 1)
    with pytest.raises(SystemExit):
        _train(street, tmp_path, body.format(f'{first}, {key}=1'), 2, '--resume')
    assert f'was trained without {key}, which optim_wrapper asks for' in capsys.readouterr().err


def test_one_cycle_goes_on(street: Path, tmp_path: Path) -> None:
    """Its state names functions of MMEngine, which loading without running code leaves out."""
    body = "param_scheduler = [dict(type='OneCycleLR', eta_max=0.01, total_steps=4)]\n"
    resumed, whole = _rates_of(street, tmp_path, *[_SGD.format(lr=1e-3) + body] * 2)
    assert resumed == pytest.approx({epoch: whole[epoch] for epoch in resumed})


def test_converted_schedules_count_the_epochs_of_another_batch_size(
    street: Path, tmp_path: Path
) -> None:
    body = (
        _RATES
        + _SGD.format(lr=1e-3)
        + _POLY.format(end=4).replace('end=4', 'end=4, convert_to_iter_based=True')
    )
    batch = ('--cfg-options', 'train_dataloader.batch_size=4')
    _train(street, tmp_path / 'cut', body, 2)
    resumed = _train(street, tmp_path / 'cut', body, 4, '--resume', *batch)
    whole = _train(street, tmp_path / 'whole', body, 4, *batch)
    assert resumed == pytest.approx({epoch: whole[epoch] for epoch in (3, 4)})


def test_equal_settings_are_restored_without_a_word(
    street: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    body = _SGD.format(lr=1e-3) + _POLY.format(end=4)
    resumed, whole = _rates_of(street, tmp_path, body, body)
    assert resumed == {epoch: whole[epoch] for epoch in resumed}
    captured = capfd.readouterr()
    assert 'The config differs from' not in captured.out + captured.err


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        ("dict(type='Adam', lr=1e-3)", "dict(type='SGD', lr=1e-3)"),
        ("dict(type='SGD', lr=1e-3)", "dict(type='Adam', lr=1e-3)"),
    ],
)
def test_another_optimizer_is_refused_in_a_sentence(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], first: str, second: str
) -> None:
    _train(street, tmp_path, f'{_RATES}optim_wrapper = dict(optimizer={first})\n', 1)
    with pytest.raises(SystemExit):
        _train(
            street, tmp_path, f'{_RATES}optim_wrapper = dict(optimizer={second})\n', 2, '--resume'
        )
    assert 'was trained with another optimiser than optim_wrapper names' in capsys.readouterr().err


def test_other_parameter_groups_are_refused_in_a_sentence(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sgd = "optim_wrapper = dict(optimizer=dict(type='SGD', lr=1e-3){more})\n"
    _train(street, tmp_path, _RATES + sgd.format(more=''), 1)
    groups = ', paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1)))'
    with pytest.raises(SystemExit):
        _train(street, tmp_path, _RATES + sgd.format(more=groups), 2, '--resume')
    assert 'parameter groups' in capsys.readouterr().err


def _resumed(street: Path, tmp_path: Path, first: str, second: str, *options: str) -> dict:
    """An epoch with ``first``, a second one with ``second``: the first one's checkpoint."""
    _train(street, tmp_path, _RATES + first, 1)
    _train(street, tmp_path, _RATES + second, 2, '--resume', *options)
    return load_checkpoint_safely(tmp_path / 'run/epoch_1.pth')


def test_without_ema_the_weights_that_were_averaged_are_taken(
    street: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a rate of 0 they stay as they are."""
    still = _SGD.format(lr=0.0)
    before = _resumed(street, tmp_path, _SGD.format(lr=0.1) + 'ema = 0.9\n', still)
    after = load_checkpoint_safely(tmp_path / 'run/epoch_2.pth')
    name = 'background_head.conv_seg.weight'
    kept = before['ema_state_dict'][f'module.{name}']
    assert not torch.equal(kept, before['state_dict'][name])
    assert torch.equal(after['state_dict'][name], kept)
    captured = capfd.readouterr()
    assert 'keeps a mean of the weights (ema) and the config does not' in (
        captured.out + captured.err
    )


def test_the_seed_of_the_checkpoint_is_kept_and_told(
    street: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _resumed(street, tmp_path, '', '', '--seed', '7')
    assert load_checkpoint_safely(tmp_path / 'run/epoch_2.pth')['meta']['seed'] == 0
    captured = capfd.readouterr()
    assert 'The seed is 0, as ' in captured.out + captured.err


@pytest.mark.parametrize('lacking', ['meta', 'message_hub'])
def test_weights_alone_are_no_training_to_resume(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], lacking: str
) -> None:
    _train(street, tmp_path, _RATES, 1)
    checkpoint = load_checkpoint_safely(tmp_path / 'run/epoch_1.pth')
    del checkpoint[lacking]
    torch.save(checkpoint, tmp_path / 'weights.pth')
    with pytest.raises(SystemExit):
        _train(street, tmp_path, _RATES, 2, '--resume', str(tmp_path / 'weights.pth'))
    assert 'holds weights, but not how far a training was' in capsys.readouterr().err


def test_a_checkpoint_without_moments_is_told(
    street: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _resumed(street, tmp_path, 'default_hooks = dict(checkpoint=dict(save_optimizer=False))\n', '')
    captured = capfd.readouterr()
    assert 'has no state of the optimiser' in captured.out + captured.err


def test_a_training_that_has_ended_says_so(
    street: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _train(street, tmp_path, _RATES, 1)
    _train(street, tmp_path, _RATES, 1, '--resume')
    captured = capfd.readouterr()
    assert '1 of train_cfg.max_epochs=1: there is nothing left to train' in (
        captured.out + captured.err
    )


def test_resume_takes_a_folder(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _train(street, tmp_path / 'first', _RATES, 1)
    rates = _train(street, tmp_path / 'more', _RATES, 2, '--resume', str(tmp_path / 'first/run'))
    assert sorted(rates) == [2]
    with pytest.raises(SystemExit):
        _train(street, tmp_path / 'none', _RATES, 2, '--resume', str(street))
    assert 'this folder holds no checkpoint of a training' in capsys.readouterr().err


def test_resume_in_the_config_is_as_careful(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It went on with the checkpoint's own settings, and took checkpoints of other models."""
    _train(street, tmp_path, f'{_RATES}resume = True\n' + _SGD.format(lr=1e-3), 1)
    assert 'training starts from scratch' in capsys.readouterr().out
    body = f'{_RATES}resume = True\n' + _SGD.format(lr=1e-5)
    assert _train(street, tmp_path, body, 2) == {2: pytest.approx(1e-5)}
