"""Fill the hidden pixels alone (CPU)."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
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


# Where a pixel's value comes from, as (down, right) steps; see max_pool_inpainting.
NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))


class _Step(NamedTuple):
    start: int
    stop: int
    sources: Tensor


class SparseFill:
    """Fill every sample of a batch; see :func:`max_pool_inpainting` for the method.

    Pixels are worked on as rows of channels: first one of zeros, then the background pixels beside
    the hole, then those of the hole in the order in which they can be filled. A pixel of the
    batch is numbered ``(n * H + y) * W + x``.

    Args:
        foreground: bool tensor (N, 1, H, W), 1 = to be filled, not yet grown.
        fill_ring: whether the ring by which the foreground is grown is filled as well.
        padding: bool tensor (N, 1, H, W), 1 = no part of the image, or None.
    """

    def __init__(self, foreground: Tensor, fill_ring: bool, padding: Tensor | None = None) -> None:
        foreground = foreground[:, 0].numpy()
        if padding is None:
            distance = np.stack([_distance(sample) for sample in foreground])
            in_image = True
        else:
            # Padding is passed through, like a hole, but is neither a source nor filled.
            in_image = ~padding[:, 0].numpy()
            foreground = foreground & in_image
            pairs = zip(foreground, ~in_image, strict=True)
            distance = np.stack([_distance(*pair) for pair in pairs])
        border = np.flatnonzero([_grow(sample > 0) for sample in distance] & (distance == 0))
        hole, level = _in_order(distance)
        filled = np.flatnonzero((distance > 0) & (foreground | fill_ring) & in_image)

        row_of = np.zeros(distance.size, dtype=np.int64)
        row_of[border] = np.arange(1, 1 + len(border))
        row_of[hole] = np.arange(1 + len(border), 1 + len(border) + len(hole))

        self.border = torch.from_numpy(border)
        self.filled = torch.from_numpy(filled)
        self.filled_rows = torch.from_numpy(row_of[filled])
        self.rows = 1 + len(border) + len(hole)
        self.steps = _steps(distance, hole, level, row_of)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the filled maps (N, C, H, W) and, for the backward pass, the rows' values."""
        values = features.new_empty(self.rows, features.shape[1])
        values[0] = 0
        values[1 : 1 + len(self.border)] = take_rows(features, self.border).relu_()
        for start, stop, sources in self.steps:
            known, best = values[:start], values[start:stop]
            torch.index_select(known, 0, sources[0], out=best)
            for source in sources[1:]:
                torch.maximum(best, known.index_select(0, source), out=best)
        output = dense_copy(features)
        put_rows(output, self.filled, values.index_select(0, self.filled_rows))
        return output, values

    def backward(self, gradient: Tensor, values: Tensor) -> Tensor:
        """Return the gradient for the features, through kept pixels and through the patch."""
        wide = torch.promote_types(gradient.dtype, torch.float32)
        patch = values.new_zeros(values.shape, dtype=wide)
        patch.index_copy_(0, self.filled_rows, take_rows(gradient, self.filled).to(wide))
        for start, stop, sources in reversed(self.steps):
            known, best, moving = values[:start], values[start:stop], patch[start:stop]
            won = torch.empty_like(moving)
            for source in sources:
                torch.eq(known.index_select(0, source), best, out=won)
                patch[:start].index_add_(0, source, won.mul_(moving))
                moving.sub_(won)
        last = 1 + len(self.border)
        patch = patch[1:last].masked_fill_(values[1:last] <= 0, 0)
        result = self.backward_kept(gradient)
        kept = take_rows(result, self.border)
        put_rows(result, self.border, (kept + patch).to(gradient.dtype))
        return result

    def backward_kept(self, gradient: Tensor) -> Tensor:
        """Return the gradient for the features through kept pixels alone."""
        result = dense_copy(gradient)
        put_rows(result, self.filled, gradient.new_zeros(len(self.filled), gradient.shape[1]))
        return result


def _grow(hole: np.ndarray) -> np.ndarray:
    return cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8))


def _distance(foreground: np.ndarray, padding: np.ndarray | None = None) -> np.ndarray:
    """Measure how far the background is from every pixel of the grown foreground (H, W).

    It is 0 in the background, and everywhere in a sample that has none; padding is no background.
    """
    grown = _grow(foreground)
    if padding is not None:
        grown |= padding
    if grown.all():
        return np.zeros(grown.shape, dtype=np.int64)
    return cv2.distanceTransform(grown, cv2.DIST_C, 3).astype(np.int64)


def _in_order(distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """List the hole's pixels and their steps' numbers: distance 1, 2, 3-4, 5-8, 9-16, ..."""
    hole = np.flatnonzero(distance)
    level = np.ceil(np.log2(distance.flat[hole])).astype(np.uint8)
    order = np.argsort(level, kind='stable')
    return hole[order], level[order]


def _steps(
    distance: np.ndarray, hole: np.ndarray, level: np.ndarray, row_of: np.ndarray
) -> list[_Step]:
    bounds = [0, *np.cumsum(np.bincount(level)).tolist()]
    first_row = row_of[hole[0]] if len(hole) else 0
    steps = []
    for number, (start, stop) in enumerate(pairwise(bounds)):
        offsets = CORNERS if number else NEIGHBOURS
        sources = _sources(distance, hole[start:stop], np.array(offsets), row_of)
        steps.append(_Step(first_row + start, first_row + stop, torch.from_numpy(sources)))
    return steps


def _sources(
    distance: np.ndarray, pixels: np.ndarray, offsets: np.ndarray, row_of: np.ndarray
) -> np.ndarray:
    """Find the rows to take the maximum of, int64 (offsets, pixels); 0, the zeros, where none."""
    _, height, width = distance.shape
    row, column = np.divmod(pixels, width)
    sample, row = np.divmod(row, height)
    reached = distance.flat[pixels]
    shift = np.maximum(reached // 2, 1)
    source_row = np.clip(row + offsets[:, :1] * shift, 0, height - 1)
    source_column = np.clip(column + offsets[:, 1:] * shift, 0, width - 1)
    source = (sample * height + source_row) * width + source_column
    return np.where(distance.flat[source] == reached - shift, row_of[source], 0)
