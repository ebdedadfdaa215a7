"""Random rectangles that stand for foreground over a known background (Sec. III-D)."""

import torch
from torch import Tensor


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
