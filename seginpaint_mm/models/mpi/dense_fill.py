"""Max-pooling as inpainting over the whole map: a fixed number of steps, no wait for the device."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from .fill_offsets import CORNERS, NEIGHBOURS


class DenseFill:
    """Fill every sample of a batch, on any device; see :func:`max_pool_inpainting` for the method.

    Maps are worked on as rows (N * H * W, C), a row a pixel. In each step every row takes the
    maximum of a few rows; those whose turn it is not point at themselves.

    Args:
        foreground: bool tensor (N, 1, H, W), 1 = to be filled, not yet grown.
        fill_ring: whether the ring by which the foreground is grown is filled as well.
        padding: bool tensor (N, 1, H, W), 1 = no part of the image, or None.
    """

    def __init__(self, foreground: Tensor, fill_ring: bool, padding: Tensor | None = None) -> None:
        if padding is not None:
            foreground = foreground & ~padding
        grown = max_pool2d(foreground.float(), 3, stride=1, padding=1).bool()
        # Padding is passed through, like a hole, but is neither a source nor filled in the result.
        hole = grown if padding is None else grown | padding
        self.distance = _chebyshev_distance(hole[:, 0])
        self.filled = (grown if fill_ring else foreground) & (self.distance > 0).unsqueeze(1)
        if padding is not None:
            self.filled = self.filled & ~padding

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the filled maps (N, C, H, W) and, for the backward pass, the rows' values."""
        values = features.permute(0, 2, 3, 1).reshape(-1, features.shape[1]).relu()
        values = values.masked_fill(self.distance.view(-1, 1) > 0, 0)
        for _, sources in self._steps():
            best = values.index_select(0, sources[0])
            for source in sources[1:]:
                torch.maximum(best, values.index_select(0, source), out=best)
            values = best
        return torch.where(self.filled, _maps(values, features), features), values

    def backward(self, gradient: Tensor, values: Tensor) -> Tensor:
        """Return the gradient for the features, through what was kept and through the patch."""
        patch = gradient.masked_fill(~self.filled, 0).permute(0, 2, 3, 1)
        patch = patch.reshape(values.shape).to(torch.promote_types(gradient.dtype, torch.float32))
        own = torch.arange(len(values), device=values.device)
        for turn, sources in reversed(list(self._steps())):
            moving = patch.masked_fill(~turn, 0)
            patch = patch.masked_fill(turn, 0)
            for source in sources:
                won = (values.index_select(0, source) == values) & (source != own).unsqueeze(1)
                patch.index_add_(0, source, moving.masked_fill(~won, 0))
                moving = moving.masked_fill(won, 0)
        patch = patch.masked_fill(values <= 0, 0).to(gradient.dtype)
        return self.backward_kept(gradient) + _maps(patch, gradient)

    def backward_kept(self, gradient: Tensor) -> Tensor:
        """Return the gradient for the features through what was kept alone."""
        return gradient.masked_fill(self.filled, 0)

    def _steps(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield whose turn it is, bool (rows, 1), and their sources, int64 (4 or 8, rows)."""
        yield self._step(self.distance == 1, NEIGHBOURS)
        largest = max(self.distance.shape[1:]) - 1
        near = 1
        while near < largest:
            yield self._step((self.distance > near) & (self.distance <= 2 * near), CORNERS)
            near *= 2

    def _step(self, turn: Tensor, offsets: tuple[tuple[int, int], ...]) -> tuple[Tensor, Tensor]:
        samples, height, width = self.distance.shape
        device = self.distance.device
        row = torch.arange(height, device=device).view(1, -1, 1)
        column = torch.arange(width, device=device).view(1, 1, -1)
        first = torch.arange(samples, device=device).view(-1, 1, 1) * (height * width)
        own = first + row * width + column
        shift = (self.distance // 2).clamp(min=1)
        sources = []
        for down, right in offsets:
            source_row = (row + down * shift).clamp(0, height - 1)
            source_column = (column + right * shift).clamp(0, width - 1)
            source = first + source_row * width + source_column
            holds_nearest = self.distance.flatten()[source] == self.distance - shift
            sources.append(torch.where(turn & holds_nearest, source, own).flatten())
        return turn.view(-1, 1), torch.stack(sources)


def _maps(rows: Tensor, like: Tensor) -> Tensor:
    samples, channels, height, width = like.shape
    return rows.view(samples, height, width, channels).permute(0, 3, 1, 2)


def _chebyshev_distance(hole: Tensor) -> Tensor:
    """Measure how far the nearest pixel outside the hole is, for every pixel of (N, H, W) bool.

    The radius of the largest empty window around a pixel is found bit by bit in a summed-area
    table. The distance is 0 outside the hole, and everywhere in a sample that is all hole.
    """
    _, height, width = hole.shape
    outside = pad((~hole).to(torch.int32), (1, 0, 1, 0)).cumsum(1).cumsum(2)
    table = outside.flatten(1)
    row = torch.arange(height, device=hole.device).view(1, -1, 1)
    column = torch.arange(width, device=hole.device).view(1, 1, -1)
    distance = torch.zeros(hole.shape, dtype=torch.int64, device=hole.device)
    for bit in reversed(range(max(height, width).bit_length())):
        trial = distance + (1 << bit)
        top, bottom = (row - trial + 1).clamp(min=0), (row + trial).clamp(max=height)
        left, right = (column - trial + 1).clamp(min=0), (column + trial).clamp(max=width)
        corners = [
            table.gather(1, (y * (width + 1) + x).flatten(1)).view(hole.shape)
            for y, x in ((bottom, right), (top, left), (top, right), (bottom, left))
        ]
        inside = corners[0] + corners[1] - corners[2] - corners[3]
        distance = torch.where(inside == 0, trial, distance)
    return distance * outside[:, -1:, -1:].ne(0)
