"""The top-most layers of both networks: convolutions of few weights that see far (Sec. 2.3)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class DilatedClassifier(nn.Module):
    """A k x k convolution with dilation that keeps the map's size, optionally behind hidden ones.

    Linear, as in the paper's vanilla nets, without hidden layers. Each hidden layer is such a
    convolution too, followed by ReLU; dropout comes before the last convolution.

    Args:
        in_channels: Channels of the features.
        out_channels: Channels of the result.
        kernel_size: k, odd.
        dilation: Distance in pixels of the features between neighbouring weights of a kernel.
        hidden_channels: Width of each hidden layer.
        dropout: Share of channels dropped before the last convolution.
        full_precision: Compute the last convolution in float32 in mixed precision, too: bfloat16
            rounds a result of 4 to 8 by up to 1/64.

    Attributes:
        field_of_view: Side, in pixels of the features, of what one output pixel sees; times the
            features' stride it is the FoV of Tables 1 and 3, which count ((k-1)d+1) * stride.

    Raises:
        ValueError: when ``kernel_size`` is even: such a kernel has no centre.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 5,
        dilation: int = 12,
        hidden_channels: Sequence[int] = (),
        dropout: float = 0.0,
        full_precision: bool = False,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f'DilatedClassifier: kernel_size must be odd, not {kernel_size}.')
        self.field_of_view = 1 + (len(hidden_channels) + 1) * (kernel_size - 1) * dilation
        padding = kernel_size // 2 * dilation
        widths = (in_channels, *hidden_channels)
        self.hidden = nn.Sequential()
        for before, after in pairwise(widths):
            self.hidden.append(nn.Conv2d(before, after, kernel_size, 1, padding, dilation))
            self.hidden.append(nn.ReLU(inplace=True))
        self.dropout = nn.Dropout2d(dropout)
        self.conv = nn.Conv2d(widths[-1], out_channels, kernel_size, 1, padding, dilation)
        self.full_precision = full_precision

    def forward(self, features: Tensor) -> Tensor:
        """Features N,C,h,w -> N,K,h,w."""
        features = self.dropout(self.hidden(features))
        if not self.full_precision:
            return self.conv(features)
        with torch.autocast(features.device.type, enabled=False):
            return self.conv(features.to(self.conv.weight.dtype))
