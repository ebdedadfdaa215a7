"""``DilatedContext``: completes the deepest features of pictures of any size."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from seginpaint_mm.models.sgenet.layers import activation
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class DilatedContext(BaseModule):
    """In place of :class:`ContextInference`: residual 3x3 convolutions that see ever farther.

    Not in the paper, whose module fixes the pictures' size.

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
