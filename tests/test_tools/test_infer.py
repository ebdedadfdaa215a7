"""The command line of inference."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.registry import MODELS
from tests.tiny_run import image_path, tiny_config, write_tiny_street
from tests.tool_runs import run_here


@pytest.fixture
def model(tmp_path: Path) -> list[str | Path]:
    """Arguments that name a tiny network, and its data in ``data``."""
    config = tiny_config(tmp_path / 'config', write_tiny_street(tmp_path / 'data'))
    state = MODELS.build(Config.fromfile(config).model).state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'tiny.pth')
    return ['--config', config, '--checkpoint', tmp_path / 'tiny.pth', '--device', 'cpu']


def test_folder_to_pictures(
    model: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here('infer', tmp_path / 'data/leftImg8bit', '--recursive', '--out-dir', tmp_path, *model)
    assert f'10 of 10 pictures done: {tmp_path}' in capsys.readouterr().out
    assert len(list((tmp_path / 'vis' / 'train' / 'tiny').iterdir())) == 8


def test_unreadable_picture_sets_the_exit_status(
    model: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'bad.jpg').write_text('no picture')
    good = image_path(tmp_path / 'data')
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', tmp_path / 'bad.jpg', good, '--out-dir', tmp_path, *model)
    assert stopped.value.code == 1
    output = capsys.readouterr()
    assert f'skipped: {tmp_path / "bad.jpg"}: cannot be read as an image' in output.err
    assert '1 of 2 pictures done' in output.out


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (['--checkpoint', 'absent.pth'], 'error: Checkpoint absent.pth does not exist'),
        (['--config', 'absent.py'], 'error: Config file absent.py does not exist'),
        (['--device', 'abacus'], "error: Device 'abacus' cannot be used here"),
        (['--batch-size', '0'], 'error: The batch size must be at least 1, not 0.'),
    ],
)
def test_wrong_arguments_get_one_sentence(
    model: list,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    message: str,
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_here('infer', image_path(tmp_path / 'data'), '--out-dir', tmp_path, *model, *change)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count('\n') == 1
