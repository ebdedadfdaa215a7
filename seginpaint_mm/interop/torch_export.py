"""Adapt ``torch.export`` so that a graph is for all sizes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch


@contextmanager
def sizes_stay_open() -> Iterator[None]:
    """Let the size of a max-pooled map be a formula.

    PyTorch divides sizes by ``div_rtn``, which asks whether there is a remainder: that restricts a
    graph to sizes that have one, or have none. Sizes are not negative, so that floor division is
    the same.
    """
    module = getattr(torch, '_meta_registrations', None)
    if not hasattr(module, 'div_rtn'):
        yield
        return
    with mock.patch.object(module, 'div_rtn', lambda number, divisor: number // divisor):
        yield


def onnx_translations() -> dict[Callable, Callable]:
    """Operators that onnxscript does not translate, or not in every release, with what they are."""
    import torchvision  # noqa: F401  registers its operators
    from onnxscript import opset18 as op

    # onnxscript 0.7 takes other arguments than torchvision gives
    def roi_pool(maps: Any, boxes: Any, scale: float, height: int, width: int) -> tuple[Any, Any]:
        pooled = op.MaxRoiPool(maps, boxes, pooled_shape=(height, width), spatial_scale=scale)
        return pooled, op.Identity(pooled)  # the places of the maxima, which only training reads

    return {torch.ops.torchvision.roi_pool.default: roi_pool}
