"""The foreground branch's decoder, and the readout of a neck's logits (Sec. III-B)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from seginpaint_mm.models.data_preprocessor import padding_mask
from seginpaint_mm.models.labels import IGNORE_INDEX
from seginpaint_mm.models.mpi.background_head import BackgroundHead
from seginpaint_mm.models.mpi.mpi_neck import FilledMaps
from seginpaint_mm.ops.upsampled_conv import UpsampleBlock
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

BINARY_CROSS_ENTROPY = dict(type='mmseg.CrossEntropyLoss', use_sigmoid=True, avg_non_ignore=True)


class ForegroundLossMixin:
    """Makes an mmseg decode head learn ``gt_foreground`` by eq. (1)."""

    has_own_classes = True  # foreground or not: ClassCountHook leaves it alone

    def loss_by_feat(
        self, seg_logits: Tensor, batch_data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """Logits N,1,h,w, resized to the truth's H,W, against ``gt_foreground``.

        The padding of images smaller than the batch carries no loss.
        """
        target = torch.stack([sample.gt_foreground.data for sample in batch_data_samples])
        padding = padding_mask(target, batch_data_samples)
        if padding is not None:
            target = target.masked_fill(padding, IGNORE_INDEX)
        if seg_logits.shape[-2:] != target.shape[-2:]:
            seg_logits = F.interpolate(seg_logits, size=target.shape[-2:], mode='bilinear')
        loss = self.loss_decode(seg_logits, target.squeeze(1).long(), ignore_index=IGNORE_INDEX)
        return dict(loss_bce=loss)


@MODELS.register_module()
class ForegroundHead(ForegroundLossMixin, BaseDecodeHead):
    """Two 3x3 convolutions, two upsampling blocks, one logit a pixel (> 0 = foreground).

    Args:
        in_channels: channels of the map it reads.
        channels: channels of the two 3x3 convolutions.
        up_channels: channels after each x2 upsampling.
        extra_upsample: nearest x2 upsamplings of the logits: 0 for the own branch at 1/4 of the
            image's size, 1 for features shared with the main branch at 1/8.
        bias: whether the last 1x1 convolution has a bias. The published network has none; the
            checkpoints of version 0.1 have one, and keep it (:meth:`earlier_form`).
        loss_decode: config of the loss on N,1,H,W logits and N,H,W targets.
        in_index: which of the given feature maps to read.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        channels: int = 512,
        up_channels: Sequence[int] = (256, 128),
        extra_upsample: int = 0,
        bias: bool = False,
        loss_decode: dict | None = None,
        in_index: int = -1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            in_channels,
            up_channels[-1],
            num_classes=2,
            out_channels=1,
            threshold=0.5,
            dropout_ratio=0,
            in_index=in_index,
            loss_decode=loss_decode or BINARY_CROSS_ENTROPY,
            init_cfg=init_cfg,
        )
        if not bias:
            self.conv_seg.bias = None
        self.convs = nn.Sequential(
            *_conv_bn_relu(in_channels, channels), *_conv_bn_relu(channels, channels)
        )
        widths = (channels, *up_channels)
        self.upsample = nn.Sequential(
            *(UpsampleBlock(before, after) for before, after in pairwise(widths))
        )
        self.extra_upsample = extra_upsample

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Feature maps, the read one N,C,h,w -> logits N,1,H,W (4h, or 8h with the extra x2)."""
        features = self._transform_inputs(inputs)
        logits = self.cls_seg(self.upsample(self.convs(features)))
        if self.extra_upsample:
            logits = F.interpolate(logits, scale_factor=2**self.extra_upsample, mode='nearest')
        return logits

    def earlier_form(self, state: Mapping[str, object], prefix: str) -> dict[str, object]:
        """Say which arguments make this the head of an earlier version's checkpoint.

        Args:
            state: the checkpoint's state dict.
            prefix: put before this head's names there.

        Returns:
            ``bias=True`` where the checkpoint has one and this head has none.
        """
        has_bias = f'{prefix}conv_seg.bias' in state
        return dict(bias=True) if has_bias and self.conv_seg.bias is None else {}

    def take_earlier_form(self, form: Mapping[str, object]) -> None:
        """Become the head of what :meth:`earlier_form` returned."""
        self.conv_seg.bias = nn.Parameter(self.conv_seg.weight.new_zeros(1))


def _conv_bn_relu(in_channels: int, out_channels: int) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


@MODELS.register_module()
class PSPForegroundHead(ForegroundLossMixin, BackgroundHead):
    """The PSP decoder with one logit a pixel: the first network of the two-stage baseline [6].

    Args:
        in_channels: channels of the backbone's last map.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(self, *, in_channels: int, init_cfg: dict | None = None) -> None:
        super().__init__(
            in_channels=in_channels,
            num_classes=2,
            out_channels=1,
            threshold=0.5,
            loss_decode=BINARY_CROSS_ENTROPY,
            init_cfg=init_cfg,
        )


@MODELS.register_module()
class NeckForegroundHead(ForegroundLossMixin, BaseDecodeHead):
    """Auxiliary head of an mmseg segmentor that trains the logits of its :class:`MPINeck`.

    Args:
        loss_decode: config of the loss on N,1,H,W logits and N,H,W targets.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(self, *, loss_decode: dict | None = None, init_cfg: dict | None = None) -> None:
        super().__init__(
            1,
            1,
            num_classes=2,
            out_channels=1,
            threshold=0.5,
            dropout_ratio=0,
            in_index=-1,
            loss_decode=loss_decode or BINARY_CROSS_ENTROPY,
            init_cfg=init_cfg,
        )
        del self.conv_seg  # the logits are the neck's: nothing here is learnt

    def init_weights(self) -> None:
        """Nothing to initialise."""

    def forward(self, inputs: FilledMaps) -> Tensor:
        """Return the N,1,H,W logits of the neck's output.

        Raises:
            ValueError: when the maps do not come from an :class:`MPINeck`.
        """
        if not hasattr(inputs, 'foreground_logits'):
            raise ValueError(
                'NeckForegroundHead trains the foreground logits of an MPINeck: set the '
                "segmentor's neck to dict(type='MPINeck', foreground_head=...)."
            )
        return inputs.foreground_logits
