"""Pool features of regions of interest (RoIs) as ``mmcv._ext`` does.

RoIs are (image, x1, y1, x2, y2) in pixels of the image; ``spatial_scale`` takes them to the
features.
"""

from collections.abc import Iterator

import torch
import torchvision  # noqa: F401  registers torch.ops.torchvision
from torch import Tensor

from seginpaint_mm.interop.mmcv_kernels.windows import wide, without_autocast

LOWEST_MAXIMUM = -10000.0  # what maximum pooling of RoIAlign starts from
SAMPLES_AT_ONCE = 2**24  # values that pooling by maximum gathers in one go


@without_autocast
def roi_align_forward(
    features: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Pool bilinear samples of each bin of each RoI.

    Args:
        features: floats (N, C, H, W), in any memory layout.
        rois: floats (R, 5).
        output: floats (R, C, aligned_height, aligned_width), set.
        argmax_y: like ``output``, set to the place of the maximum in pool mode 0, else unused.
        argmax_x: likewise.
        sampling_ratio: samples along a side of a bin; 0 takes as many as a bin has pixels.
        pool_mode: 0 for the maximum, 1 for the mean.
        aligned: whether pixel centres are at half coordinates.
    """
    features, rois = wide(features, rois)
    size = (aligned_height, aligned_width)
    if pool_mode == 1:
        pooled = torch.ops.torchvision.roi_align(
            features, rois, spatial_scale, *size, sampling_ratio, aligned
        )
        output.copy_(pooled)
        return
    grids = _grids(rois, features.shape[1], size, spatial_scale, sampling_ratio, aligned)
    for chosen, y, x in grids:
        if not y.numel():
            output[chosen], argmax_y[chosen], argmax_x[chosen] = LOWEST_MAXIMUM, -1, -1
            continue
        samples = _interpolate(features, rois[chosen, 0].long(), y, x)  # (R, C, h, w, samples)
        values, places = samples.max(dim=-1)
        above = values > LOWEST_MAXIMUM
        output[chosen] = values.clamp(min=LOWEST_MAXIMUM).to(output)
        for argmax, position in ((argmax_y, y), (argmax_x, x)):
            of_maximum = position[:, None].expand_as(samples).gather(-1, places[..., None])[..., 0]
            argmax[chosen] = torch.where(above, of_maximum, -1).to(argmax)


@without_autocast
def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Add the gradient of :func:`roi_align_forward` to ``grad_input`` (N, C, H, W)."""
    grad, rois = wide(grad_output, rois)
    size = (aligned_height, aligned_width)
    if pool_mode == 0:
        grad = torch.where(argmax_y == -1, 0, grad)
        parts = [(slice(None), argmax_y.to(grad), argmax_x.to(grad), grad)]
    elif _must_be_deterministic(grad):
        grids = _grids(rois, grad.shape[1], size, spatial_scale, sampling_ratio, aligned)
        parts = (
            (chosen, y[:, None], x[:, None], grad[chosen][..., None] / y.shape[-1])
            for chosen, y, x in grids
            if y.numel()
        )
    else:
        gradient = torch.ops.torchvision._roi_align_backward(
            grad, rois, spatial_scale, *size, *grad_input.shape, sampling_ratio, aligned
        )
        grad_input.add_(gradient)
        return
    number, channels, height, width = grad_input.shape
    planes = rois[:, :1].long() * channels + torch.arange(channels, device=rois.device)
    total = grad.new_zeros(number * channels * height * width)
    for chosen, y, x, of_samples in parts:
        first = planes[chosen].view(*planes[chosen].shape, *[1] * (y.dim() - 2))
        for row, column, weight in _corners(y, x, height, width):
            places = (first * height + row) * width + column
            total.index_add_(0, places.flatten(), (weight * of_samples).flatten())
    grad_input.add_(total.view(grad_input.shape))


def _must_be_deterministic(tensor: Tensor) -> bool:
    """Return whether torchvision's GPU kernel, which adds in any order, would refuse."""
    return tensor.is_cuda and torch.are_deterministic_algorithms_enabled()


def _grids(
    rois: Tensor,
    channels: int,
    size: tuple[int, int],
    spatial_scale: float,
    sampling_ratio: int,
    aligned: bool,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield RoIs whose bins have equally many samples: indices (R,), y and x (R, h, w, samples)."""
    corners = rois[:, 1:] * spatial_scale - (0.5 if aligned else 0.0)
    starts, extents = corners[:, :2], corners[:, 2:] - corners[:, :2]  # x, y
    if not aligned:
        extents = extents.clamp(min=1)
    bins = extents / torch.tensor(size[::-1], device=rois.device)
    if sampling_ratio > 0:
        grids = torch.full_like(bins, sampling_ratio, dtype=torch.long)
    else:
        grids = bins.ceil().long().clamp(min=0)
    for grid in grids.unique(dim=0):
        same = (grids == grid).all(dim=1).nonzero()[:, 0]
        columns, rows = grid.tolist()
        per_roi = max(1, channels * size[0] * size[1] * rows * columns)
        for chosen in same.split(max(1, SAMPLES_AT_ONCE // per_roi)):
            y, x = (
                _along(starts[chosen, axis], bins[chosen, axis], size[1 - axis], samples)
                for axis, samples in ((1, rows), (0, columns))
            )
            y, x = torch.broadcast_tensors(y[:, :, None, :, None], x[:, None, :, None, :])
            yield chosen, y.flatten(3), x.flatten(3)


def _along(start: Tensor, step: Tensor, bins: int, samples: int) -> Tensor:
    """Return coordinates (R, bins, samples) along one axis, rounded as the compiled operator's."""
    start, step = start[:, None, None], step[:, None, None]
    numbers = torch.arange(bins, device=start.device)[:, None]
    within = torch.arange(samples, device=start.device) + 0.5
    return start + numbers * step + within * step / samples


def _corners(
    y: Tensor, x: Tensor, height: int, width: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield the four pixels around each position: row, column and bilinear weight.

    A position more than one pixel outside has weights 0; one up to a pixel outside is moved in.
    """
    outside = (y < -1) | (y > height) | (x < -1) | (x > width)
    y, x = (torch.where(outside, 0, position).clamp(min=0) for position in (y, x))
    sides = []
    for position, size in ((y, height), (x, width)):
        low = position.long().clamp(max=size - 1)
        share = torch.where(low == size - 1, 0, position - low)
        sides.append(((low, 1 - share), ((low + 1).clamp(max=size - 1), share)))
    for row, row_weight in sides[0]:
        for column, column_weight in sides[1]:
            yield row, column, torch.where(outside, 0, row_weight * column_weight)


def _interpolate(features: Tensor, images: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Sample (N, C, H, W) features at positions (R, h, w, S) of R images: (R, C, h, w, S)."""
    values = 0
    for row, column, weight in _corners(y, x, *features.shape[2:]):
        corner = features[images[:, None, None, None], :, row, column]  # (R, h, w, S, C)
        values = values + corner * weight[..., None]
    return values.movedim(-1, 1)


@without_autocast
def roi_pool_forward(
    features: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Take the maximum over the pixels of each bin of each RoI.

    Args:
        features: floats (N, C, H, W).
        rois: floats (R, 5).
        output: floats (R, C, pooled_height, pooled_width), set; 0 where a bin has no pixel.
        argmax: int32 like ``output``, set to the pixel's index in its plane, -1 where none is.
    """
    features, rois = wide(features, rois)
    height, width = features.shape[2:]
    corners = torch.cat((rois[:, 1:3], rois[:, 3:] + 1), dim=1) * spatial_scale
    sides = [
        _bin_pixels(corners[:, axis], corners[:, axis + 2], bins, pixels)
        for axis, bins, pixels in ((1, pooled_height, height), (0, pooled_width, width))
    ]
    per_roi = features.shape[1] * sides[0][0].shape[1:].numel() * sides[1][0].shape[1:].numel()
    every = torch.arange(len(rois), device=rois.device)
    for chosen in every.split(max(1, SAMPLES_AT_ONCE // max(1, per_roi))):
        (rows, row_inside), (columns, column_inside) = (
            [part[chosen] for part in side] for side in sides
        )
        rows, row_inside = rows[:, :, None, :, None], row_inside[:, :, None, :, None]
        columns, column_inside = columns[:, None, :, None], column_inside[:, None, :, None]
        inside = (row_inside & column_inside).flatten(3)  # (R, h, w, pixels)
        images = rois[chosen, 0].long()[:, None, None, None, None]
        samples = features[images, :, rows, columns].movedim(-1, 1).flatten(4)
        places = (rows * width + columns).flatten(3)
        values, best = samples.masked_fill(~inside[:, None], -torch.inf).max(dim=-1)
        found = inside.any(dim=-1)[:, None]
        output[chosen] = torch.where(found, values, 0).to(output)
        best = places[:, None].expand_as(samples).gather(-1, best[..., None])[..., 0]
        argmax[chosen] = torch.where(found, best, -1).to(argmax)


@without_autocast
def roi_pool_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax: Tensor,
    grad_input: Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """Add the gradient of :func:`roi_pool_forward` to ``grad_input`` (N, C, H, W)."""
    grad, rois = wide(grad_output, rois)
    number, channels, height, width = grad_input.shape
    planes = rois[:, :1].long() * channels + torch.arange(channels, device=rois.device)
    places = planes[..., None, None] * (height * width) + argmax
    total = grad.new_zeros(number * channels * height * width)
    found = argmax >= 0
    total.index_add_(0, places[found], grad[found])
    grad_input.add_(total.view(grad_input.shape))


def _bin_pixels(low: Tensor, high: Tensor, bins: int, pixels: int) -> tuple[Tensor, Tensor]:
    """Return the pixels of each bin along one axis, (R, bins, P), and which of them are in it."""
    size = ((high - low) / bins)[:, None]
    numbers = torch.arange(bins, device=low.device)
    first = (numbers * size + low[:, None]).floor().long().clamp(0, pixels)
    last = ((numbers + 1) * size + low[:, None]).ceil().long().clamp(0, pixels)
    last = torch.where(size > 0, last, first)  # a RoI without an extent has no pixels
    most = int((last - first).max().clamp(min=1)) if len(low) else 1
    places = first[..., None] + torch.arange(most, device=low.device)
    return places.clamp(max=pixels - 1), places < last[..., None]
