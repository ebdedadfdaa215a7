"""The PSP module's last step: mix the channels of a map and of its pooled versions."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PyramidBottleneck(nn.Conv2d):
    """A 1x1 convolution with bias of a map beside its pooled versions; :func:`mixed_pyramid`.

    Args:
        in_channels: channels C of the map.
        out_channels: channels K of the output.
        num_pooled: pooled versions P; the weight is K,(P+1) C,1,1.
    """

    def __init__(self, in_channels: int, out_channels: int, num_pooled: int) -> None:
        super().__init__(in_channels * (num_pooled + 1), out_channels, 1)

    def forward(self, features: Tensor, pooled: Sequence[Tensor]) -> Tensor:
        """N,C,H,W and P maps N,C,s,s -> N,K,H,W."""
        return mixed_pyramid(features, pooled, self.weight, self.bias)


def mixed_pyramid(
    features: Tensor, pooled: Sequence[Tensor], weight: Tensor, bias: Tensor
) -> Tensor:
    """Convolve 1x1 what pooled maps, enlarged, and the map itself make when concatenated.

    The channels of a pooled map are mixed at its own small size and then enlarged: the values are
    those of :func:`mixed_pyramid_plain` but for rounding, for a fifth of its multiplications, and
    the concatenated map is never held.

    Args:
        features: N,C,H,W.
        pooled: P maps N,C,s,s.
        weight: K,(P+1) C,1,1, for the pooled maps first.
        bias: K.

    Returns:
        N,K,H,W.
    """
    *of_pooled, of_features = weight.split(features.shape[1], dim=1)
    mixed = F.conv2d(features, of_features, bias)
    for part, part_weight in zip(pooled, of_pooled, strict=True):
        mixed = mixed + _enlarged(F.conv2d(part, part_weight), features.shape[2:])
    return mixed


def mixed_pyramid_plain(
    features: Tensor, pooled: Sequence[Tensor], weight: Tensor, bias: Tensor
) -> Tensor:
    """What :func:`mixed_pyramid` computes, as it reads."""
    parts = [_enlarged(part, features.shape[2:]) for part in pooled]
    return F.conv2d(torch.cat([*parts, features], dim=1), weight, bias)


def _enlarged(maps: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=False)
