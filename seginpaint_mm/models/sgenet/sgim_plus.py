"""``SGIMPlus``: ``SGIM`` that also sees which places are not to be relied on."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from seginpaint_mm.models.sgenet.layers import convolutions
from seginpaint_mm.models.sgenet.sgim import SGIM
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class SGIMPlus(SGIM):
    """SGIM+ (Section 3.2, eq. 5 and 6, Fig. 3c).

    The result is F_ba(f) + F_bi([f, F(M)]): the base net is SGIM's, and the bias net corrects it
    where the reliability M of :class:`SCEM` tells it to. F is a 3x3 convolution.

    Args: see :class:`SGIM`.
        mask_channels: Of F(M).
    """

    uses_reliability = True

    def __init__(
        self,
        *,
        feature_channels: int,
        skip_channels: int,
        out_channels: int,
        num_classes: int,
        hidden_channels: int = 128,
        mask_channels: int = 32,
        scaling: str = '1+gamma',
        modulation_size: str = 'fine',
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            feature_channels=feature_channels,
            skip_channels=skip_channels,
            out_channels=out_channels,
            num_classes=num_classes,
            hidden_channels=hidden_channels,
            scaling=scaling,
            modulation_size=modulation_size,
            norm_cfg=norm_cfg,
            init_cfg=init_cfg,
        )
        channels = feature_channels + skip_channels
        self.mask = nn.Conv2d(1, mask_channels, 3, padding=1)
        self.bias = convolutions(channels + mask_channels, out_channels)

    def forward(
        self, features: Tensor, skip: Tensor, segmentation: Tensor, reliability: Tensor
    ) -> Tensor:
        """Features of the next scale.

        Args: see :meth:`SGIM.forward`.
            reliability: N,1,h/2,w/2, 1 = reliable, of the scale before.

        Returns:
            Tensor: N,out_channels,h,w.
        """
        modulated = self.modulate(features, skip, segmentation)
        mask = self.mask(interpolate(reliability, skip.shape[-2:], mode='nearest'))
        return self.base(modulated) + self.bias(torch.cat([modulated, mask], dim=1))
