"""Read and write single pixels of feature maps, all channels of them, in either memory format."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor


def dense_copy(maps: Tensor) -> Tensor:
    """Copy (N, C, H, W) maps of any strides: channels-last ones stay so, others become plain."""
    return maps.clone(memory_format=memory_format(maps))


def memory_format(maps: Tensor) -> torch.memory_format:
    """Return ``channels_last`` for (N, C, H, W) maps that are laid out so, else the plain one."""
    if maps.is_contiguous(memory_format=torch.channels_last):
        return torch.channels_last
    return torch.contiguous_format


def take_rows(maps: Tensor, pixels: Tensor) -> Tensor:
    """Copy pixels of (N, C, H, W) maps into rows (pixels, C).

    Args:
        maps: tensor (N, C, H, W) of any strides.
        pixels: int64 tensor of ascending numbers ``(n * H + y) * W + x``.
    """
    if maps.is_contiguous(memory_format=torch.channels_last):
        return _channels_last_rows(maps).index_select(0, pixels)
    rows = maps.new_empty(len(pixels), maps.shape[1])
    for planes, part, places in _samples(maps.contiguous(), pixels):
        rows[part] = planes.index_select(1, places).t()
    return rows


def put_rows(maps: Tensor, pixels: Tensor, rows: Tensor) -> None:
    """Copy rows (pixels, C) over pixels of a :func:`dense_copy`; see :func:`take_rows`."""
    if maps.is_contiguous(memory_format=torch.channels_last):
        _channels_last_rows(maps).index_copy_(0, pixels, rows)
        return
    for planes, part, places in _samples(maps, pixels):
        planes.scatter_(1, places.expand(len(planes), -1), rows[part].t().contiguous())


def _channels_last_rows(maps: Tensor) -> Tensor:
    return maps.permute(0, 2, 3, 1).view(-1, maps.shape[1])


def _samples(maps: Tensor, pixels: Tensor) -> Iterator[tuple[Tensor, slice, Tensor]]:
    """Yield each sample's planes (C, H * W), its part of the pixels and their places in a plane."""
    size = maps.shape[2] * maps.shape[3]
    bounds = torch.searchsorted(pixels, torch.arange(len(maps) + 1) * size).tolist()
    for number, (start, stop) in enumerate(pairwise(bounds)):
        if start < stop:
            planes = maps[number].view(maps.shape[1], size)
            yield planes, slice(start, stop), pixels[start:stop] - number * size
