"""Plain versions of mmcv's operators, written after its C++ and CUDA sources, and how to swap them.

Functions have the names and arguments of ``mmcv.ops``, work on the CPU in the dtype they are
given, and are differentiable where mmcv's are.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import mmcv.ops
import numpy as np
import torch
from torch import Tensor

from seginpaint_mm.interop import mmcv_ops

OURS = mmcv_ops.Operators('ours')
IS_COMPILED = mmcv_ops.in_use() == 'compiled'
NOT_COMPILED = 'mmcv has no compiled operators here (OPS=compiled make setup)'


@contextmanager
def ours() -> Iterator[None]:
    """Let ``mmcv.ops`` call our operators, also where it has compiled ones."""
    modules = [
        module
        for name, module in sys.modules.items()
        if name.startswith('mmcv.ops.') and hasattr(module, 'ext_module')
    ]
    patches = [mock.patch.object(module, 'ext_module', OURS) for module in modules]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def outcome(function: Callable, *args: object, **settings: object) -> list[Tensor]:
    """Call a function; return its result and the gradients by all arguments that require one.

    The gradients are those of a weighted sum of the result, the weights being different.
    """
    leaves = [arg for arg in args if isinstance(arg, Tensor) and arg.requires_grad]
    result = function(*args, **settings)
    if not leaves or not result.numel():
        return [result.detach()]
    weights = torch.linspace(-1, 1.5, result.numel(), dtype=result.dtype).view(result.shape)
    total = (result * weights).sum() + sum(0 * leaf.sum() for leaf in leaves)
    gradients = torch.autograd.grad(total, leaves)
    return [result.detach(), *gradients]


def our_outcome(name: str, *args: object, **settings: object) -> list[Tensor]:
    """Return the outcome of the function of this name in ``mmcv.ops`` on our operators."""
    with ours():
        return outcome(getattr(mmcv.ops, name), *args, **settings)


def assert_alike(one: list[Tensor], other: list[Tensor], tolerance: float = 1e-5) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


# --- Boxes ----------------------------------------------------------------------------------------


def plain_iou(boxes: np.ndarray, one: int, offset: int = 0) -> np.ndarray:
    """Return the IoU of one box with each, rounded as the compiled operators round."""
    offset = boxes.dtype.type(offset)
    areas = (boxes[:, 2] - boxes[:, 0] + offset) * (boxes[:, 3] - boxes[:, 1] + offset)
    low = np.maximum(boxes[one, :2], boxes[:, :2])
    high = np.minimum(boxes[one, 2:], boxes[:, 2:])
    width, height = np.maximum(high - low + offset, 0).T
    common = width * height
    with np.errstate(invalid='ignore', divide='ignore'):
        return common / (areas[one] + areas - common)


def nms_match(dets: np.ndarray, threshold: float, offset: int = 0, inclusive: bool = True) -> list:
    """Group boxes (N, 5) by the loop over all pairs."""
    left = list(np.argsort(-dets[:, 4], kind='stable'))
    threshold, groups = dets.dtype.type(threshold), []
    while left:
        iou = plain_iou(dets[:, :4], left[0], offset)
        suppresses = iou >= threshold if inclusive else iou > threshold
        groups.append([left[0], *(box for box in left[1:] if suppresses[box])])
        left = [box for box in left[1:] if not suppresses[box]]
    return groups


def soft_nms(
    boxes: np.ndarray,
    scores: np.ndarray,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    offset: int,
) -> tuple[np.ndarray, list[int]]:
    """Lower scores one box at a time; return boxes with scores, and their indices."""
    boxes, scores, indices = boxes.copy(), scores.copy(), list(range(len(boxes)))
    count, index = len(boxes), 0

    def move(source: int, target: int) -> None:
        boxes[target], scores[target], indices[target] = (
            boxes[source],
            scores[source],
            indices[source],
        )

    while index < count:
        best = index + int(scores[index:count].argmax())
        boxes[[index, best]], scores[[index, best]] = boxes[[best, index]], scores[[best, index]]
        indices[index], indices[best] = indices[best], indices[index]
        position = index + 1
        while position < count:
            iou = plain_iou(boxes[[index, position]], 0, offset)[1]
            if method == 'gaussian':
                scores[position] *= np.exp(-(iou * iou) / np.float32(sigma))
            elif iou >= np.float32(iou_threshold):
                scores[position] *= 0 if method == 'naive' else 1 - iou
            if scores[position] < np.float32(min_score):
                move(count - 1, position)
                count -= 1
            else:
                position += 1
        index += 1
    return np.column_stack((boxes, scores))[:count], indices[:count]


# --- Features -------------------------------------------------------------------------------------


def interpolate(plane: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Sample (C, H, W) at one position, 0 outside; differentiable by the position where inside."""
    height, width = plane.shape[1:]
    if y <= -1 or x <= -1 or y >= height or x >= width:
        return plane.new_zeros(len(plane))
    low_y, low_x, value = int(torch.floor(y)), int(torch.floor(x)), 0
    for row, row_weight in ((low_y, low_y + 1 - y), (low_y + 1, y - low_y)):
        for column, column_weight in ((low_x, low_x + 1 - x), (low_x + 1, x - low_x)):
            if 0 <= row < height and 0 <= column < width:
                value = value + row_weight * column_weight * plane[:, row, column]
    return value


def roi_align(
    features: Tensor,
    rois: Tensor,
    output_size: tuple[int, int],
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: str,
    aligned: bool,
) -> Tensor:
    """Pool RoIs (R, 5) by the loop over RoIs, bins and samples."""
    height, width = features.shape[2:]
    pooled = []
    for roi in rois:
        x1, y1, x2, y2 = roi[1:] * spatial_scale - (0.5 if aligned else 0)
        extents = torch.stack((y2 - y1, x2 - x1))
        if not aligned:
            extents = extents.clamp(min=1)
        bins = extents / torch.tensor(output_size)
        grid = [sampling_ratio or max(0, int(size.ceil())) for size in bins]
        for row in range(output_size[0]):
            for column in range(output_size[1]):
                samples = []
                for i in range(grid[0]):
                    for j in range(grid[1]):
                        y = y1 + row * bins[0] + (i + 0.5) * bins[0] / grid[0]
                        x = x1 + column * bins[1] + (j + 0.5) * bins[1] / grid[1]
                        if y < -1 or y > height or x < -1 or x > width:
                            samples.append(features.new_zeros(features.shape[1]))
                        else:
                            y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
                            samples.append(interpolate(features[int(roi[0])], y, x))
                if not samples:
                    value = features.new_full((features.shape[1],), (-10000, 0)[pool_mode == 'avg'])
                elif pool_mode == 'avg':
                    value = torch.stack(samples).sum(dim=0) / len(samples)
                else:
                    value = torch.stack(samples).max(dim=0).values
                pooled.append(value)
    shape = (len(rois), *output_size, features.shape[1])
    values = torch.stack(pooled) if pooled else features.new_zeros(0)
    return values.view(shape).movedim(-1, 1)


def roi_pool(
    features: Tensor, rois: Tensor, output_size: tuple[int, int], spatial_scale: float
) -> Tensor:
    """Take the maximum over the pixels of each bin by the loop over RoIs and bins."""
    pooled = []
    for roi in rois:
        spans = []
        for low, high, bins, pixels in (
            (roi[2], roi[4], output_size[0], features.shape[2]),
            (roi[1], roi[3], output_size[1], features.shape[3]),
        ):
            low, high = low * spatial_scale, (high + 1) * spatial_scale
            size = (high - low) / bins
            spans.append(
                [
                    (
                        min(max(int(torch.floor(i * size + low)), 0), pixels),
                        min(max(int(torch.ceil((i + 1) * size + low)), 0), pixels),
                    )
                    for i in range(bins)
                ]
                if high > low
                else [(0, 0)] * bins
            )
        for top, bottom in spans[0]:
            for left, right in spans[1]:
                part = features[int(roi[0]), :, top:bottom, left:right].flatten(1)
                empty = features.new_zeros(features.shape[1])
                pooled.append(part.max(dim=1).values if part.numel() else empty)
    shape = (len(rois), *output_size, features.shape[1])
    values = torch.stack(pooled) if pooled else features.new_zeros(0)
    return values.view(shape).movedim(-1, 1)


def modulated_deform_conv2d(
    features: Tensor,
    offset: Tensor,
    mask: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
    deform_groups: int,
) -> Tensor:
    """Convolve at moved positions by the loop over pixels and taps."""
    kernel, outputs = weight.shape[2:], offset.shape[2:]
    taps = kernel[0] * kernel[1]
    offset = offset.unflatten(1, (deform_groups, taps, 2))
    mask = mask.unflatten(1, (deform_groups, taps))
    images = []
    for image, moves, factors in zip(features, offset, mask, strict=True):
        columns = []
        for h in range(outputs[0]):
            for w in range(outputs[1]):
                column = []
                for group, part in enumerate(image.chunk(deform_groups)):
                    for tap in range(taps):
                        i, j = divmod(tap, kernel[1])
                        y = (
                            h * stride[0]
                            - padding[0]
                            + i * dilation[0]
                            + moves[group, tap, 0, h, w]
                        )
                        x = (
                            w * stride[1]
                            - padding[1]
                            + j * dilation[1]
                            + moves[group, tap, 1, h, w]
                        )
                        column.append(interpolate(part, y, x) * factors[group, tap, h, w])
                values = torch.stack(column).unflatten(0, (deform_groups, taps)).movedim(1, 2)
                columns.append(values.flatten(0, 1))  # (C, taps)
        parts = torch.stack(columns, dim=-1).chunk(groups)
        convolved = [
            kernels.flatten(1) @ part.flatten(0, 1)
            for kernels, part in zip(weight.chunk(groups), parts, strict=True)
        ]
        images.append(torch.cat(convolved).unflatten(1, outputs))
    result = torch.stack(images)
    return result if bias is None else result + bias[:, None, None]


def deform_conv2d(features: Tensor, offset: Tensor, weight: Tensor, *geometry: object) -> Tensor:
    """Convolve at moved positions; ``geometry`` is as in :func:`modulated_deform_conv2d`."""
    mask = offset.new_ones(len(offset), offset.shape[1] // 2, *offset.shape[2:])
    return modulated_deform_conv2d(features, offset, mask, weight, None, *geometry)


def sigmoid_focal_loss(
    logits: Tensor,
    target: Tensor,
    gamma: float,
    alpha: float,
    weight: Tensor | None,
    reduction: str,
) -> Tensor:
    """Compute the focal loss from its definition, by autograd."""
    positive = torch.nn.functional.one_hot(target, logits.shape[1] + 1)[:, :-1].bool()
    p = logits.sigmoid()
    correct = torch.where(positive, p, 1 - p)
    factor = torch.where(positive, alpha, 1 - alpha)
    loss = -factor * (1 - correct) ** gamma * correct.log()
    if weight is not None:
        loss = loss * torch.cat((weight, weight.new_ones(1)))[target, None]
    return _reduced(loss, reduction, len(logits))


def softmax_focal_loss(
    logits: Tensor,
    target: Tensor,
    gamma: float,
    alpha: float,
    weight: Tensor | None,
    reduction: str,
) -> Tensor:
    """Compute the focal loss of softmax probabilities from its definition; -1 is ignored."""
    p = logits.softmax(dim=1).gather(1, target.clamp(min=0)[:, None])[:, 0]
    loss = -alpha * (1 - p) ** gamma * p.log()
    if weight is not None:
        loss = loss * weight[target.clamp(min=0)]
    return _reduced(torch.where(target >= 0, loss, 0), reduction, len(logits))


def _reduced(loss: Tensor, reduction: str, rows: int) -> Tensor:
    return {'none': loss, 'mean': loss.sum() / max(rows, 1), 'sum': loss.sum()}[reduction]


def ms_deform_attn(
    value: Tensor, shapes: Tensor, starts: Tensor, locations: Tensor, weights: Tensor
) -> Tensor:
    """Sum weighted samples by the loop over queries, heads, levels and points."""
    batch, queries, heads, _, points = weights.shape
    rows = []
    for n in range(batch):
        for q in range(queries):
            for head in range(heads):
                total = value.new_zeros(value.shape[-1])
                for level, (height, width) in enumerate(shapes.tolist()):
                    start = int(starts[level])
                    plane = value[n, start : start + height * width, head].T
                    plane = plane.unflatten(1, (height, width))
                    for point in range(points):
                        x, y = locations[n, q, head, level, point]
                        sample = interpolate(plane, y * height - 0.5, x * width - 0.5)
                        total = total + weights[n, q, head, level, point] * sample
                rows.append(total)
    return torch.stack(rows).view(batch, queries, -1)


def carafe(
    features: Tensor, masks: Tensor, kernel_size: int, group_size: int, scale_factor: int
) -> Tensor:
    """Sum weighted pixels by the loop over the pixels of the result."""
    half, channels = kernel_size // 2, features.shape[1] // group_size
    padded = torch.nn.functional.pad(features, [half] * 4)
    rows = []
    for i in range(masks.shape[2]):
        for j in range(masks.shape[3]):
            y, x = i // scale_factor, j // scale_factor
            window = padded[:, :, y : y + kernel_size, x : x + kernel_size].flatten(2)
            weights = masks[:, :, i, j].unflatten(1, (group_size, -1))
            rows.append((window * weights.repeat_interleave(channels, dim=1)).sum(dim=-1))
    return torch.stack(rows, dim=-1).unflatten(-1, masks.shape[2:])


def psa_mask(mask: Tensor, psa_type: int, mask_size: tuple[int, int]) -> Tensor:
    """Lay out attention by the loop over pixels and places."""
    number, _, height, width = mask.shape
    middle = [(size - 1) // 2 for size in mask_size]
    planes = []
    for y in range(height):
        for x in range(width):
            plane = mask.new_zeros(number, height, width)
            for i in range(height):
                for j in range(width):
                    row, column = i - y + middle[0], j - x + middle[1]
                    if 0 <= row < mask_size[0] and 0 <= column < mask_size[1]:
                        plane[:, i, j] = mask[:, row * mask_size[1] + column, y, x]
            planes.append(plane.flatten(1))
    pixel_first = torch.stack(planes, dim=1)
    result = pixel_first.mT if psa_type == 0 else pixel_first
    return result.unflatten(-1, (height, width))
