"""Boxes of masks, crops of boxes and masks pasted back; random rectangles."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from seginpaint_mm.geometry.masks import CroppedMasks, CroppedMaskTensor


def tight_boxes(masks: Tensor | CroppedMaskTensor, *, whole_if_empty: bool = False) -> Tensor:
    """Boxes of masks.

    Args:
        masks: bool (n, H, W), or :class:`CroppedMasks`, which know them.
        whole_if_empty: Let the box of an empty mask be the whole image, as SeGAN's published code
            does where a network predicted nothing of an object.

    Returns:
        float32 (n, 4), (x1, y1, x2, y2) in pixels; x2 and y2 are exclusive.

    Raises:
        ValueError: when a mask is empty, unless ``whole_if_empty``.

    Example:
        >>> masks = torch.zeros(1, 4, 6, dtype=torch.bool)
        >>> masks[0, 1:3, 2:5] = True
        >>> tight_boxes(masks)
        tensor([[2., 1., 5., 3.]])
    """
    if isinstance(masks, CroppedMasks):
        return _known_boxes(masks, whole_if_empty)
    if whole_if_empty:
        masks = masks | ~masks.flatten(1).any(dim=1)[:, None, None]
    _check_not_empty((~masks.flatten(1).any(dim=1)).nonzero().flatten().tolist())
    sides = []
    for axis in (1, 2):  # over rows: columns, and the other way round
        seen = masks.any(dim=axis)
        first = seen.int().argmax(dim=1)
        last = seen.shape[1] - seen.flip(1).int().argmax(dim=1)
        sides.append((first, last))
    (left, right), (top, bottom) = sides
    return torch.stack([left, top, right, bottom], dim=1).float()


def _known_boxes(masks: CroppedMasks, whole_if_empty: bool) -> Tensor:
    boxes = torch.tensor(masks.boxes, dtype=torch.float32).reshape(-1, 4)
    empty = boxes[:, 2] == 0
    if whole_if_empty:
        boxes[empty] = boxes.new_tensor([0, 0, *masks.size[::-1]])
    else:
        _check_not_empty(empty.nonzero().flatten().tolist())
    return boxes


def _check_not_empty(empty: list[int]) -> None:
    if empty:
        raise ValueError(
            f'Mask {empty[0]} (counted from 0) has no pixel in the image, so that it has no box: '
            f'leave that object out.'
        )


def grow_boxes(boxes: Tensor, ratios: Tensor, size: tuple[int, int]) -> Tensor:
    """Grow boxes at each side by a share of their width or height, as far as the image goes.

    Args:
        boxes: float (n, 4), (x1, y1, x2, y2).
        ratios: float (n, 4) or (4,), for left, top, right and bottom; not negative.
        size: (height, width) of the image.

    Returns:
        float32 (n, 4) of whole numbers, rounded outwards and clipped to the image.

    Raises:
        ValueError: when a box has no area, or is outside the image.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    _check(boxes, (sides <= 0).any(dim=1), 'has no area')
    height, width = size
    limit = boxes.new_tensor([width, height])
    outside = (boxes[:, :2] >= limit) | (boxes[:, 2:] <= 0)
    _check(boxes, outside.any(dim=1), f'is outside the image of {width}x{height} pixels')
    growth = ratios * torch.cat([sides, sides], dim=1)
    start = (boxes[:, :2] - growth[:, :2]).floor().clamp(min=0)
    stop = torch.minimum((boxes[:, 2:] + growth[:, 2:]).ceil(), limit)
    return torch.cat([start, stop], dim=1).float()


def crop_masks(masks: Tensor | CroppedMaskTensor, boxes: Tensor, size: int) -> Tensor:
    """Masks in their boxes, brought to size x size: a pixel is set where the mask has any.

    This is the largest value in each cell (adaptive max pooling), as in SeGAN's published code:
    thin parts stay.

    Args:
        masks: bool (n, H, W), or :class:`CroppedMasks`.
        boxes: float (n, 4) of whole numbers, one a mask, inside the image, with an area.
        size: Side of the result in pixels.

    Returns:
        bool (n, size, size).

    Raises:
        ValueError: when there is not one box per mask.
    """
    if len(masks) != len(boxes):
        raise ValueError(
            f'There are {len(masks)} masks and {len(boxes)} boxes: give one box per mask, in the '
            f'same order.'
        )
    crops = torch.zeros((len(masks), size, size), dtype=torch.bool, device=masks.device)
    for number, (crop, box) in enumerate(zip(crops, boxes.int().tolist(), strict=True)):
        if isinstance(masks, CroppedMasks):
            inside = torch.from_numpy(masks.read(number, box))
        else:
            left, top, right, bottom = box
            inside = masks[number, top:bottom, left:right]
        crop[:] = F.adaptive_max_pool2d(inside[None].float(), size)[0] > 0
    return crops


def boxes_in_photo(boxes: Tensor, scale_factor: Sequence[float], size: tuple[int, int]) -> Tensor:
    """Scale boxes of a resized image back to the photo.

    Args:
        boxes: float (n, 4), (x1, y1, x2, y2) in the resized image.
        scale_factor: (across, down), size of the resized image by that of the photo.
        size: (height, width) of the photo.

    Returns:
        int64 (n, 4), inside the photo, of at least one pixel each.
    """
    scale = boxes.new_tensor([*scale_factor, *scale_factor])
    limit = boxes.new_tensor([size[1], size[0]]).long()
    rounded = (boxes / scale).round().long()
    start = torch.minimum(rounded[:, :2], limit - 1)
    stop = torch.minimum(torch.maximum(rounded[:, 2:], start + 1), limit)
    return torch.cat([start, stop], dim=1)


def paste_probabilities(
    probabilities: Tensor, boxes: Tensor, visible: Tensor | CroppedMaskTensor
) -> Tensor | CroppedMaskTensor:
    """Unite visible masks with probabilities, from 0.5 on, that are enlarged to their boxes.

    Args:
        probabilities: float (n, h, w) in [0, 1], on the CPU.
        boxes: int64 (n, 4), inside the image, one per object.
        visible: bool (n, H, W), or :class:`CroppedMaskTensor`.

    Returns:
        bool (n, H, W), the full masks, as ``visible`` are given.
    """
    found = (
        (box, _enlarged(shares, box))
        for box, shares in zip(boxes.tolist(), probabilities, strict=True)
    )
    if isinstance(visible, CroppedMasks):
        return visible.unite(CroppedMasks.of_crops(found, visible.size))
    full = visible.clone()
    for mask, ((left, top, right, bottom), inside) in zip(full, found, strict=True):
        mask[top:bottom, left:right] |= torch.from_numpy(inside)
    return full


def _enlarged(shares: Tensor, box: Sequence[int]) -> np.ndarray:
    """bool of the box's size."""
    size = (box[2] - box[0], box[3] - box[1])
    return cv2.resize(shares.float().numpy(), size, interpolation=cv2.INTER_LINEAR) >= 0.5


def _check(boxes: Tensor, wrong: Tensor, what: str) -> None:
    if wrong.any():
        index = int(wrong.nonzero()[0])
        raise ValueError(
            f'Box {index} (counted from 0), {boxes[index].tolist()} as (x1, y1, x2, y2), {what}: '
            f'give the box of what can be seen of the object.'
        )


def random_rectangles(
    num_samples: int,
    size: tuple[int, int],
    *,
    num: int = 3,
    min_ratio: float = 0.1,
    max_ratio: float = 0.4,
    device: torch.device | str = 'cpu',
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw ``num`` rectangles a sample, wholly inside the map.

    Height and width are independent and uniform in ``[min_ratio, max_ratio]`` of the map's
    (Sec. IV-A), at least one pixel; the place is uniform. Numbers come from a CPU
    generator, so that a seed gives the same rectangles on every device.

    Args:
        num_samples: N.
        size: (H, W) of the map.
        num: rectangles a sample.
        min_ratio: smallest side as a share of the map's side, in (0, 1].
        max_ratio: largest side as a share of the map's side, in (0, 1].
        device: where the result lives.
        generator: of torch's CPU; None is torch's own.

    Returns:
        N,1,H,W bool, True inside a rectangle (= foreground).
    """
    ratios = (min_ratio, max_ratio)
    inside_rows = _random_spans((num_samples, num), size[0], ratios, generator)
    inside_columns = _random_spans((num_samples, num), size[1], ratios, generator)
    rectangles = inside_rows[..., :, None] & inside_columns[..., None, :]
    return rectangles.any(dim=1, keepdim=True).to(device, non_blocking=True)


def _random_spans(
    shape: tuple[int, int],
    length: int,
    ratios: tuple[float, float],
    generator: torch.Generator | None,
) -> Tensor:
    """(*shape, length) bool: one random run of True a row."""
    smallest, largest = ratios
    ratio = smallest + (largest - smallest) * torch.rand(*shape, 1, generator=generator)
    extent = (ratio * length).round().clamp_(1, length)
    start = (torch.rand(*shape, 1, generator=generator) * (length - extent + 1)).floor()
    position = torch.arange(length)
    return (position >= start) & (position < start + extent)
