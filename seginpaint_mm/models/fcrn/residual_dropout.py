"""Dropout inside residual blocks, against over-fitting of deep FCRNs (Sec. 1)."""

from torch import nn

from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class ResidualDropout(nn.Dropout):
    """Dropout as a plugin of the bottlenecks of ``mmseg.ResNet``.

    The paper drops activations in some of the residual blocks and says neither where nor how many;
    with ``position='after_conv2'`` it is before a block's last convolution. Blocks of ResNet-18
    and -34 take no plugins.

    Args:
        in_channels: Given by the block; not needed.
        ratio: Share of activations that are dropped.
    """

    _abbr_ = 'dropout'

    def __init__(self, *, in_channels: int, ratio: float) -> None:
        super().__init__(ratio)
