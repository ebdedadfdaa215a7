"""Layers that the networks of this folder are made of."""

from mmcv.cnn import build_norm_layer
from torch import nn

SLOPE = 0.2  # of LeakyReLU below zero


def convolutions(in_channels: int, out_channels: int) -> nn.Sequential:
    """Two 3x3 convolutions, each behind an activation, as features are not activated here."""
    return nn.Sequential(
        activation(),
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        activation(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
    )


def activation() -> nn.LeakyReLU:
    return nn.LeakyReLU(SLOPE)


def instance_norm(channels: int, *, affine: bool, norm_cfg: dict | None) -> nn.Module:
    """Normalisation with learnt scales and shifts or without.

    Instance norm as a group norm of one channel a group, which is faster channels-last.

    Args:
        channels: Of the features.
        affine: Learn them.
        norm_cfg: MMCV's config of another layer, e.g. ``dict(type='SyncBN')``.
    """
    config = norm_cfg or dict(type='GN', num_groups=channels)
    return build_norm_layer({**config, 'affine': affine}, channels)[1]
