"""Generator and discriminator of EdgeConnect."""

from itertools import pairwise

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.nn.utils import parametrizations

from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class EdgeConnectGenerator(BaseModule):
    """EdgeConnect's generator: a quarter of the size, dilated residual blocks, and back.

    Args:
        in_channels: Of the input.
        out_channels: Of the output.
        base_channels: Of the first convolution; the blocks have four times as many.
        num_blocks: Residual blocks, each of a 3x3 convolution of dilation 2 and a plain one.
        spectral_norm: Spectral normalisation of all convolutions but the last, as EdgeConnect's
            network for edges has it.
        init_cfg: MMEngine's initialisation config.
    """

    divisor = 4  # of the sides
    least = 12  # a quarter of it is reflected by 2 pixels

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        base_channels: int = 64,
        num_blocks: int = 8,
        spectral_norm: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        one, two, four = base_channels, 2 * base_channels, 4 * base_channels
        normal = spectral_norm
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_layer(nn.Conv2d(in_channels, one, 7, bias=not normal), normal),
            *_layer(nn.Conv2d(one, two, 4, stride=2, padding=1, bias=not normal), normal),
            *_layer(nn.Conv2d(two, four, 4, stride=2, padding=1, bias=not normal), normal),
            *(_Block(four, normal) for _ in range(num_blocks)),
            *_layer(nn.ConvTranspose2d(four, two, 4, stride=2, padding=1, bias=not normal), normal),
            *_layer(nn.ConvTranspose2d(two, one, 4, stride=2, padding=1, bias=not normal), normal),
            nn.ReflectionPad2d(3),
            initialised(nn.Conv2d(one, out_channels, 7), normal=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """N,C_in,H,W to N,C_out,H,W of any value.

        Raises:
            ValueError: when a side is not divisible by 4, or less than 12.
        """
        if any(side % self.divisor or side < self.least for side in x.shape[-2:]):
            raise ValueError(
                f'EdgeConnectGenerator: height and width must be divisible by {self.divisor} and '
                f'at least {self.least}, not {tuple(x.shape[-2:])}: crop or pad the images.'
            )
        return self.layers(x)


class _Block(nn.Module):
    """x + convolutions of x."""

    def __init__(self, channels: int, normal: bool) -> None:
        super().__init__()
        wide = nn.Conv2d(channels, channels, 3, dilation=2, bias=not normal)
        plain = nn.Conv2d(channels, channels, 3, bias=not normal)
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(2),
            *_layer(wide, normal),
            nn.ReflectionPad2d(1),
            initialised(plain, normal),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def _layer(convolution: nn.Module, normal: bool) -> list[nn.Module]:
    out_channels = convolution.out_channels
    return [initialised(convolution, normal), nn.InstanceNorm2d(out_channels), nn.ReLU()]


def initialised(convolution: nn.Module, normal: bool) -> nn.Module:
    """Random weights as in DCGAN; spectral normalisation where ``normal``."""
    nn.init.normal_(convolution.weight, 0.0, 0.02)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return parametrizations.spectral_norm(convolution) if normal else convolution


@MODELS.register_module()
class EdgeConnectDiscriminator(BaseModule):
    """A PatchGAN of 70x70 pixels with spectral normalisation.

    Args:
        in_channels: Channels of the input and of the maps beside it.
        base_channels: Of the first convolution.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self, *, in_channels: int, base_channels: int = 64, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        widths = [in_channels, *(base_channels * factor for factor in (1, 2, 4, 8)), 1]
        self.convolutions = nn.ModuleList(
            initialised(
                nn.Conv2d(before, after, 4, stride=2 if index < 3 else 1, padding=1, bias=False),
                normal=True,
            )
            for index, (before, after) in enumerate(pairwise(widths))
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """The five activations of N,C,H,W; the last are the scores, N,1,h,w, higher = real."""
        found = []
        for convolution in self.convolutions[:-1]:
            x = leaky_relu(convolution(x), 0.2)
            found.append(x)
        return [*found, self.convolutions[-1](x)]
