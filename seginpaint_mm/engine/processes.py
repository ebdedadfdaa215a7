"""Several training processes without a GPU."""

import atexit

import torch
from mmengine.config import Config


def use_cpu_processes(cfg: Config) -> None:
    """Where no GPU is there, start ``--launcher pytorch`` with gloo and models on the CPU.

    MMEngine's own start picks a CUDA device for each process, and wraps the model for it. Does
    nothing for ``--launcher none`` or where a GPU is available.
    """
    if cfg.launcher != 'pytorch' or torch.cuda.is_available():
        return
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')
        atexit.register(_leave_group)
    cfg.model_wrapper_cfg = {
        'type': 'MMDistributedDataParallel',
        'broadcast_buffers': False,
        'find_unused_parameters': cfg.get('find_unused_parameters', False),
        **(cfg.get('model_wrapper_cfg') or {}),
        'device_ids': None,
    }


def _leave_group() -> None:
    """Stop gloo's threads: Python now and then aborts when it ends before them."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
