"""Several training processes without a GPU."""

import atexit
import time

import torch
from mmengine.config import Config

_SECONDS_TO_LET_GO = 0.5


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
    """Leave the group before Python ends.

    The last collective is over for this thread when gloo's own threads may still hold its tensors.
    To let go of them they need the interpreter; if it is gone by then (before Python 3.14), they
    abort the process: "terminate called without an active exception". So they get time now.
    """
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        time.sleep(_SECONDS_TO_LET_GO)
