"""Fill by doubling windows (GPU), and by the loop with early stop."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad


class DenseFill:
    """Fill every sample of a batch, on any device; see :func:`max_pool_inpainting` for the method.

    Maps are worked on as rows (N * H * W + 1, C): one per pixel, and at the end one of zeros, for
    sources that do not exist. Which rows a pixel takes the maximum of is computed once for all
    steps; a step gathers these rows for every pixel and keeps those whose turn it is. On a GPU
    time goes by the number of operations that are launched, not by pixels.

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
        distance = _chebyshev_distance(hole[:, 0])
        self.filled = (grown if fill_ring else foreground) & (distance > 0).unsqueeze(1)
        if padding is not None:
            self.filled = self.filled & ~padding
        self._distance = pad(distance.flatten(), (0, 1)).unsqueeze(1)
        # Distance 1, 2, 3-4, 5-8, ... is of level 0, 1, 2, 3, ...
        self._levels = torch.frexp(self._distance - 0.5).exponent
        self._num_levels = max(max(distance.shape[1:]) - 2, 0).bit_length() + 1
        shift = (distance // 2).clamp(min=1)
        ways = torch.arange(-1, 2, device=distance.device)
        # Around a pixel beside the background all neighbours, further in four corners.
        self._neighbours = _sources(distance, shift, ways)
        self._corners = _sources(distance, shift, ways[::2])

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the filled maps (N, C, H, W) and, for the backward pass, the rows' values."""
        channels = features.shape[1]
        values = features.permute(0, 2, 3, 1).reshape(-1, channels).relu()
        values = pad(values, (0, 0, 0, 1)).masked_fill(self._distance > 0, 0)
        for turn, sources in self._steps():
            candidates = values.index_select(0, sources.flatten())
            best = candidates.view(*sources.shape, channels).amax(dim=0)
            values = torch.where(turn, best, values)
        return torch.where(self.filled, _maps(values, features), features), values

    def backward(self, gradient: Tensor, values: Tensor) -> Tensor:
        """Return the gradient for the features, through kept pixels and through the patch."""
        channels = gradient.shape[1]
        patch = gradient.masked_fill(~self.filled, 0).permute(0, 2, 3, 1).reshape(-1, channels)
        patch = pad(patch.to(torch.promote_types(gradient.dtype, torch.float32)), (0, 0, 0, 1))
        for turn, sources in reversed(list(self._steps())):
            candidates = values.index_select(0, sources.flatten())
            winner = candidates.view(*sources.shape, channels).argmax(dim=0)
            moving = patch.masked_fill(~turn, 0)
            patch = patch.masked_fill(turn, 0)
            patch.scatter_add_(0, sources.t().gather(1, winner), moving)
        patch = patch.masked_fill(values <= 0, 0).to(gradient.dtype)
        return self.backward_kept(gradient) + _maps(patch, gradient)

    def backward_kept(self, gradient: Tensor) -> Tensor:
        """Return the gradient for the features through kept pixels alone."""
        return gradient.masked_fill(self.filled, 0)

    def _steps(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield whose turn it is, bool (rows, 1), and their sources, int64 (9 or 4, rows)."""
        yield self._distance == 1, self._neighbours
        for level in range(1, self._num_levels):
            yield self._levels == level, self._corners


def _maps(rows: Tensor, like: Tensor) -> Tensor:
    samples, channels, height, width = like.shape
    return rows[:-1].view(samples, height, width, channels).permute(0, 3, 1, 2)


def _sources(distance: Tensor, shift: Tensor, ways: Tensor) -> Tensor:
    """Find the rows that lie ``shift`` pixels away, int64 (K * K, N * H * W + 1).

    Args:
        distance: int64 (N, H, W).
        shift: int64 (N, H, W).
        ways: int64 (K,), directions along each side, of -1, 0 and 1.

    Returns:
        Tensor: The row of zeros, the last one, where the pixel there is not nearer to the
        background by ``shift``.
    """
    _, height, width = distance.shape
    row, column, first = _grid(distance, height * width)
    ways = ways.view(-1, 1, 1, 1)
    rows = torch.addcmul(row, ways, shift).clamp(0, height - 1) * width + first
    columns = torch.addcmul(column, ways, shift).clamp(0, width - 1)
    source = (rows.unsqueeze(1) + columns).flatten(0, 1)
    is_nearer = distance.take(source) == distance - shift
    source = torch.where(is_nearer, source, distance.numel()).flatten(1)
    return pad(source, (0, 1), value=distance.numel())


def _chebyshev_distance(hole: Tensor) -> Tensor:
    """Measure how far the nearest pixel outside the hole is, for every pixel of (N, H, W) bool.

    The radius of the largest empty window around a pixel is found bit by bit in a summed-area
    table. The distance is 0 outside the hole, and everywhere in a sample that is all hole.
    """
    _, height, width = hole.shape
    table = pad((~hole).to(torch.int32), (1, 0, 1, 0)).cumsum(1).cumsum(2)
    row, column, first = _grid(hole, height + 1)
    end = torch.arange(2, device=hole.device).view(2, 1, 1, 1)  # of a window: first, one past last
    way = 2 * end - 1
    row, column, last = row + (1 - end) + first, column + (1 - end), first + height
    distance = torch.zeros(hole.shape, dtype=torch.int64, device=hole.device)
    for bit in reversed(range(max(height, width).bit_length())):
        trial = distance + (1 << bit)
        rows = torch.addcmul(row, way, trial).clamp(first, last)
        columns = torch.addcmul(column, way, trial).clamp(0, width)
        corners = table.take(torch.add(columns, rows.unsqueeze(1), alpha=width + 1))
        beside = corners[1] - corners[0]
        distance = torch.where(beside[1] == beside[0], trial, distance)
    return distance * table[:, -1:, -1:].ne(0)


def _grid(like: Tensor, rows_per_sample: int) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers of rows (H, 1), of columns (W,), and of each sample's first row (N, 1, 1)."""
    samples, height, width = like.shape
    row = torch.arange(height, device=like.device).view(-1, 1)
    column = torch.arange(width, device=like.device)
    first = torch.arange(samples, device=like.device).view(-1, 1, 1) * rows_per_sample
    return row, column, first


Maps = tuple[Tensor, Tensor, Tensor, Tensor]


def looped_inpainting(
    features: Tensor,
    foreground: Tensor,
    padding: Tensor | None,
    fill_ring: bool,
    repeat: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
) -> Tensor:
    """Fill by the loop of Algorithm 1, which becomes one loop of the graph (ONNX: ``Loop``).

    The values are those of :func:`max_pool_inpainting`, bit by bit, also for samples that are all
    foreground; maps of any size and any number of iterations run in the same graph.

    Args:
        features: float tensor (N, C, H, W).
        foreground: bool tensor (N, 1, H, W), 1 = to be filled, not yet grown.
        padding: bool tensor (N, 1, H, W), 1 = no part of the image, or None.
        fill_ring: whether the ring by which the foreground is grown is filled as well.
        repeat: The loop, :func:`exported_loop` or :func:`scripted_loop`.

    Returns:
        Tensor: like ``features``; gradients do not pass.
    """
    if padding is not None:
        foreground = foreground & ~padding
    grown = _pool(foreground.to(features.dtype))
    covered = 1 - grown
    hole = grown > 0 if fill_ring else foreground
    if padding is not None:
        covered = covered * ~padding  # nothing comes from what was padded
        hole = hole & ~padding
    fillable = covered.amax(dim=(1, 2, 3), keepdim=True) > 0
    pooled = torch.where(covered > 0, features, torch.zeros_like(features))
    patch = repeat(pooled, covered, torch.zeros_like(features), fillable)
    return torch.where(hole & fillable, patch, features)


def exported_loop(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
    """Repeat :func:`_step` until all is covered, as an operator that ``torch.export`` keeps."""
    from torch._higher_order_ops.while_loop import while_loop

    # the condition gives a tensor of its own: an alias of what the loop carries is refused
    def goes_on(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
        return ((covered == 0) & fillable).any().clone()

    def step(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Maps:
        return (*_step(pooled, covered, patch), fillable.clone())

    return while_loop(goes_on, step, (pooled, covered, patch, fillable))[2]


def scripted_loop(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
    """Do the same in TorchScript, where ``torch.jit.trace`` alone would unroll one example's."""
    return _script()(pooled, covered, patch, fillable)


def _step(pooled: Tensor, covered: Tensor, patch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    pooled = _pool(pooled)
    now_covered = _pool(covered)
    return pooled, now_covered, torch.where(now_covered > covered, pooled, patch)


def _pool(maps: Tensor) -> Tensor:
    return max_pool2d(maps, kernel_size=3, stride=1, padding=1)


def _loop(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
    while bool(((covered == 0) & fillable).any()):
        pooled = max_pool2d(pooled, kernel_size=3, stride=1, padding=1)
        now_covered = max_pool2d(covered, kernel_size=3, stride=1, padding=1)
        patch = torch.where(now_covered > covered, pooled, patch)
        covered = now_covered
    return patch


def _script() -> torch.jit.ScriptFunction:
    return torch.jit.script(_loop)
