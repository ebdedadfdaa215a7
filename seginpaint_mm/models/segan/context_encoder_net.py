"""The encoder and decoder of Context Encoders (Pathak et al., 2016), for a hole in the centre."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS

_SLOPE = 0.2  # of leaky units


@MODELS.register_module()
class ContextEncoderNet(BaseModule):
    """A picture of 128x128 gives what its inner 64x64 should be.

    Five convolutions of stride 2, a bottleneck that sees all of the picture, five transposed
    convolutions, tanh: the network of the published code, whose bottleneck is an ordinary layer.

    Args:
        base_channels: Of the first convolution; 64 there.
        bottleneck_channels: 4000 there.
        init_cfg: MMEngine's initialisation config; N(0, 0.02) as there.
    """

    size = 128  # side of the input; of the output half of it

    def __init__(
        self,
        *,
        base_channels: int = 64,
        bottleneck_channels: int = 4000,
        init_cfg: dict | None = None,
    ) -> None:
        normal = dict(type='Normal', layer=['Conv2d', 'ConvTranspose2d'], std=0.02)
        super().__init__(init_cfg or normal)
        widths = [factor * base_channels for factor in (1, 1, 2, 4, 8)]
        self.encoder = nn.Sequential(
            nn.Conv2d(3, widths[0], 4, stride=2, padding=1),
            nn.LeakyReLU(_SLOPE),
            *[_down(*widths[i : i + 2], stride=2, padding=1) for i in range(4)],
        )
        self.bottleneck = _down(widths[-1], bottleneck_channels, stride=1, padding=0)
        self.decoder = nn.Sequential(
            _up(bottleneck_channels, widths[4], stride=1, padding=0),
            *[_up(*widths[i : i - 2 : -1], stride=2, padding=1) for i in (4, 3, 2)],
            nn.ConvTranspose2d(widths[1], 3, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """N,3,128,128 in [-1, 1] to N,3,64,64 in [-1, 1]."""
        return self.decoder(self.bottleneck(self.encoder(pictures)))


def _down(channels: int, wider: int, *, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, wider, 4, stride, padding, bias=False),
        nn.BatchNorm2d(wider),
        nn.LeakyReLU(_SLOPE),
    )


def _up(channels: int, narrower: int, *, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels, narrower, 4, stride, padding, bias=False),
        nn.BatchNorm2d(narrower),
        nn.ReLU(),
    )
