"""``BoxCoder``: the four numbers that a pixel says about its instance's box (Sec. 2.1)."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from seginpaint_mm.registry import MODELS

SIZES = ('log', 'linear')
# Sizes are clamped to size_scale / MAX_RATIO ... size_scale * MAX_RATIO in both directions: no
# area is 0, no logarithm infinite, no exponential overflows.
MAX_RATIO = 1000.0


@MODELS.register_module()
@dataclass(frozen=True, kw_only=True)
class BoxCoder:
    """Offsets from a pixel to its box's centre, and the box's size, in units that a net can learn.

    dx = (cx - x) / ``offset_scale``, dy likewise; with ``size='log'`` the others are
    log(w / ``size_scale``) and log(h / ``size_scale``), with ``'linear'`` w / ``size_scale`` and
    h / ``size_scale``. The paper names the four targets, not their units: these are ours.

    Args:
        offset_scale: In pixels of the image.
        size_scale: In pixels of the image; boxes of up to 1000 times it, and down to a thousandth
            of it, come back as they were; others are clamped to these sizes.
        size: ``'log'`` or ``'linear'``.

    Raises:
        ValueError: when a scale is not above 0, or ``size`` is another word.
    """

    offset_scale: float = 64.0
    size_scale: float = 64.0
    size: str = 'log'

    def __post_init__(self) -> None:
        for name in ('offset_scale', 'size_scale'):
            if not getattr(self, name) > 0:
                raise ValueError(f'BoxCoder: {name} must be above 0, not {getattr(self, name)}.')
        if self.size not in SIZES:
            raise ValueError(f'BoxCoder: size must be one of {SIZES}, not {self.size!r}.')

    def encode(self, points: Tensor, boxes: Tensor) -> Tensor:
        """What pixels at ``points`` say about ``boxes``.

        Args:
            points: (..., 2) x, y in pixels of the image; the centre of pixel (0, 0) is (.5, .5).
            boxes: (..., 4) x1, y1, x2, y2 in pixels, right and bottom exclusive.

        Returns:
            Tensor: (..., 4) float32 dx, dy, w, h.
        """
        points, boxes = points.float(), boxes.float()
        top_left, bottom_right = boxes[..., :2], boxes[..., 2:]
        offsets = ((top_left + bottom_right) / 2 - points) / self.offset_scale
        sizes = (bottom_right - top_left) / self.size_scale
        sizes = sizes.clamp(1 / MAX_RATIO, MAX_RATIO)
        if self.size == 'log':
            sizes = sizes.log()
        return torch.cat((offsets, sizes), dim=-1)

    def decode(self, points: Tensor, deltas: Tensor) -> Tensor:
        """The boxes that pixels at ``points`` mean by ``deltas``; the inverse of :meth:`encode`.

        Args:
            points: (..., 2) x, y in pixels of the image.
            deltas: (..., 4) dx, dy, w, h of any floating type.

        Returns:
            Tensor: (..., 4) float32 x1, y1, x2, y2 with x1 < x2, y1 < y2; not cut to the image.
        """
        points, deltas = points.float(), deltas.float()
        centres = points + deltas[..., :2] * self.offset_scale
        half = self._decode_sizes(deltas[..., 2:]) / 2
        return torch.cat((centres - half, centres + half), dim=-1)

    def _decode_sizes(self, sizes: Tensor) -> Tensor:
        if self.size == 'log':
            limit = math.log(MAX_RATIO)
            return sizes.clamp(-limit, limit).exp() * self.size_scale
        return sizes.clamp(1 / MAX_RATIO, MAX_RATIO) * self.size_scale


def map_points(
    size: tuple[int, int], stride: int = 1, device: torch.device | None = None
) -> Tensor:
    """(h, w, 2) float32: the image points x, y that the pixels of a map of that stride stand for.

    Row i, column j stands for ((j + .5) * stride, (i + .5) * stride).
    """
    rows, columns = (
        (torch.arange(length, device=device, dtype=torch.float32) + 0.5) * stride for length in size
    )
    y, x = torch.meshgrid(rows, columns, indexing='ij')
    return torch.stack((x, y), dim=-1)
