"""Processes and threads without a GPU."""

import atexit
import os
import time

import cv2
import torch
from mmengine.config import Config

from seginpaint_mm.utils.processor import compute_threads

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


def limit_threads(loader: dict | None = None) -> None:
    """Let PyTorch compute with as many threads as there are cores for, beside a data loader's.

    Does nothing where a GPU is available, or where the user has set ``OMP_NUM_THREADS``, as
    torchrun does for several processes.

    Args:
        loader: config of the data loader that runs at the same time; None for no workers.
    """
    if 'OMP_NUM_THREADS' in os.environ or torch.cuda.is_available():
        return
    threads = compute_threads((loader or {}).get('num_workers', 0))
    torch.set_num_threads(min(torch.get_num_threads(), threads))


def is_launched() -> bool:
    """Return whether this is one of several processes, as torchrun starts them."""
    return int(os.environ.get('WORLD_SIZE', 1)) > 1


def is_first() -> bool:
    """Return whether this is the first of such processes, or the only one."""
    return int(os.environ.get('RANK', 0)) == 0


def share_machine(device: str | None = None) -> str | None:
    """Give each process that torchrun starts on this machine its GPU, or its part of the cores.

    Args:
        device: What the user says, which is kept.

    Returns:
        The device; None leaves it open.
    """
    processes = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
    if processes > 1:
        cv2.setNumThreads(max(1, cv2.getNumberOfCPUs() // processes))
        if device is None and torch.cuda.is_available():
            return f'cuda:{int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count()}'
    return device


def _leave_group() -> None:
    """Leave the group before Python ends.

    The last collective is over for this thread when gloo's own threads may still hold its tensors.
    To let go of them they need the interpreter; if it is gone by then (before Python 3.14), they
    abort the process: "terminate called without an active exception". So they get time now.
    """
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
        time.sleep(_SECONDS_TO_LET_GO)
