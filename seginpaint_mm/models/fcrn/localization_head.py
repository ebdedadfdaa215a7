"""The localisation network of FCRN: a box per pixel, in units of strides (Section 4)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmdet.structures.bbox import bbox_overlaps
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.models.fcrn.fcrn_head import DilatedClassifier, EnlargedMaps
from seginpaint_mm.models.fcrn.localization_targets import (
    WEIGHTINGS,
    LocalizationTargets,
    image_size,
    localization_targets,
)
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

SIZES = ('log', 'linear')
# Sizes are clamped to size_scale / MAX_RATIO ... size_scale * MAX_RATIO in both directions: no
# area is 0, no logarithm infinite, no exponential overflows.
MAX_RATIO = 1000.0


@MODELS.register_module()
@dataclass(frozen=True, kw_only=True)
class BoxCoder:
    """Offsets from a pixel to its box's centre, and the box's size, in units that a net can learn.

    dx = (cx - x) / ``offset_scale``, dy likewise; with ``size='log'`` the others are
    log(w / ``size_scale``) and log(h / ``size_scale``), with ``'linear'`` w / ``size_scale`` and
    h / ``size_scale``. The paper names the four targets, not their units: these are ours.

    Args:
        offset_scale: In pixels of the image.
        size_scale: In pixels of the image; boxes of up to 1000 times it, and down to a thousandth
            of it, come back as they were; others are clamped to these sizes.
        size: ``'log'`` or ``'linear'``.

    Raises:
        ValueError: when a scale is not above 0, or ``size`` is another word.
    """

    offset_scale: float = 64.0
    size_scale: float = 64.0
    size: str = 'log'

    def __post_init__(self) -> None:
        for name in ('offset_scale', 'size_scale'):
            if not getattr(self, name) > 0:
                raise ValueError(f'BoxCoder: {name} must be above 0, not {getattr(self, name)}.')
        if self.size not in SIZES:
            raise ValueError(f'BoxCoder: size must be one of {SIZES}, not {self.size!r}.')

    def encode(self, points: Tensor, boxes: Tensor) -> Tensor:
        """Encode ``boxes`` as seen from pixels at ``points``.

        Args:
            points: (..., 2) x, y in pixels of the image; the centre of pixel (0, 0) is (.5, .5).
            boxes: (..., 4) x1, y1, x2, y2 in pixels, right and bottom exclusive.

        Returns:
            Tensor: (..., 4) float32 dx, dy, w, h.
        """
        points, boxes = points.float(), boxes.float()
        top_left, bottom_right = boxes[..., :2], boxes[..., 2:]
        offsets = ((top_left + bottom_right) / 2 - points) / self.offset_scale
        sizes = (bottom_right - top_left) / self.size_scale
        sizes = sizes.clamp(1 / MAX_RATIO, MAX_RATIO)
        if self.size == 'log':
            sizes = sizes.log()
        return torch.cat((offsets, sizes), dim=-1)

    def decode(self, points: Tensor, deltas: Tensor) -> Tensor:
        """The boxes that pixels at ``points`` mean by ``deltas``; the inverse of :meth:`encode`.

        Args:
            points: (..., 2) x, y in pixels of the image.
            deltas: (..., 4) dx, dy, w, h of any floating type.

        Returns:
            Tensor: (..., 4) float32 x1, y1, x2, y2 with x1 < x2, y1 < y2; not cut to the image.
        """
        points, deltas = points.float(), deltas.float()
        centres = points + deltas[..., :2] * self.offset_scale
        half = self._decode_sizes(deltas[..., 2:]) / 2
        return torch.cat((centres - half, centres + half), dim=-1)

    def _decode_sizes(self, sizes: Tensor) -> Tensor:
        if self.size == 'log':
            limit = math.log(MAX_RATIO)
            return sizes.clamp(-limit, limit).exp() * self.size_scale
        return sizes.clamp(1 / MAX_RATIO, MAX_RATIO) * self.size_scale


def map_points(
    size: tuple[int, int], stride: int = 1, device: torch.device | None = None
) -> Tensor:
    """(h, w, 2) float32: the image points x, y that the pixels of a map of that stride stand for.

    Row i, column j stands for ((j + .5) * stride, (i + .5) * stride).
    """
    rows, columns = (
        (torch.arange(length, device=device, dtype=torch.float32) + 0.5) * stride for length in size
    )
    y, x = torch.meshgrid(rows, columns, indexing='ij')
    return torch.stack((x, y), dim=-1)


LOSS_RESOLUTIONS = ('prediction', 'label')


@MODELS.register_module()
class LocalizationHead(BaseModule):
    """The top of the localisation net (Sec. 2.1, 2.3), also an mmseg segmentor's auxiliary head.

    Channels 4t to 4t + 3 are dx, dy, w and h of thing t, see :class:`BoxCoder`. They are learnt
    on the visible pixels of the things' instances only: elsewhere they mean nothing.

    Args:
        in_channels: Channels of the map it reads.
        num_things: T, the number of the data set's ``thing_ids``.
        box_coder: Config of a :class:`BoxCoder`.
        stride: Pixels of the image a pixel of the map it reads.
        kernel_size: Of the classifier, odd.
        dilation: Of the classifier.
        hidden_channels: Widths of the classifier's hidden layers.
        dropout: Share of channels dropped before the classifier's last convolution.
        weighting: Of pixels in the loss, see :func:`localization_targets`.
        loss_resolution: ``'prediction'`` takes the truth at the middle of each predicted pixel,
            ``'label'`` enlarges the predictions to the images, as it is done for finding
            instances: for small images, whose objects fall between the pixels of the maps.
        loss_box: Config of the loss, see :class:`BootstrappedBoxLoss`.
        normalize_by_box: Measure errors of offsets in the loss in widths and heights of the true
            box, as Fast R-CNN does, not in ``offset_scale``; so an error of a tenth of an object
            costs the same whatever its size. What the maps mean does not change.
        in_index: Which of the given feature maps to read.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: for an unknown ``weighting`` or ``loss_resolution``.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_things: int,
        box_coder: dict,
        stride: int = 8,
        kernel_size: int = 5,
        dilation: int = 12,
        hidden_channels: Sequence[int] = (),
        dropout: float = 0.0,
        weighting: str = 'inverse_sqrt_area',
        loss_resolution: str = 'prediction',
        loss_box: dict | None = None,
        normalize_by_box: bool = False,
        in_index: int = -1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if weighting not in WEIGHTINGS:
            raise ValueError(
                f'LocalizationHead: weighting must be one of {WEIGHTINGS}, not {weighting!r}.'
            )
        if loss_resolution not in LOSS_RESOLUTIONS:
            raise ValueError(
                f'LocalizationHead: loss_resolution must be one of {LOSS_RESOLUTIONS}, not '
                f'{loss_resolution!r}.'
            )
        self.num_things = num_things
        self.box_coder = MODELS.build(box_coder)
        self.stride = stride
        self.weighting = weighting
        self.loss_resolution = loss_resolution
        self.normalize_by_box = normalize_by_box
        self.in_index = in_index
        self.classifier = DilatedClassifier(
            in_channels=in_channels,
            out_channels=4 * num_things,
            kernel_size=kernel_size,
            dilation=dilation,
            hidden_channels=hidden_channels,
            dropout=dropout,
            full_precision=True,  # an offset of 8 units of 128 pixels would be 2 pixels off
        )
        self.loss_box = MODELS.build(loss_box or dict(type='BootstrappedBoxLoss'))

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Feature maps, the read one N,C,h,w -> N,4T,h,w, float32 also in mixed precision."""
        return self.classifier(inputs[self.in_index])

    def loss(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[SceneSample],
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """``loss_box``, and ``box_iou``, the mean IoU over the pixels of instances, to be logged.

        Args:
            inputs: Feature maps.
            data_samples: With ``gt_instances``.
            train_cfg: What mmseg hands to its heads; nothing is read from it.
        """
        return self.loss_by_feat(self.forward(inputs), data_samples)

    def loss_by_feat(self, maps: Tensor, data_samples: Sequence[SceneSample]) -> dict[str, Tensor]:
        """The same from the maps N,4T,h,w.

        Raises:
            ValueError: when the maps are not at the head's stride, or the truth is wrong, see
                :func:`localization_targets`.
        """
        stride = 1 if self.loss_resolution == 'label' else self.stride
        targets = localization_targets(
            data_samples, stride=stride, num_things=self.num_things, weighting=self.weighting
        )
        size = image_size(data_samples[0])
        self.check_stride(maps, size)
        of_maps = size if self.loss_resolution == 'label' else maps.shape[-2:]
        points = map_points(of_maps, stride, maps.device)[targets.rows, targets.columns]
        deltas = self._deltas_at(targets, maps, size)
        boxes = self.box_coder.decode(points, deltas.detach())
        ious = bbox_overlaps(boxes, targets.boxes, is_aligned=True)
        units = self._error_units(targets.boxes)
        loss = self.loss_box(
            deltas / units,
            self.box_coder.encode(points, targets.boxes) / units,
            ious,
            targets.images,
            targets.weights,
        )
        return dict(loss_box=loss, box_iou=ious.sum() / max(len(ious), 1))

    def _error_units(self, boxes: Tensor) -> Tensor:
        """In what the loss measures errors of each encoded number, float32 (P, 4)."""
        units = torch.ones_like(boxes)
        if self.normalize_by_box:
            units[:, :2] = (boxes[:, 2:] - boxes[:, :2]) / self.box_coder.offset_scale
        return units

    def _deltas_at(
        self, targets: LocalizationTargets, maps: Tensor, size: tuple[int, int]
    ) -> Tensor:
        """What maps N,4T,h,w of images (H, W) say at the targets' pixels, float32 (P, 4)."""
        if self.loss_resolution == 'prediction':
            of_things = maps.unflatten(1, (self.num_things, 4)).movedim(2, -1)
            places = (targets.images, targets.labels, targets.rows, targets.columns)
            return of_things[places].float()
        deltas = []
        for image, of_image in enumerate(maps):
            where = targets.images == image
            pixels = (targets.labels[where], targets.rows[where], targets.columns[where])
            deltas.append(self.enlarged(of_image, size).read(*pixels))
        return torch.cat(deltas)  # targets are in the images' order

    def upsample(self, maps: Tensor, size: tuple[int, int]) -> Tensor:
        """Maps N,4T,h,w at the head's stride -> N,4T,H,W float32 of the image's (H, W).

        Bilinear. Offsets are interpolated as positions of the centre, which are the same all over
        an instance; as offsets they would be wrong in the outermost half stride, where nothing
        can be interpolated.

        Raises:
            ValueError: when the maps are not at the head's stride.
        """
        self.check_stride(maps, size)
        stride, (height, width) = self.stride, size
        coarse = self._positions(maps.shape[-2:], stride, maps.device)
        fine = self._positions(size, 1, maps.device)
        per_thing = maps.float().unflatten(1, (self.num_things, 4))
        enlarged = F.interpolate(
            (per_thing + coarse).flatten(1, 2), scale_factor=stride, mode='bilinear'
        )[..., :height, :width]
        return (enlarged.unflatten(1, (self.num_things, 4)) - fine).flatten(1, 2)

    def enlarged(self, maps: Tensor, size: tuple[int, int]) -> EnlargedMaps:
        """Maps (4T, h, w) of an image of (H, W), enlarged like :meth:`upsample` where it is read.

        The maps may be those of the image padded. With ``loss_resolution='prediction'`` only
        pixels of the maps on an object were ever trained: :meth:`EnlargedMaps.read_object`
        continues them.
        """
        return EnlargedMaps(
            maps,
            stride=self.stride,
            size=size,
            offset_scale=self.box_coder.offset_scale,
            continues=self.loss_resolution == 'prediction',
        )

    def _positions(self, size: tuple[int, int], stride: int, device: torch.device) -> Tensor:
        """(4, h, w): what turns offsets from a pixel into encoded positions; 0 for the sizes."""
        points = map_points(size, stride, device).movedim(-1, 0) / self.box_coder.offset_scale
        return torch.cat((points, torch.zeros_like(points)))

    def check_stride(self, maps: Tensor, image_size: tuple[int, int]) -> None:
        """See that maps N,4T,h,w fit images of (H, W), of which the last pixels may stick out.

        Raises:
            ValueError: when they are not at the head's stride.
        """
        size = tuple(maps.shape[-2:])
        expected = tuple(math.ceil(length / self.stride) for length in image_size)
        if size != expected:
            raise ValueError(
                f'The localisation maps are {size} (height, width) for images of {image_size}, '
                f"at stride {self.stride} they are {expected}: set the localisation head's stride "
                f'to that of its backbone.'
            )
