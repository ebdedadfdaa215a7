"""A checkpoint whose pickle runs a command runs nothing, wherever it is loaded."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import load_checkpoint

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.checkpoint import UNSAFE_LOAD, enable_safe_loading, load_checkpoint_safely
from seginpaint_mm.checkpoint.unpickling import load_restricted
from seginpaint_mm.errors import CheckpointError
from tests.helpers.tiny_run import tiny_config, write_tiny_street
from tests.helpers.tool_runs import run_here


class Command:
    """Unpickled, it runs a shell command that leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable, tuple[str]]:
        return os.system, (f'touch {self.trace}',)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / 'code-was-run'


@pytest.fixture
def hostile(tmp_path: Path, trace: Path) -> Path:
    path = tmp_path / 'hostile.pth'
    torch.save({'meta': {'epoch': 1, 'iter': 4}, 'state_dict': {'w': Command(trace)}}, path)
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tiny_config(tmp_path, write_tiny_street(tmp_path / 'street', num_train=2))


def test_the_command_would_run(hostile: Path, trace: Path) -> None:
    torch.load(hostile, weights_only=False)
    assert trace.exists()


@pytest.mark.parametrize('how', ['test', 'resume', 'load_from', 'init_cfg'])
def test_tools_run_no_code(
    how: str,
    hostile: Path,
    trace: Path,
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = {
        'test': ('test', config, hostile),
        'resume': ('train', config, '--resume', hostile),
        'load_from': ('train', config, '--cfg-options', f'load_from={hostile}'),
        'init_cfg': (
            'train',
            config,
            '--cfg-options',
            'model.init_cfg.type=Pretrained',
            f'model.init_cfg.checkpoint={hostile}',
        ),
    }[how]
    with pytest.raises(SystemExit) as stopped:
        run_here(*arguments, '--work-dir', tmp_path / 'run')
    assert stopped.value.code == 2
    assert 'hostile.pth is refused: loading it would run code' in capsys.readouterr().err
    assert not trace.exists()


def test_the_inferencer_runs_no_code(hostile: Path, trace: Path, config: Path) -> None:
    with pytest.raises(CheckpointError, match='refused: loading it would run code'):
        SegInpaintInferencer(str(config), str(hostile), device='cpu')
    assert not trace.exists()


def test_mmengines_own_loading_runs_no_code(hostile: Path, trace: Path) -> None:
    enable_safe_loading()
    with pytest.raises(CheckpointError, match='refused'):
        load_checkpoint(torch.nn.Linear(1, 1), str(hostile))
    assert not trace.exists()


@pytest.mark.parametrize('protocol', [2, 4])
def test_a_bare_pickle_runs_no_code(protocol: int, tmp_path: Path, trace: Path) -> None:
    path = tmp_path / 'bare.pth'
    path.write_bytes(pickle.dumps(Command(trace), protocol=protocol))
    for load in (load_checkpoint_safely, lambda p: load_restricted(p, 'cpu')):
        with pytest.raises((CheckpointError, pickle.UnpicklingError)):
            load(path)
    assert not trace.exists()


def test_the_unpickler_for_old_torch_runs_no_code(hostile: Path, trace: Path) -> None:
    with pytest.raises(pickle.UnpicklingError, match=r'GLOBAL \w+\.system was not an allowed'):
        load_restricted(hostile, 'cpu')
    assert not trace.exists()


def test_a_torchscript_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'script.pth'
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), path)
    with pytest.raises(CheckpointError, match='is a TorchScript program'):
        load_checkpoint_safely(path)


def test_config_texts_are_left_out(tmp_path: Path, trace: Path) -> None:
    """MMEngine executes both: ``meta.config`` on resume, ``runtime_info.cfg`` in inferencers."""
    code = f'import pathlib\npathlib.Path({str(trace)!r}).touch()\n'
    path = tmp_path / 'text.pth'
    hub = {'runtime_info': {'cfg': code, 'epoch': 1}}
    torch.save({'meta': {'config': code, 'epoch': 1}, 'message_hub': hub}, path)
    checkpoint = load_checkpoint_safely(path)
    assert checkpoint == {'meta': {'epoch': 1}, 'message_hub': {'runtime_info': {'epoch': 1}}}


@pytest.mark.parametrize('load', [load_checkpoint_safely, lambda p: load_restricted(p, 'cpu')])
def test_functions_in_a_log_history_are_dropped(load: Callable, tmp_path: Path) -> None:
    """MMEngine's history takes functions from the file and would call them when it logs."""
    history = HistoryBuffer([1.0, 2.0], [1, 1])
    history._statistics_methods = {'mean': HistoryBuffer.max}
    path = tmp_path / 'history.pth'
    torch.save({'message_hub': {'log_scalars': {'loss': history}}}, path)
    load(path)
    assert HistoryBuffer([1.0, 3.0], [1, 1]).statistics('mean') == 2.0


def test_the_user_may_trust(hostile: Path, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(UNSAFE_LOAD, '1')
    load_checkpoint_safely(hostile)
    assert trace.exists()
