"""Infer the context of the hole: dilated convolutions (Section 3.1)."""

from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS

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

    Instance norm as a group norm of one channel per group, which is faster channels-last.

    Args:
        channels: Of the features.
        affine: Learn them.
        norm_cfg: MMCV's config of another layer, e.g. ``dict(type='SyncBN')``.
    """
    config = norm_cfg or dict(type='GN', num_groups=channels)
    return build_norm_layer({**config, 'affine': affine}, channels)[1]


@MODELS.register_module()
class DilatedContext(BaseModule):
    """In place of :class:`ContextInference`: residual 3x3 convolutions of growing field of view.

    Not in the paper, whose module fixes the images' size.

    Args:
        channels: Of the features.
        dilations: Distance between the weights of each convolution, in pixels of the features.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        channels: int,
        dilations: Sequence[int] = (1, 2, 4, 8),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.steps = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation), activation()
            )
            for dilation in dilations
        )

    def forward(self, features: Tensor) -> Tensor:
        """Complete N,C,h,w of any size."""
        for step in self.steps:
            features = features + step(features)
        return features


@MODELS.register_module()
class ContextInference(BaseModule):
    """CIM (Section 3.1), "based on Context Encoders": what these have between encoder and decoder.

    A fully connected layer for each channel by itself, through which every place sees all others,
    then a 1x1 convolution, through which the channels see each other. It has weights for one size
    only; :class:`DilatedContext` takes any.

    Args:
        channels: Of the features.
        size: Their height and width: those of the images divided by 32 in SGE-Net.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self, *, channels: int, size: Sequence[int] = (8, 8), init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.size = tuple(size)
        places = self.size[0] * self.size[1]
        self.weight = nn.Parameter(torch.empty(channels, places, places))
        self.bias = nn.Parameter(torch.zeros(channels, 1, places))
        nn.init.normal_(self.weight, std=places**-0.5)
        self.mix = nn.Sequential(activation(), nn.Conv2d(channels, channels, 1), activation())

    def forward(self, features: Tensor) -> Tensor:
        """Complete N,C,h,w.

        Raises:
            ValueError: when (h, w) is not ``size``.
        """
        height, width = features.shape[-2:]
        if (height, width) != self.size:
            raise ValueError(
                f'ContextInference has weights for features of size={self.size}, these are '
                f'{(height, width)}: set its size for images of this size and train, or take '
                f'DilatedContext, which suits any.'
            )
        connected = torch.baddbmm(self.bias, features.flatten(2).transpose(0, 1), self.weight)
        return self.mix(connected.transpose(0, 1).unflatten(2, self.size))
