"""Prepare a trained model for fast prediction; it can no longer be trained."""

import copy

import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

from seginpaint_mm.utils.torch_modules import lay_channels_last


def prepare_for_inference(model: nn.Module) -> nn.Module:
    """Copy a model into a form that predicts the same, rounding aside, in less time.

    Batch norms are folded into the convolutions before them, activations overwrite their input,
    weights are channels-last. Networks in TorchScript inside it are kept as they are. Run it under
    ``torch.inference_mode()``.

    Args:
        model: Any model; it is left as it is.

    Returns:
        A model in evaluation mode, on the same device, without gradients. Its parameters are
        others: no checkpoint fits it.
    """
    with torch.no_grad():  # in which TorchScript's weights are copied as such, not as results
        model = copy.deepcopy(model).eval()
    _fold_batch_norms(model)
    _replace_prelus(model)
    return lay_channels_last(model.eval().requires_grad_(False))


def _fold_batch_norms(module: nn.Module) -> None:
    """Fold each batch norm that directly follows a convolution, transposed ones included.

    mmcv's function would fold one that follows a transposed convolution into another before it,
    as in the innermost block of a U-Net.
    """
    before, name_before = None, ''
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and _can_hold(before):
            transposed = isinstance(before, nn.ConvTranspose2d)
            fused = fuse_conv_bn_eval(before, child, transposed)
            setattr(module, name_before, fused)
            setattr(module, name, nn.Identity())
        else:
            _fold_batch_norms(child)
        before, name_before = child, name


def _can_hold(module: nn.Module | None) -> bool:
    if isinstance(module, nn.ConvTranspose2d):
        return module.groups == 1
    return isinstance(module, nn.Conv2d)


def _replace_prelus(module: nn.Module) -> None:
    """Let activations that follow a batch norm, now folded, overwrite its output."""
    before = None
    for name, child in module.named_children():
        follows_norm = isinstance(before, nn.Identity)
        if follows_norm and isinstance(child, nn.PReLU) and child.num_parameters == 1:
            setattr(module, name, nn.LeakyReLU(child.weight.item(), inplace=True))
        _replace_prelus(child)
        before = child
