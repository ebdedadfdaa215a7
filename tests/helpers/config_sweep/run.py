"""One training iteration, one validation, one test and one ``infer`` of a shipped config."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from tests.helpers.config_sweep.data import images
from tests.helpers.config_sweep.shrink import nodes, shrink, untrained_weights, write_checkpoints
from tests.helpers.config_sweep.thin import is_large, thin
from tests.helpers.dataset_folders import write_map
from tests.helpers.tool_runs import REPOSITORY, run_here

CONFIGS = {path.stem: path for path in sorted((REPOSITORY / 'configs').glob('[!_]*/*.py'))}
# Models that find what they report themselves; all others get a mask.
_WITHOUT_MASKS = ('ForegroundInpainter', 'mmseg.EncoderDecoder', 'HoughInstanceSegmentor')
# Why a part that was trained on its own is refused for a user's image, in the command's words.
_REFUSALS = (
    'has no image stage',
    'learns from true edges or classes',
    'paints objects without finding their full masks',
    'has no test_dataloader.dataset',
    'which TrueScores reads',
    'takes true masks',
    'paints true masks',
)


def run_config(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a config in the current folder, which holds ``data`` and a link to ``configs``.

    Raises:
        AssertionError: if a command fails, or leaves out what it should write.
    """
    cfg = shrink(Config.fromfile(CONFIGS[name]))
    make = thin if is_large(cfg) else Config.copy
    cfg = make(cfg)
    write_checkpoints(cfg, lambda part: make(shrink(Config.fromfile(CONFIGS[part]))))
    small = Path('small') / f'{name}.py'
    small.parent.mkdir(exist_ok=True)
    cfg.dump(small)
    checkpoint = []
    if cfg.get('train_cfg'):
        run_here('train', small, '--work-dir', f'runs/{name}')
        checkpoint = [f'runs/{name}/epoch_1.pth']
        assert Path(checkpoint[0]).is_file()
    elif weights := untrained_weights(cfg):
        checkpoint = [f'runs/{name}.pth']
        Path('runs').mkdir(exist_ok=True)
        torch.save(dict(meta={}, state_dict=weights), checkpoint[0])
    if cfg.get('test_cfg'):  # a stage that is only trained may have none
        _test(name, small, checkpoint)
    _infer(cfg, small, checkpoint, capsys)
    for path in checkpoint:
        Path(path).unlink()  # of some networks they have half a gigabyte


def _test(name: str, small: Path, checkpoint: list[str]) -> None:
    out = Path('out') / name
    run_here('test', small, *checkpoint, '--work-dir', f'runs/{name}_test', '--out', out)
    assert json.loads((out / 'metrics.json').read_text()), 'nothing was measured'


def _infer(
    cfg: Config, small: Path, checkpoint: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Run ``infer`` on one image; a part of a method may be refused, in one known sentence."""
    out = Path('out') / f'{small.stem}_infer'
    image, mask = _inputs(cfg, out)
    options = ['--config', small, '--out-dir', out, '--device', 'cpu']
    options += ['--checkpoint', *checkpoint] if checkpoint else []
    if cfg.model.type not in _WITHOUT_MASKS:
        options += ['--masks', mask]
    capsys.readouterr()
    try:
        run_here('infer', image, *options)
    except SystemExit:
        sentence = capsys.readouterr().err
        assert any(known in sentence for known in _REFUSALS), sentence
        return
    assert json.loads((out / 'predictions.json').read_text())
    assert any(path.is_file() for path in (out / 'vis').rglob('*')), 'nothing was drawn'


def _inputs(cfg: Config, folder: Path) -> tuple[Path, Path]:
    """An image of the size that the config's tests crop to, and a mask with one object."""
    image = cv2.imread(str(images(Path('data'))[0]))
    crops = [node for node in nodes(cfg.get('test_dataloader')) if node.get('type') == 'CenterCrop']
    if crops:
        image = cv2.resize(image, crops[0]['crop_size'][::-1])
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[mask.shape[0] // 4 : mask.shape[0] // 2, mask.shape[1] // 4 : mask.shape[1] // 2] = 255
    return write_map(folder / 'in/a.png', image), write_map(folder / 'in/mask.png', mask)
