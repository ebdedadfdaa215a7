"""The background branch's decoder: pyramid pooling, then three upsampling blocks (Fig. 2)."""

from collections.abc import Sequence
from itertools import pairwise

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.decode_heads.psp_head import PPM
from torch import Tensor, nn

from seginpaint_mm.ops.upsampled_conv import PyramidBottleneck, UpsampleBlock
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class BackgroundHead(BaseDecodeHead):
    """PSP module and three upsamplings, to eight times the size; the loss reads ``gt_sem_seg``.

    The visible class of foreground pixels is 255 in ``gt_sem_seg``, so that the cross-entropy of
    eq. (2) is over background pixels only. It is an mmseg decode head: any mmseg loss fits.

    Args:
        in_channels: channels of the backbone's last map (512 for ResNet-18, 2048 for ResNet-50).
        num_classes: background classes.
        out_channels: channels of the logits; ``num_classes`` if None.
        threshold: see mmseg's ``BaseDecodeHead``; needed when ``out_channels`` is 1.
        pool_scales: bins of the pyramid pooling.
        psp_channels: channels after the PSP module.
        up_channels: channels after each x2 upsampling.
        skip_channels: channels of the map at the neck's position, filled, which is the first of
            those it is given; it joins what the first upsampling makes, which must be of its size
            (the stages behind the neck have a stride of 2 in all). None reads the last map alone,
            as in the paper.
        psp_dropout: share of channels dropped after the PSP module.
        dropout_ratio: share of channels dropped after each upsampling.
        loss_decode: config of the loss, or a list of them.
        ignore_index: label that no loss counts.
        in_index: which of the given feature maps to read.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int = 3,
        out_channels: int | None = None,
        threshold: float | None = None,
        pool_scales: Sequence[int] = (1, 2, 3, 6),
        psp_channels: int = 1024,
        up_channels: Sequence[int] = (256, 64, 64),
        skip_channels: int | None = None,
        psp_dropout: float = 0.3,
        dropout_ratio: float = 0.15,
        loss_decode: dict | Sequence[dict] = (
            dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
        ),
        ignore_index: int = 255,
        in_index: int = -1,
        init_cfg: dict | None = None,
    ) -> None:
        loss_decode = loss_decode if isinstance(loss_decode, dict) else list(loss_decode)
        super().__init__(
            in_channels,
            up_channels[-1],
            num_classes=num_classes,
            # named, as mmseg's head suggests another form for two classes where it is None
            out_channels=num_classes if out_channels is None else out_channels,
            threshold=threshold,
            dropout_ratio=dropout_ratio,
            in_index=in_index,
            loss_decode=loss_decode,
            ignore_index=ignore_index,
            align_corners=False,
            init_cfg=init_cfg,
        )
        self.pyramid_pooling = PPM(
            pool_scales,
            in_channels,
            in_channels,
            conv_cfg=None,
            norm_cfg=None,
            act_cfg=None,
            align_corners=False,
            bias=False,
        )
        self.bottleneck = PyramidBottleneck(in_channels, psp_channels, len(pool_scales))
        self.psp_dropout = nn.Dropout2d(psp_dropout)
        self.dropout = nn.Dropout2d(dropout_ratio)  # mmseg has none where the ratio is 0
        channels = (psp_channels, *up_channels)
        self.upsample = nn.ModuleList(
            UpsampleBlock(before, after) for before, after in pairwise(channels)
        )
        self.skip = nn.Conv2d(skip_channels, up_channels[0], 1) if skip_channels else None

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Feature maps, the read one N,C,h,w -> logits N,K,8h,8w with three upsamplings."""
        features = self._transform_inputs(inputs)
        pooled = [pool(features) for pool in self.pyramid_pooling]
        x = self.psp_dropout(self.bottleneck(features, pooled).relu())
        for number, block in enumerate(self.upsample[:-1]):
            x = block(x)
            if number == 0 and self.skip is not None:
                x = x + self.skip(inputs[0])
            x = self.dropout(x)
        return self.cls_seg(self.upsample[-1](x))
