"""The semantic network of FCRN: dropout in residual blocks, dilated classifier (Section 3)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from scipy import ndimage
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


class DilatedClassifier(nn.Module):
    """A k x k convolution with dilation that keeps the map's size, optionally behind hidden ones.

    Linear, as in the paper's vanilla nets, without hidden layers. Each hidden layer is such a
    convolution too, followed by ReLU; dropout comes before the last convolution.

    Args:
        in_channels: Channels of the features.
        out_channels: Channels of the result.
        kernel_size: k, odd.
        dilation: Distance in pixels of the features between neighbouring weights of a kernel.
        hidden_channels: Width of each hidden layer.
        dropout: Share of channels dropped before the last convolution.
        full_precision: Compute the last convolution in float32 in mixed precision, too: bfloat16
            rounds a result of 4 to 8 by up to 1/64.

    Attributes:
        field_of_view: Side, in pixels of the features, of what one output pixel sees; times the
            features' stride it is the FoV of Tables 1 and 3, which count ((k-1)d+1) * stride.

    Raises:
        ValueError: when ``kernel_size`` is even: such a kernel has no centre.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 5,
        dilation: int = 12,
        hidden_channels: Sequence[int] = (),
        dropout: float = 0.0,
        full_precision: bool = False,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f'DilatedClassifier: kernel_size must be odd, not {kernel_size}.')
        self.field_of_view = 1 + (len(hidden_channels) + 1) * (kernel_size - 1) * dilation
        padding = kernel_size // 2 * dilation
        widths = (in_channels, *hidden_channels)
        self.hidden = nn.Sequential()
        for before, after in pairwise(widths):
            self.hidden.append(nn.Conv2d(before, after, kernel_size, 1, padding, dilation))
            self.hidden.append(nn.ReLU(inplace=True))
        self.dropout = nn.Dropout2d(dropout)
        self.conv = nn.Conv2d(widths[-1], out_channels, kernel_size, 1, padding, dilation)
        self.full_precision = full_precision

    def forward(self, features: Tensor) -> Tensor:
        """Features N,C,h,w -> N,K,h,w."""
        features = self.dropout(self.hidden(features))
        if not self.full_precision:
            return self.conv(features)
        with torch.autocast(features.device.type, enabled=False):
            return self.conv(features.to(self.conv.weight.dtype))


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


class EnlargedMaps:
    """What :meth:`LocalizationHead.upsample` makes of an image's maps, one pixel at a time.

    Few pixels vote for a thing, or lie on one in training, and each reads the 4 maps of that thing:
    to enlarge all 4T maps takes, with 80 things, seconds and gibibytes. The values are those of
    ``upsample`` but for rounding.

    A net that learnt only in the middle of each pixel of its map says anything beside an object:
    there :meth:`read_object` continues what it says on the object.

    Args:
        maps: Floats (4T, h, w), of any type, at the stride.
        stride: Pixels of the image a pixel of the maps.
        size: (H, W) of the image; the last row and column of the maps may stick out of it.
        offset_scale: Pixels a unit of the encoded offsets, see :class:`BoxCoder`.
        continues: Whether :meth:`read_object` continues predictions beyond the object.

    Attributes:
        shape: (4T, H, W).
    """

    def __init__(
        self,
        maps: Tensor,
        *,
        stride: int,
        size: tuple[int, int],
        offset_scale: float,
        continues: bool = False,
    ) -> None:
        self._maps = maps
        self._stride = stride
        self._offset_scale = offset_scale
        self._continues = continues
        self.shape = (len(maps), *size)

    def __len__(self) -> int:
        return len(self._maps)

    def read(self, things: int | Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Encoded boxes of things at some pixels; gradients reach the maps.

        Offsets are interpolated as positions, see :meth:`LocalizationHead.upsample`.

        Args:
            things: From 0 to T - 1, one for all pixels or int64 (V,).
            rows: int64 (V,), below H.
            columns: int64 (V,), below W.

        Returns:
            Tensor: float32 (V, 4) on the maps' device.
        """
        device = self._maps.device
        things = torch.as_tensor(things, device=device).expand(len(rows))
        return self._interpolated(things, rows.to(device), columns.to(device), None)

    def read_object(self, thing: int, rows: Tensor, columns: Tensor) -> Tensor:
        """Encoded boxes of a thing at all the pixels that may belong to its objects.

        With ``continues`` the pixels of the map whose middle is none of these count as untrained:
        the value of the nearest trained one, a position of the centre and a size, replaces theirs.

        Args:
            thing: From 0 to T - 1.
            rows: int64 (V,), below H, of all these pixels.
            columns: int64 (V,), below W.

        Returns:
            Tensor: float32 (V, 4) on the maps' device.
        """
        if not self._continues:
            return self.read(thing, rows, columns)
        device = self._maps.device
        source = self._nearest_trained(rows, columns).to(device)
        things = torch.as_tensor(thing, device=device).expand(len(rows))
        return self._interpolated(things, rows.to(device), columns.to(device), source)

    def _nearest_trained(self, rows: Tensor, columns: Tensor) -> Tensor:
        """int64 (2, h, w): row and column of the trained pixel of the map nearest to each."""
        size, middle = tuple(self._maps.shape[1:]), self._stride // 2
        is_middle = (rows % self._stride == middle) & (columns % self._stride == middle)
        trained = torch.zeros(size, dtype=torch.bool)
        trained[rows[is_middle] // self._stride, columns[is_middle] // self._stride] = True
        if not trained.any():
            return torch.stack(torch.meshgrid(*map(torch.arange, size), indexing='ij'))
        nearest = ndimage.distance_transform_edt(
            ~trained.numpy(), return_distances=False, return_indices=True
        )
        return torch.from_numpy(nearest).long()

    def _interpolated(
        self, things: Tensor, rows: Tensor, columns: Tensor, source: Tensor | None
    ) -> Tensor:
        height, width = self._maps.shape[1:]
        above, below, down = self._neighbours(rows, height)
        left, right, across = self._neighbours(columns, width)
        corners = [(row, column) for row in (above, below) for column in (left, right)]
        if source is not None:
            corners = [tuple(source[:, row, column]) for row, column in corners]
        values = [self._at(things, row, column) for row, column in corners]
        upper, lower = torch.lerp(*values[:2], across), torch.lerp(*values[2:], across)
        return torch.lerp(upper, lower, down) - self._positions(rows, columns, 1)

    def _neighbours(self, places: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Places in the map before and after places in the image, and the way between, (V, 1)."""
        exact = ((places + 0.5) / self._stride - 0.5).clamp(min=0)
        before = exact.long()
        return before, (before + 1).clamp(max=length - 1), (exact - before)[:, None]

    def _at(self, things: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Float32 (V, 4) at pixels of the map, with positions of the centre for offsets."""
        values = self._maps.unflatten(0, (-1, 4))[things, :, rows, columns]
        return values.float() + self._positions(rows, columns, self._stride)

    def _positions(self, rows: Tensor, columns: Tensor, stride: int) -> Tensor:
        """Float32 (V, 4): what turns offsets from pixels into positions; 0 for the sizes."""
        x, y = ((places + 0.5) * stride / self._offset_scale for places in (columns, rows))
        return torch.stack((x, y, torch.zeros_like(x), torch.zeros_like(x)), dim=1)


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
