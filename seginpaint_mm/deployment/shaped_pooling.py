"""Adaptive pooling that follows the size of the map also in an exported graph."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ShapedAvgPool2d(nn.Module):
    """``nn.AdaptiveAvgPool2d`` as two matrix products, whose matrices are made from the map's size.

    In a graph for all sizes PyTorch's own is kept with the windows of the size it was recorded at,
    and is wrong at others, without an error.

    Args:
        output_size: Of the result, one number or (height, width).
    """

    def __init__(self, output_size: int | tuple[int, int]) -> None:
        super().__init__()
        self.rows, self.columns = nn.modules.utils._pair(output_size)

    def forward(self, maps: Tensor) -> Tensor:
        """N,C,H,W -> N,C,rows,columns."""
        if self.rows == self.columns == 1:
            return maps.mean(dim=(2, 3), keepdim=True)
        pooled = F.linear(maps, _windows(self.columns, maps.shape[3], maps))
        pooled = pooled.transpose(2, 3)
        return F.linear(pooled, _windows(self.rows, maps.shape[2], maps)).transpose(2, 3)


def shape_pooling(module: nn.Module) -> None:
    """Put :class:`ShapedAvgPool2d` in the place of each ``nn.AdaptiveAvgPool2d``."""
    for name, child in module.named_children():
        if isinstance(child, nn.AdaptiveAvgPool2d):
            setattr(module, name, ShapedAvgPool2d(child.output_size))
        else:
            shape_pooling(child)


def _windows(number: int, length: int, like: Tensor) -> Tensor:
    """Weights (number, length): each row the mean over its window."""
    place = torch.arange(length, device=like.device)
    window = torch.arange(number, device=like.device)[:, None]
    first, stop = window * length // number, ((window + 1) * length + number - 1) // number
    inside = ((place >= first) & (place < stop)).to(like.dtype)
    return inside / inside.sum(dim=1, keepdim=True)
