"""A trained model made ready to predict fast: nothing in it can be trained any more."""

import copy

import torch
from mmcv.cnn.utils import fuse_conv_bn
from torch import nn


def prepare_for_inference(model: nn.Module) -> nn.Module:
    """Copy a model into a form that predicts the same, rounding aside, in less time.

    Batch norms are folded into the convolutions before them, activations overwrite their input,
    weights are channels-last. Run it under ``torch.inference_mode()``.

    Args:
        model: Any model; it is left as it is.

    Returns:
        A model in evaluation mode, on the same device, without gradients. Its parameters are
        others: no checkpoint fits it.
    """
    model = fuse_conv_bn(copy.deepcopy(model))
    _replace_prelus(model)
    return model.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def _replace_prelus(module: nn.Module) -> None:
    """Let activations that follow a batch norm, now folded, overwrite its output."""
    before = None
    for name, child in module.named_children():
        follows_norm = isinstance(before, nn.Identity)
        if follows_norm and isinstance(child, nn.PReLU) and child.num_parameters == 1:
            setattr(module, name, nn.LeakyReLU(child.weight.item(), inplace=True))
        _replace_prelus(child)
        before = child
