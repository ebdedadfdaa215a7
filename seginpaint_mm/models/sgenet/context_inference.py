"""``ContextInference``: completes the deepest features, each place by all others."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from seginpaint_mm.models.sgenet.layers import activation
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class ContextInference(BaseModule):
    """CIM (Section 3.1), "based on Context Encoders": what these have between encoder and decoder.

    A fully connected layer for each channel by itself, through which every place sees all others,
    then a 1x1 convolution, through which the channels see each other. It has weights for one size
    only; :class:`DilatedContext` takes any.

    Args:
        channels: Of the features.
        size: Their height and width: those of the pictures divided by 32 in SGE-Net.
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
                f'{(height, width)}: set its size for pictures of this size and train, or take '
                f'DilatedContext, which suits any.'
            )
        connected = torch.baddbmm(self.bias, features.flatten(2).transpose(0, 1), self.weight)
        return self.mix(connected.transpose(0, 1).unflatten(2, self.size))
