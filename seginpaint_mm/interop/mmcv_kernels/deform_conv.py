"""Convolve deformably as ``mmcv._ext`` does, by torchvision."""

import torch
import torchvision  # noqa: F401  registers torch.ops.torchvision
from torch import Tensor

from seginpaint_mm.interop.mmcv_kernels.windows import wide, without_autocast


@without_autocast
def deform_conv_forward(
    features: Tensor,
    weight: Tensor,
    offset: Tensor,
    output: Tensor,
    columns: Tensor,
    ones: Tensor,
    kW: int,  # noqa: N803  mmcv's names
    kH: int,  # noqa: N803
    dW: int,  # noqa: N803
    dH: int,  # noqa: N803
    padW: int,  # noqa: N803
    padH: int,  # noqa: N803
    dilationW: int,  # noqa: N803
    dilationH: int,  # noqa: N803
    group: int,
    deformable_group: int,
    im2col_step: int,
) -> None:
    """Convolve at positions moved by ``offset``; ``output`` is set.

    Args:
        features: floats (N, C, H, W).
        weight: floats (D, C / group, kH, kW).
        offset: floats (N, 2 * deformable_group * kH * kW, h, w), y before x.
        output: floats (N, D, h, w).
        columns: unused, as are ``ones`` and ``im2col_step``.
    """
    geometry = (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group)
    output.copy_(_DeformConv(features, weight, offset, None, None, geometry).forward())


@without_autocast
def deform_conv_backward_input(
    features: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_input: Tensor,
    grad_offset: Tensor,
    weight: Tensor,
    columns: Tensor,
    kW: int,  # noqa: N803
    kH: int,  # noqa: N803
    dW: int,  # noqa: N803
    dH: int,  # noqa: N803
    padW: int,  # noqa: N803
    padH: int,  # noqa: N803
    dilationW: int,  # noqa: N803
    dilationH: int,  # noqa: N803
    group: int,
    deformable_group: int,
    im2col_step: int,
) -> None:
    """Add to the gradient of the features and set that of the offsets."""
    geometry = (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group)
    gradients = _DeformConv(features, weight, offset, None, None, geometry).backward(grad_output)
    grad_input.add_(gradients[0])
    grad_offset.copy_(gradients[2])


@without_autocast
def deform_conv_backward_parameters(
    features: Tensor,
    offset: Tensor,
    grad_output: Tensor,
    grad_weight: Tensor,
    columns: Tensor,
    ones: Tensor,
    kW: int,  # noqa: N803
    kH: int,  # noqa: N803
    dW: int,  # noqa: N803
    dH: int,  # noqa: N803
    padW: int,  # noqa: N803
    padH: int,  # noqa: N803
    dilationW: int,  # noqa: N803
    dilationH: int,  # noqa: N803
    group: int,
    deformable_group: int,
    scale: float,
    im2col_step: int,
) -> None:
    """Add ``scale`` times the gradient of the weights to ``grad_weight``."""
    geometry = (dH, dW, padH, padW, dilationH, dilationW, group, deformable_group)
    # The gradient of the weights does not depend on the weights.
    module = _DeformConv(features, grad_weight, offset, None, None, geometry)
    grad_weight.add_(module.backward(grad_output)[1], alpha=scale)


@without_autocast
def modulated_deform_conv_forward(
    features: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    output: Tensor,
    columns: Tensor,
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    group: int,
    deformable_group: int,
    with_bias: bool,
) -> None:
    """Convolve at positions moved by ``offset``, weighted by ``mask``; ``output`` is set.

    Args:
        features: floats (N, C, H, W).
        weight: floats (D, C / group, kernel_h, kernel_w).
        bias: floats (D,), used if ``with_bias``.
        offset: floats (N, 2 * deformable_group * kernel_h * kernel_w, h, w), y before x.
        mask: floats (N, deformable_group * kernel_h * kernel_w, h, w).
        output: floats (N, D, h, w).
        columns: unused, as is ``ones``.
    """
    geometry = (stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group)
    bias = bias if with_bias else None
    output.copy_(_DeformConv(features, weight, offset, mask, bias, geometry).forward())


@without_autocast
def modulated_deform_conv_backward(
    features: Tensor,
    weight: Tensor,
    bias: Tensor,
    ones: Tensor,
    offset: Tensor,
    mask: Tensor,
    columns: Tensor,
    grad_input: Tensor,
    grad_weight: Tensor,
    grad_bias: Tensor,
    grad_offset: Tensor,
    grad_mask: Tensor,
    grad_output: Tensor,
    kernel_h: int,
    kernel_w: int,
    stride_h: int,
    stride_w: int,
    pad_h: int,
    pad_w: int,
    dilation_h: int,
    dilation_w: int,
    group: int,
    deformable_group: int,
    with_bias: bool,
) -> None:
    """Add to the gradients of features, weights and bias; set those of offsets and mask."""
    geometry = (stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group)
    module = _DeformConv(features, weight, offset, mask, bias if with_bias else None, geometry)
    gradients = module.backward(grad_output)
    grad_input.add_(gradients[0])
    grad_weight.add_(gradients[1])
    grad_offset.copy_(gradients[2])
    grad_mask.copy_(gradients[3])
    if with_bias:
        grad_bias.add_(gradients[4])


class _DeformConv:
    """Call torchvision's deformable convolution, plain without a mask, modulated with one.

    Args:
        geometry: stride, padding and dilation, each y and x, groups and deformable groups.
    """

    def __init__(
        self,
        features: Tensor,
        weight: Tensor,
        offset: Tensor,
        mask: Tensor | None,
        bias: Tensor | None,
        geometry: tuple[int, ...],
    ) -> None:
        features, weight, offset = wide(features, weight, offset)
        self._geometry, self._modulated = geometry, mask is not None
        empty = features.new_zeros(len(features), 1)
        mask = mask.detach().to(features) if self._modulated else empty
        bias = features.new_zeros(len(weight)) if bias is None else bias.detach().to(features)
        self._tensors = (features, weight, offset, mask, bias)

    def forward(self) -> Tensor:
        return torch.ops.torchvision.deform_conv2d(*self._tensors, *self._geometry, self._modulated)

    def backward(self, grad_output: Tensor) -> list[Tensor]:
        """Return the gradients of features, weight, offset, mask and bias."""
        gradients = torch.ops.torchvision._deform_conv2d_backward(
            grad_output.to(self._tensors[0]).contiguous(),
            *self._tensors,
            *self._geometry,
            self._modulated,
        )
        # At a position exactly one pixel outside, as padding and an offset of 0 have it,
        # torchvision gives the slope towards the image, and mmcv 0.
        taps = gradients[2].unflatten(1, (self._geometry[-1], -1, 2))
        taps.masked_fill_(self._outside()[:, :, :, None], 0)
        return [*gradients[:2], taps.flatten(1, 3), *gradients[3:]]

    def _outside(self) -> Tensor:
        """Return which taps lie outside the image: booleans (N, groups, taps, h, w)."""
        features, weight, offset = self._tensors[:3]
        outside = False
        taps = offset.unflatten(1, (self._geometry[-1], *weight.shape[2:], 2))
        for axis in (0, 1):
            stride, padding, dilation = self._geometry[axis:6:2]
            size, kernel, outputs = (
                tensor.shape[2 + axis] for tensor in (features, weight, offset)
            )
            start = torch.arange(outputs, device=offset.device) * stride - padding
            tap = torch.arange(kernel, device=offset.device) * dilation
            place = (tap[:, None] + start).to(offset)  # (kernel, outputs) of this axis
            shape = [1, 1, 1, 1]
            shape[axis], shape[axis + 2] = kernel, outputs
            position = taps[:, :, :, :, axis] + place.view(shape)
            outside = outside | (position <= -1) | (position >= size)
        return outside.flatten(2, 3)
