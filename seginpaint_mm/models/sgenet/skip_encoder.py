"""``SkipEncoder``: features of the picture with its hole, level by level."""

from collections.abc import Sequence
from itertools import pairwise

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from seginpaint_mm.models.sgenet.layers import SLOPE
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class SkipEncoder(BaseModule):
    """Convolutions that halve the picture level by level, phi^1 to phi^L of Section 3.

    The paper does not say of what its levels are. Ours: a 3x3 convolution at full size (phi^0,
    which the decoder's last scale sees), then for each level a 3x3 convolution of stride 2 and
    another one. They are not normalised unless the config says so: a hole would shift the means
    of what is around it.

    Args:
        in_channels: Of the input; 4 are red, green, blue and the hole.
        channels: Of phi^0 to phi^L, from fine to coarse.
        norm_cfg: MMCV's config of a normalisation layer for the levels, or None.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        in_channels: int = 4,
        channels: Sequence[int] = (32, 64, 128, 256, 512, 512),
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.channels = tuple(channels)
        self.first = _convolution(in_channels, channels[0], 1, None)
        self.levels = nn.ModuleList(
            nn.Sequential(
                _convolution(before, after, 2, norm_cfg), _convolution(after, after, 1, norm_cfg)
            )
            for before, after in pairwise(channels)
        )

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Input N,C,H,W -> phi^0 to phi^L; phi^l is N,channels[l],H/2^l,W/2^l."""
        features = [self.first(inputs)]
        for level in self.levels:
            features.append(level(features[-1]))
        return features


def _convolution(before: int, after: int, stride: int, norm_cfg: dict | None) -> ConvModule:
    act_cfg = dict(type='LeakyReLU', negative_slope=SLOPE)
    return ConvModule(before, after, 3, stride, 1, norm_cfg=norm_cfg, act_cfg=act_cfg)
