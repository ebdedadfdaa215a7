"""``PlainInference``: the next scale's features without a guide."""

import torch
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.functional import interpolate

from seginpaint_mm.models.sgenet.layers import convolutions, instance_norm
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class PlainInference(BaseModule):
    """:class:`SGIM` without segmentation: scales and shifts are learnt, the same everywhere.

    It makes up Base-Net (Section 4.3), and the coarsest scale, before which there is no
    segmentation, of all variants.

    Args:
        feature_channels: Of the features of the scale before.
        skip_channels: Of the encoder's features of this scale.
        out_channels: Of the result.
        norm_cfg: MMCV's config of another normalisation than instance norm.
        init_cfg: MMEngine's initialisation config.
    """

    uses_reliability = False

    def __init__(
        self,
        *,
        feature_channels: int,
        skip_channels: int,
        out_channels: int,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        channels = feature_channels + skip_channels
        self.norm = instance_norm(channels, affine=True, norm_cfg=norm_cfg)
        self.base = convolutions(channels, out_channels)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Features of the next scale.

        Args:
            features: N,feature_channels,h/2,w/2, of the scale before.
            skip: N,skip_channels,h,w.

        Returns:
            Tensor: N,out_channels,h,w.
        """
        return self.base(self.norm(concatenate(features, skip)))


def concatenate(features: Tensor, skip: Tensor) -> Tensor:
    """The features, enlarged, beside the skip features: f_de-c of eq. (3)."""
    enlarged = interpolate(features, skip.shape[-2:], mode='bilinear', align_corners=False)
    return torch.cat([enlarged, skip], dim=1)
