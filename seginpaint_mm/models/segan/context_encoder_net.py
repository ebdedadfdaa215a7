"""The encoder and decoder of Context Encoders (Pathak et al., 2016), for a hole in the centre."""

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS

_LEAKY = dict(type='LeakyReLU', negative_slope=0.2)


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
        pairs = zip([3, *widths[:-1]], widths, strict=True)
        self.encoder = Sequential(*[_down(*pair, first=pair[0] == 3) for pair in pairs])
        self.bottleneck = ConvModule(
            widths[-1], bottleneck_channels, 4, norm_cfg=dict(type='BN'), act_cfg=_LEAKY
        )
        widths = [bottleneck_channels, *widths[:0:-1]]
        self.decoder = Sequential(
            *[_up(*widths[i : i + 2], first=i == 0) for i in range(4)],
            nn.ConvTranspose2d(widths[-1], 3, 4, stride=2, padding=1),
            nn.Tanh(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """N,3,128,128 in [-1, 1] to N,3,64,64 in [-1, 1]."""
        return self.decoder(self.bottleneck(self.encoder(pictures)))


def _down(channels: int, wider: int, *, first: bool) -> ConvModule:
    norm = None if first else dict(type='BN')
    return ConvModule(channels, wider, 4, stride=2, padding=1, norm_cfg=norm, act_cfg=_LEAKY)


def _up(channels: int, narrower: int, *, first: bool) -> ConvModule:
    stride, padding = (1, 0) if first else (2, 1)
    return ConvModule(
        channels,
        narrower,
        4,
        stride=stride,
        padding=padding,
        conv_cfg=dict(type='deconv'),
        norm_cfg=dict(type='BN'),
    )
