"""Words of a config, ``--from``, and resuming with all of them."""

import json
from pathlib import Path
from unittest import mock

import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.engine.training_words import TRACKERS, apply_words
from seginpaint_mm.errors import UserError
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here

WORDS = """
ema = 0.9
accumulate = 2
channels_last = True
early_stopping = dict(monitor='all_mIoU', patience=2, min_delta=200.0)
"""


@pytest.fixture(scope='module')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_street(tmp_path_factory.mktemp('street'), num_train=4, num_val=1)


@pytest.fixture(scope='module')
def trained(street: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three epochs of which the last does not take place: nothing improves by 200 percent."""
    folder = tmp_path_factory.mktemp('words')
    config = tiny_config(folder, street, body=WORDS, max_epochs=5)
    run_here('train', config, '--work-dir', folder / 'run', '--seed', '3')
    return folder


def test_a_training_stops_early(trained: Path) -> None:
    assert (trained / 'run/last_checkpoint').read_text().endswith('epoch_3.pth')
    assert len(json.loads((trained / 'run/early_stopping.json').read_text())) == 3


def test_resumed_with_all_words_it_ends_the_same(trained: Path, tmp_path: Path) -> None:
    (tmp_path / 'run').mkdir()
    for name in ('epoch_2.pth', 'early_stopping.json'):
        (tmp_path / 'run' / name).write_bytes((trained / 'run' / name).read_bytes())
    run_here('train', trained / 'tiny.py', '--work-dir', tmp_path / 'run', '--resume')
    assert sorted(file.name for file in (tmp_path / 'run').glob('*.pth')) == [
        'epoch_2.pth',
        'epoch_3.pth',
    ], 'the patience went on'
    once, twice = (
        load_checkpoint_safely(folder / 'run/epoch_3.pth') for folder in (trained, tmp_path)
    )
    for part in ('state_dict', 'ema_state_dict'):
        assert once[part].keys() == twice[part].keys()
        for name, value in once[part].items():
            assert torch.equal(value, twice[part][name]), (part, name)
    assert any(
        not torch.equal(value, once['ema_state_dict'][f'module.{name}'])
        for name, value in once['state_dict'].items()
    ), 'the mean is another network'


def test_a_compiled_training_is_resumed(street: Path, tmp_path: Path) -> None:
    """The backend traces as all do, and needs no compiler; the checkpoint does not know of it."""
    body = "compile = dict(backend='eager')\nval_dataloader = val_cfg = val_evaluator = None\n"
    config = tiny_config(tmp_path, street, body=body, max_epochs=1)
    with mock.patch('torch.compile', wraps=torch.compile) as compiled:
        for epochs in (1, 2):
            options = ('--resume', '--cfg-options', f'train_cfg.max_epochs={epochs}')
            run_here('train', config, '--work-dir', tmp_path / 'run', *options)
    assert compiled.call_count == 2
    first, second = (load_checkpoint_safely(tmp_path / f'run/epoch_{k}.pth') for k in (1, 2))
    assert second['meta']['iter'] == 2 * first['meta']['iter']
    assert first['state_dict'].keys() == second['state_dict'].keys()
    assert not [name for name in first['state_dict'] if '_orig_mod' in name]
    names = [name for name, value in first['state_dict'].items() if value.is_floating_point()]
    assert any(not torch.equal(first['state_dict'][k], second['state_dict'][k]) for k in names)


def test_from_makes_heads_of_other_classes_anew(
    trained: Path, street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = load_checkpoint_safely(trained / 'run/epoch_3.pth')
    state = checkpoint['state_dict']
    heads = [
        name for name, value in state.items() if 'background' in name and value.shape[:1] == (3,)
    ]
    assert heads
    for name in heads:  # of five classes
        state[name] = torch.cat([state[name], state[name][:2]])
    state['another.weight'] = torch.zeros(1)
    torch.save(dict(state_dict=state), tmp_path / 'five.pth')
    config = tiny_config(tmp_path, street, max_epochs=1)
    options = ('--cfg-options', 'optim_wrapper.optimizer.lr=0.0')
    start = ('--from', tmp_path / 'five.pth')
    run_here('train', config, '--work-dir', tmp_path / 'run', *start, *options)
    logged = next((tmp_path / 'run').glob('*/*.log')).read_text()
    (line,) = (line for line in logged.splitlines() if 'tensors are loaded' in line)
    assert f'{heads[0]} (5, ' in line
    assert '1 of the checkpoint are not used' in line
    assert 'do not match exactly' not in logged
    after = load_checkpoint_safely(tmp_path / 'run/epoch_1.pth')['state_dict']
    weights = [name for name in after if name.endswith('weight') and after[name].ndim == 4]
    for name in weights:
        kept = torch.equal(after[name], state[name].contiguous())
        assert kept == (name not in heads), name


def test_from_takes_a_work_dir_and_not_resume(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run_here(
            'train',
            trained / 'tiny.py',
            '--from',
            trained / 'run',
            '--resume',
            trained / 'run/epoch_3.pth',
            '--work-dir',
            tmp_path,
        )
    words = ('--cfg-options', 'train_cfg.max_epochs=1')
    run_here(
        'train', trained / 'tiny.py', '--from', trained / 'run', '--work-dir', tmp_path, *words
    )
    assert (tmp_path / 'epoch_1.pth').is_file()


@pytest.mark.parametrize(
    ('words', 'sentence'),
    [
        (dict(tracking='sheets'), 'tracking is one of tensorboard, wandb, mlflow'),
        (dict(ema=2), 'ema is True or a share between 0 and 1'),
        (dict(accumulate=0), 'accumulate is a whole number'),
        (dict(early_stopping=3), 'early_stopping is a metric of the validation'),
        (dict(early_stopping='loss', val_dataloader=None), 'which this config lacks'),
        (dict(accumulate=2, optim_wrapper=dict(constructor='X')), 'models with one optimiser'),
    ],
    ids=str,
)
def test_wrong_words_are_told(words: dict, sentence: str) -> None:
    base = dict(visualizer=dict(), val_dataloader=dict(), work_dir='x')
    with pytest.raises(UserError, match=sentence):
        apply_words(Config({**base, **words}))


@pytest.mark.parametrize('tracker', sorted(TRACKERS))
def test_trackers_write_without_a_network(
    tracker: str, street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = TRACKERS[tracker][1]
    pytest.importorskip(library, reason=f'{library} is an optional package')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    monkeypatch.chdir(tmp_path)
    config = tiny_config(tmp_path, street, max_epochs=1, body=f'tracking = {tracker!r}\n')
    run_here('train', config, '--work-dir', tmp_path / 'run')
    place = {'tensorboard': 'events.', 'wandb': 'wandb', 'mlflow': 'mlflow'}[tracker]
    files = [f for f in (tmp_path / 'run').rglob('*') if f.is_file() and place in str(f)]
    assert any(b'all_mIoU' in file.read_bytes() for file in files), files
