"""Attend to several feature levels as ``mmcv._ext`` does."""

import torch
from torch import Tensor

from seginpaint_mm.interop.mmcv_kernels.windows import wide, without_autocast


@without_autocast
def ms_deform_attn_forward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    im2col_step: int,
) -> Tensor:
    """Sum samples of the feature levels, weighted by attention.

    Args:
        value: floats (N, K, heads, D), the levels one after the other.
        value_spatial_shapes: int64 (levels, 2), height and width.
        value_level_start_index: unused, as is ``im2col_step``.
        sampling_locations: floats (N, Q, heads, levels, points, 2), x and y from 0 to 1.
        attention_weights: floats (N, Q, heads, levels, points).

    Returns:
        Tensor: floats (N, Q, heads * D).
    """
    parts = wide(value, sampling_locations, attention_weights)
    return _attend(value_spatial_shapes, *parts).to(value)


@without_autocast
def ms_deform_attn_backward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_sampling_loc: Tensor,
    grad_attn_weight: Tensor,
    im2col_step: int,
) -> None:
    """Add to the gradient of the values; set those of the locations and weights."""
    parts = wide(value, sampling_locations, attention_weights)
    with torch.enable_grad():
        leaves = [tensor.requires_grad_() for tensor in (part.clone() for part in parts)]
        output = _attend(value_spatial_shapes, *leaves)
    gradients = torch.autograd.grad(output, leaves, grad_output.to(output))
    grad_value.add_(gradients[0])
    grad_sampling_loc.copy_(gradients[1])
    grad_attn_weight.copy_(gradients[2])


def _attend(shapes: Tensor, value: Tensor, locations: Tensor, weights: Tensor) -> Tensor:
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch

    # A sample exactly one pixel outside is 0, and so is mmcv's derivative by its place, while
    # that of grid_sample is the slope towards the image.
    sizes = shapes.flip(1).to(locations)[:, None]  # (levels, 1, 2): x, y
    positions = locations.detach() * sizes - 0.5
    inside = ((positions > -1) & (positions < sizes)).all(dim=-1)
    return multi_scale_deformable_attn_pytorch(
        value, shapes, locations, torch.where(inside, weights, 0)
    )
