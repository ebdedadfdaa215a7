"""Freeze modules, and lay them out channels-last where every operator allows it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def frozen(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """What is computed in the ``with`` block gives these parameters no gradient.

    Gradients still pass through to what came before. Parameters that were frozen already stay so.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)


def is_trained(module: nn.Module) -> bool:
    """Whether any parameter of the module gets gradients at present."""
    return any(parameter.requires_grad for parameter in module.parameters())


# oneDNN's kernels for AVX-512 and AVX2 work on 16 and 8 channels at once.
_CHANNELS_OF_A_KERNEL = 16


def lay_channels_last(model: nn.Module) -> nn.Module:
    """Convert 4-D parameters and buffers in place; activations follow the weights' layout.

    Two kinds of modules keep contiguous weights and receive contiguous copies of their inputs:

    - mmcv's compiled operators (RoIAlign among them). They read a tensor's memory as if it were
      NCHW, whatever its strides say: from channels-last features they would take other values,
      without an error.
    - Strided 1x1 convolutions of few input channels, whose weight gradient on the CPU corrupts
      the heap: see docs/known_issues.md.

    Args:
        model: Any model.

    Returns:
        The same model.
    """
    model.to(memory_format=torch.channels_last)
    for module in model.modules():
        if type(module).__module__.startswith('mmcv.ops.') or _corrupts_the_heap(module):
            module.to(memory_format=torch.contiguous_format)
            # A copy of a model that was converted has the hook already; twice does no harm.
            module.register_forward_pre_hook(_made_contiguous)
    return model


def _corrupts_the_heap(module: nn.Module) -> bool:
    """Whether channels-last training of this module writes past the end of a buffer.

    Found by running all kinds of convolutions under an allocator that checks its margins, at all
    levels of processors: 1x1, unpadded, ungrouped, strided, with fewer input channels than one
    vector holds. Channels-last inputs alone are enough, hence the hook.
    """
    return (
        isinstance(module, nn.Conv2d)
        and module.in_channels < _CHANNELS_OF_A_KERNEL
        and module.kernel_size == (1, 1)
        and module.stride != (1, 1)
        and module.groups == 1
    )


def _made_contiguous(module: nn.Module, inputs: tuple) -> tuple:
    return tuple(item.contiguous() if isinstance(item, Tensor) else item for item in inputs)
