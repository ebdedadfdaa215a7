"""A small network with random weights, saved as a training would leave it."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from seginpaint_mm.registry import MODELS

CONFIG = Path(__file__).parents[2] / 'configs' / 'mpi' / 'pspnet_r18_shared_cityscapes-128x256.py'


@pytest.fixture(scope='session')
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work dir with its one config and its last checkpoint."""
    folder = tmp_path_factory.mktemp('work_dir')
    torch.manual_seed(0)
    cfg = Config.fromfile(CONFIG)
    cfg.dump(folder / CONFIG.name)
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), folder / 'epoch_1.pth')
    (folder / 'last_checkpoint').write_text('elsewhere/epoch_1.pth')
    return folder
