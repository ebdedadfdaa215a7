"""Channels-last models whose operators of mmcv still read what they expect."""

import torch
from torch import Tensor, nn


def lay_channels_last(model: nn.Module) -> nn.Module:
    """Convert 4-D parameters and buffers in place; activations follow the weights' layout.

    mmcv's compiled operators (RoIAlign among them) read a tensor's memory as if it were NCHW,
    whatever its strides say: from channels-last features they would take other values, without
    an error. They are handed contiguous copies, and keep their own weights contiguous.

    Args:
        model: Any model.

    Returns:
        The same model.
    """
    model.to(memory_format=torch.channels_last)
    for module in model.modules():
        if type(module).__module__.startswith('mmcv.ops.'):
            module.to(memory_format=torch.contiguous_format)
            # A copy of a model that was converted has the hook already; twice does no harm.
            module.register_forward_pre_hook(_made_contiguous)
    return model


def _made_contiguous(module: nn.Module, inputs: tuple) -> tuple:
    return tuple(item.contiguous() if isinstance(item, Tensor) else item for item in inputs)
