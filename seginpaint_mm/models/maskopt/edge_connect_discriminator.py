"""``EdgeConnectDiscriminator``: judges patches, and tells what it sees on the way."""

from itertools import pairwise

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from seginpaint_mm.models.maskopt.edge_connect_generator import initialised
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class EdgeConnectDiscriminator(BaseModule):
    """A PatchGAN of 70x70 pixels with spectral normalisation.

    Args:
        in_channels: Of what is judged and of what is beside it.
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
