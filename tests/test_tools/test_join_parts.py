"""Parts that were trained apart become one checkpoint that fits the whole model."""

import re
from pathlib import Path

import pytest
import torch

from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from tests.helpers.tiny_gan import GENERATORS, TinyGAN, tiny_gan_config
from tests.helpers.tool_runs import run_here


def write_parts(folder: Path) -> str:
    """A checkpoint for the generators, and the line of a config that names it."""
    torch.save({'state_dict': TinyGAN(seed=5).state_dict()}, folder / 'apart.pth')
    paths = dict.fromkeys(GENERATORS, str(folder / 'apart.pth'))
    return f"model['part_checkpoints'] = {paths}\n"


def test_parts_are_joined(tmp_path: Path) -> None:
    config = tiny_gan_config(tmp_path, write_parts(tmp_path))
    run_here('join_parts', config, tmp_path / 'whole.pth')
    checkpoint = load_checkpoint_safely(tmp_path / 'whole.pth')
    state = check_checkpoint_fits(TinyGAN(), checkpoint, 'whole.pth')
    assert torch.equal(state['painter.2.bias'], TinyGAN(seed=5).painter[2].bias)
    assert torch.equal(state['judge.0.bias'], TinyGAN(seed=0).judge[0].bias)


@pytest.mark.parametrize(
    ('body', 'message'),
    [
        ('', r'error: .*tiny_gan\.py names no checkpoints to join: set model\.part_checkpoints'),
        ("model['part_checkpoints'] = dict(judge='no.pth')", r'error: .*names judge, but none of'),
        (
            f"model['part_checkpoints'] = dict.fromkeys({list(GENERATORS)}, 'no.pth')",
            r'error: .*no\.pth does not exist',
        ),
    ],
)
def test_wrong_configs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, message: str
) -> None:
    with pytest.raises(SystemExit):
        run_here('join_parts', tiny_gan_config(tmp_path, body), tmp_path / 'whole.pth')
    assert re.search(message, capsys.readouterr().err)
    assert not (tmp_path / 'whole.pth').exists()
