"""``FCRNHead``: the classifier on top of a dilated residual network (Sec. 2.3)."""

from collections.abc import Sequence

import torch
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor

from seginpaint_mm.models.fcrn.dilated_classifier import DilatedClassifier
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

LOSS_RESOLUTIONS = ('prediction', 'label')


@MODELS.register_module()
class FCRNHead(BaseDecodeHead):
    """A k x k convolution with dilation that classifies each pixel; an mmseg decode head.

    Linear, as in the paper's vanilla nets, without hidden layers. Two 3x3 layers of dilation 12
    see as far as one of 5x5 (FoV 392 at 1/8).

    Args:
        in_channels: Channels of the map it reads: 2048 for ResNet-50, -101 and -152, 512 for -18.
        num_classes: Classes, background included where the data set has one.
        kernel_size: Of the classifier, odd.
        dilation: Of the classifier.
        hidden_channels: Widths of the classifier's hidden layers, e.g. ``(512,)``.
        dropout_ratio: Share of channels dropped before the last layer.
        loss_resolution: ``'prediction'`` takes the labels at the middle of each predicted pixel,
            ``'label'`` enlarges the predictions to the labels, as mmseg's own heads do.
        loss_decode: Config of the loss, or a list of them.
        ignore_index: Label that no loss counts.
        in_index: Which of the given feature maps to read.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: for an unknown ``loss_resolution`` or an even ``kernel_size``.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_classes: int,
        kernel_size: int = 5,
        dilation: int = 12,
        hidden_channels: Sequence[int] = (),
        dropout_ratio: float = 0.0,
        loss_resolution: str = 'prediction',
        loss_decode: dict | Sequence[dict] = (
            dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
        ),
        ignore_index: int = 255,
        in_index: int = -1,
        init_cfg: dict | None = None,
    ) -> None:
        if loss_resolution not in LOSS_RESOLUTIONS:
            raise ValueError(
                f'FCRNHead: loss_resolution must be one of {LOSS_RESOLUTIONS}, not '
                f'{loss_resolution!r}.'
            )
        super().__init__(
            in_channels,
            in_channels,
            num_classes=num_classes,
            out_channels=num_classes,
            dropout_ratio=dropout_ratio,
            in_index=in_index,
            loss_decode=loss_decode if isinstance(loss_decode, dict) else list(loss_decode),
            ignore_index=ignore_index,
            align_corners=False,
            init_cfg=init_cfg,
        )
        del self.conv_seg  # 1x1 in mmseg
        self.classifier = DilatedClassifier(
            in_channels=in_channels,
            out_channels=num_classes,
            kernel_size=kernel_size,
            dilation=dilation,
            hidden_channels=hidden_channels,
            dropout=dropout_ratio,
        )
        self.loss_resolution = loss_resolution

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Feature maps, the read one N,C,h,w -> logits N,K,h,w."""
        return self.classifier(self._transform_inputs(inputs))

    def loss_by_feat(
        self, seg_logits: Tensor, batch_data_samples: Sequence[SceneSample]
    ) -> dict[str, Tensor]:
        """The losses and ``acc_seg``, in percent, of logits N,K,h,w.

        Args:
            seg_logits: From :meth:`forward`.
            batch_data_samples: With ``gt_sem_seg``, all of one size.
        """
        if self.loss_resolution == 'prediction':
            size = tuple(seg_logits.shape[-2:])
            batch_data_samples = [_reduced(sample, size) for sample in batch_data_samples]
        return super().loss_by_feat(seg_logits, batch_data_samples)


def field_of_view(kernel_size: int, dilation: int, stride: int) -> int:
    """FoV of Tables 1 and 3: side, in pixels of the image, of what a linear classifier sees.

    Args:
        kernel_size: Of the classifier.
        dilation: Of the classifier.
        stride: Of the features, 8 for a resolution of 1/8.

    Example:
        >>> field_of_view(kernel_size=5, dilation=12, stride=8)
        392
    """
    return ((kernel_size - 1) * dilation + 1) * stride


def labels_at(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """Labels (..., H, W) in the middle of each pixel of a map: (..., h, w) of ``size`` (h, w)."""
    rows, columns = (
        ((torch.arange(small, device=labels.device) + 0.5) * (large / small)).long()
        for small, large in zip(size, labels.shape[-2:], strict=True)
    )
    return labels[..., rows[:, None], columns]


def _reduced(sample: SceneSample, size: tuple[int, int]) -> SceneSample:
    reduced = SceneSample()
    reduced.gt_sem_seg = PixelData(data=labels_at(sample.gt_sem_seg.data, size))
    return reduced
