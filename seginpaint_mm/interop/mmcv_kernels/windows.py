"""Windows of pixels that the operators of mmcv read, and the precision they are computed in."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


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


# --- CARAFE: content-aware upsampling -------------------------------------------------------------


@without_autocast
def carafe_naive_forward(
    features: Tensor,
    masks: Tensor,
    output: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Set ``output`` to sums of the pixels around each, weighted by ``masks``.

    Args:
        features: floats (N, C, H, W).
        masks: floats (N, group_size * kernel_size ** 2, s * H, s * W).
        output: floats (N, C, s * H, s * W).
        kernel_size: odd side of the window, in pixels of the features.
        group_size: groups of channels, each with weights of its own.
        scale_factor: s.
    """
    features, masks = wide(features, masks)
    windows = _windows(features, kernel_size, group_size)
    weights = _by_pixel(masks, group_size, scale_factor)
    summed = torch.einsum('ngckhw,ngkhawb->ngchawb', windows, weights)
    output.copy_(summed.reshape(output.shape))


@without_autocast
def carafe_naive_backward(
    grad_output: Tensor,
    features: Tensor,
    masks: Tensor,
    grad_input: Tensor,
    grad_masks: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Add to the gradients of features and masks."""
    grad, features, masks = wide(grad_output, features, masks)
    grad = _by_pixel(grad, group_size, scale_factor)
    windows = _windows(features, kernel_size, group_size)
    of_weights = torch.einsum('ngchawb,ngckhw->ngkhawb', grad, windows)
    grad_masks.add_(of_weights.reshape(masks.shape))
    weights = _by_pixel(masks, group_size, scale_factor)
    of_windows = torch.einsum('ngchawb,ngkhawb->ngckhw', grad, weights)
    columns = of_windows.reshape(len(features), -1, features.shape[2] * features.shape[3])
    padding = kernel_size // 2
    grad_input.add_(functional.fold(columns, features.shape[2:], kernel_size, padding=padding))


def carafe_forward(
    features: Tensor,
    masks: Tensor,
    rfeatures: Tensor,
    routput: Tensor,
    rmasks: Tensor,
    output: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Do what :func:`carafe_naive_forward` does, and set ``rfeatures`` to the features.

    ``routput`` and ``rmasks`` are unused.
    """
    rfeatures.copy_(features)  # all that the backward pass is given of them
    carafe_naive_forward(features, masks, output, kernel_size, group_size, scale_factor)


def carafe_backward(
    grad_output: Tensor,
    rfeatures: Tensor,
    masks: Tensor,
    rgrad_output: Tensor,
    rgrad_input_hs: Tensor,
    rgrad_input: Tensor,
    rgrad_masks: Tensor,
    grad_input: Tensor,
    grad_masks: Tensor,
    kernel_size: int,
    group_size: int,
    scale_factor: int,
) -> None:
    """Do what :func:`carafe_naive_backward` does; the tensors ``rgrad_*`` are unused."""
    carafe_naive_backward(
        grad_output,
        rfeatures,
        masks,
        grad_input,
        grad_masks,
        kernel_size,
        group_size,
        scale_factor,
    )


def _windows(features: Tensor, kernel_size: int, groups: int) -> Tensor:
    """Return the pixels around each: (N, groups, C / groups, kernel_size ** 2, H, W)."""
    columns = functional.unfold(features, kernel_size, padding=kernel_size // 2)
    shape = (len(features), groups, features.shape[1] // groups, -1, *features.shape[2:])
    return columns.view(shape)


def _by_pixel(fine: Tensor, groups: int, scale: int) -> Tensor:
    """Return (N, groups * K, s * H, s * W) as (N, groups, K, H, s, W, s)."""
    number, _, height, width = fine.shape
    return fine.reshape(number, groups, -1, height // scale, scale, width // scale, scale)


# --- Masked convolution ---------------------------------------------------------------------------


@without_autocast
def masked_im2col_forward(
    features: Tensor,
    mask_h_idx: Tensor,
    mask_w_idx: Tensor,
    data_col: Tensor,
    kernel_h: int,
    kernel_w: int,
    pad_h: int,
    pad_w: int,
) -> None:
    """Set ``data_col`` (C * kernel_h * kernel_w, M) to the windows at M places.

    Args:
        features: floats (1, C, H, W).
        mask_h_idx: int64 (M,), rows of the windows among all.
        mask_w_idx: int64 (M,), columns.
    """
    padded = functional.pad(features.detach(), (pad_w, pad_w, pad_h, pad_h))[0]
    rows = mask_h_idx + torch.arange(kernel_h, device=padded.device)[:, None]
    columns = mask_w_idx + torch.arange(kernel_w, device=padded.device)[:, None]
    data_col.copy_(padded[:, rows[:, None], columns].reshape(data_col.shape))


@without_autocast
def masked_col2im_forward(
    columns: Tensor,
    mask_h_idx: Tensor,
    mask_w_idx: Tensor,
    output: Tensor,
    height: int,
    width: int,
    channels: int,
) -> None:
    """Set ``output`` (1, C, H, W) at M places to ``columns`` (C, M)."""
    output[0, :, mask_h_idx, mask_w_idx] = columns.detach().to(output)


# --- Point-wise spatial attention (PSA) -----------------------------------------------------------


def psamask_forward(
    mask: Tensor,
    output: Tensor,
    psa_type: int,
    num_: int,
    h_feature: int,
    w_feature: int,
    h_mask: int,
    w_mask: int,
    half_h_mask: int,
    half_w_mask: int,
) -> None:
    """Lay out the attention of each pixel to those around it over the whole image.

    Args:
        mask: floats (N, h_mask * w_mask, H, W), attention by relative place.
        output: floats (N, H * W, H, W), set; by absolute place, 0 beyond the mask.
        psa_type: 0 (collect) has the place first, 1 (distribute) the pixel.
    """
    places, inside = _relative_places(
        (h_feature, w_feature), (h_mask, w_mask), (half_h_mask, half_w_mask), mask.device
    )
    pixels = mask.detach().flatten(2)
    laid_out = pixels.gather(1, places.expand(len(pixels), -1, -1)).masked_fill(~inside, 0)
    output.copy_((laid_out if psa_type == 0 else laid_out.mT).reshape(output.shape))


def psamask_backward(
    grad_output: Tensor,
    grad_input: Tensor,
    psa_type: int,
    num_: int,
    h_feature: int,
    w_feature: int,
    h_mask: int,
    w_mask: int,
    half_h_mask: int,
    half_w_mask: int,
) -> None:
    """Add the gradient of :func:`psamask_forward` to ``grad_input``."""
    places, inside = _relative_places(
        (h_feature, w_feature), (h_mask, w_mask), (half_h_mask, half_w_mask), grad_input.device
    )
    grad = grad_output.detach().flatten(2)
    grad = (grad if psa_type == 0 else grad.mT).masked_fill(~inside, 0)
    pixels = torch.zeros_like(grad_input).flatten(2)
    pixels.scatter_add_(1, places.expand(len(grad), -1, -1), grad)
    grad_input.add_(pixels.view(grad_input.shape))


def _relative_places(
    size: tuple[int, int], mask: tuple[int, int], half: tuple[int, int], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the index in the mask of each place for each pixel, and whether the mask has it.

    Both are (places, pixels), each H * W.
    """
    rows, columns = (
        torch.arange(count, device=device)[:, None] - torch.arange(count, device=device) + middle
        for count, middle in zip(size, half, strict=True)
    )
    rows, columns = rows[:, None, :, None], columns[None, :, None]
    inside = (rows >= 0) & (rows < mask[0]) & (columns >= 0) & (columns < mask[1])
    places = torch.where(inside, rows * mask[1] + columns, 0)
    return places.flatten(2).flatten(0, 1), inside.flatten(2).flatten(0, 1)
