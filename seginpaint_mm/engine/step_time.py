"""How long a step of training takes on this machine."""

import time

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.device import get_device
from mmengine.optim import build_optim_wrapper

from seginpaint_mm.registry import DATASETS, MODELS

_ENOUGH = 20.0  # seconds: after so slow a first step, no second is waited for


def step_seconds(cfg: Config) -> float:
    """Seconds that the second step of training took, with the loading of its batch.

    Args:
        cfg: A whole config, whose default scope is set; its data are read.

    Raises:
        Whatever the parts of the config raise.
    """
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    model = MODELS.build(cfg.model).to(get_device())
    model.train()
    optimisers = build_optim_wrapper(model, cfg.optim_wrapper)
    number = cfg.train_dataloader.batch_size
    for step in range(2):  # the first also allocates memory and chooses algorithms
        start = time.perf_counter()
        batch = pseudo_collate([dataset[(step * number + k) % len(dataset)] for k in range(number)])
        model.train_step(batch, optimisers)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds = time.perf_counter() - start
        if seconds > _ENOUGH:
            break
    return seconds
