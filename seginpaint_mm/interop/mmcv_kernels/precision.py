"""Compute as ``mmcv._ext`` does, in a precision that loses nothing."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor


def wide(*tensors: Tensor) -> list[Tensor]:
    """Return tensors in one dtype: float64 if the first is, else float32."""
    dtype = torch.promote_types(tensors[0].dtype, torch.float32)
    return [tensor.detach().to(dtype) for tensor in tensors]


def without_autocast(function: Callable) -> Callable:
    """Run a function with autocast off, which would round within it."""

    @functools.wraps(function)
    def plain(*args, **kwargs):
        with torch.autocast(args[0].device.type, enabled=False):
            return function(*args, **kwargs)

    return plain
