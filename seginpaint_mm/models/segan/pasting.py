"""Masks in boxes put back into the image."""

import torch
import torch.nn.functional as F
from torch import Tensor


def paste_masks(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize masks to their boxes, bilinearly, and put them into empty images; differentiable.

    Args:
        masks: float N,h,w.
        boxes: float N,4, (x1, y1, x2, y2) in pixels, x2 and y2 exclusive.
        size: (height, width) of the images.

    Returns:
        Tensor: float N,height,width, 0 outside the boxes.
    """
    height, width = size
    if not len(masks):
        return masks.new_zeros((0, height, width))
    left, top, right, bottom = boxes.to(masks.dtype).unbind(dim=1)
    across, down, zero = right - left, bottom - top, torch.zeros_like(left)
    # from [-1, 1] across the image to [-1, 1] across the box
    to_box = [
        [width / across, zero, (width - left - right) / across],
        [zero, height / down, (height - top - bottom) / down],
    ]
    to_box = torch.stack([torch.stack(row, dim=1) for row in to_box], dim=1)
    grid = F.affine_grid(to_box, [len(masks), 1, height, width], align_corners=False)
    inside = (grid.abs() <= 1).all(dim=-1)
    pasted = F.grid_sample(masks[:, None], grid, padding_mode='border', align_corners=False)
    return pasted[:, 0] * inside
