"""What the config says of rates and schedules counts when a training is resumed."""

import json
from pathlib import Path

import pytest

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
