"""Predict the full mask of an object from its visible mask (SV, SF; Section 3.1)."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from mmseg.models.backbones import ResNet
from torch import Tensor, nn
from torchvision.ops import roi_align, roi_pool

from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.graphs import is_recorded

_COLOURS = 3


@MODELS.register_module()
class ObjectResNet(ResNet):
    """mmseg's ResNet of an image and a mask; objects of one image share the image's first layer.

    The features depend on the object's mask from the first non-linear layer on; but the first
    convolution is a sum over channels, and :meth:`embed` does the image's part of it once.

    The filters of the fourth channel start as a copy of the red channel's, as in SeGAN's published
    code, also where weights of three channels are loaded (torchvision's parameter names).

    Args:
        depth: 18, 34, 50, 101 or 152.
        base_channels: Of the first stage; 64 in the original network.
        strides: Stride of each stage; its length is the number of stages.
        norm_cfg: Normalisation layer.
        norm_eval: Keep batch norm's running statistics fixed while training.
        with_cp: Trade time for memory by re-computing activations in the backward pass.
        init_cfg: E.g. ``dict(type='Pretrained', checkpoint='torchvision://resnet18')``.
    """

    def __init__(
        self,
        *,
        depth: int,
        base_channels: int = 64,
        strides: Sequence[int] = (1, 2, 2, 2),
        norm_cfg: dict | None = None,
        norm_eval: bool = False,
        with_cp: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        num_stages = len(strides)
        super().__init__(
            depth,
            in_channels=_COLOURS + 1,
            stem_channels=base_channels,
            base_channels=base_channels,
            num_stages=num_stages,
            strides=tuple(strides),
            dilations=(1,) * num_stages,
            out_indices=(num_stages - 1,),
            norm_cfg=norm_cfg or dict(type='BN', requires_grad=True),
            norm_eval=norm_eval,
            with_cp=with_cp,
            zero_init_residual=False,
            init_cfg=init_cfg,
        )

    def init_weights(self) -> None:
        """As mmseg's; without a checkpoint the fourth channel is copied from the red one here."""
        super().init_weights()
        if isinstance(self.init_cfg, dict) and self.init_cfg['type'] == 'Pretrained':
            return
        with torch.no_grad():
            self.conv1.weight[:, _COLOURS] = self.conv1.weight[:, 0]

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: object) -> None:
        load_wider(state_dict, f'{prefix}conv1.weight', lambda weight: weight[:, :1])
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def embed(self, images: Tensor) -> Tensor:
        """The image's part of the first convolution.

        Args:
            images: B,3,H,W float32, RGB, normalised.

        Returns:
            Tensor: B,C,h,w for :meth:`forward`.
        """
        # a bias is there where batch norm was folded into the layer
        return self._convolve(images, self.conv1.weight[:, :_COLOURS], self.conv1.bias)

    def forward(self, embedded: Tensor, masks: Tensor, image_index: Tensor) -> Tensor:
        """Features of N objects, N,C',h',w'.

        Args:
            embedded: B,C,h,w of :meth:`embed`.
            masks: N,H,W float in [0, 1], 1 = the object.
            image_index: int64 (N,), each object's image in the batch.
        """
        of_masks = self._convolve(masks[:, None], self.conv1.weight[:, _COLOURS:], None)
        x = self.maxpool(self.relu(self.norm1(embedded[image_index] + of_masks)))
        for name in self.res_layers:
            x = getattr(self, name)(x)
        return x

    def _convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.conv2d(x, weight, bias, self.conv1.stride, self.conv1.padding)


def load_wider(state_dict: dict, name: str, others: Callable[[Tensor], Tensor]) -> None:
    """Add filters of further channels to a first convolution's of RGB, in place.

    Args:
        state_dict: Of a checkpoint, with three channels or with all of them.
        name: Of the weight, C,3,h,w.
        others: Of these filters, those of the further channels, C,n,h,w.
    """
    weight = state_dict.get(name)
    if weight is not None and weight.shape[1] == _COLOURS:
        state_dict[name] = torch.cat([weight, others(weight)], dim=1)


def enlarge(logits: Tensor, size: int) -> Tensor:
    """Return probabilities N,``size``,``size`` in [0, 1] of N,m,m logits, upsampled bilinearly."""
    return F.interpolate(
        logits.float().sigmoid()[:, None], size=(size, size), mode='bilinear', align_corners=True
    )[:, 0]


ROI_LAYERS = ('pool', 'align')


@MODELS.register_module()
class AmodalSegmentor(BaseModule):
    """An image, an object's visible mask and a box around it give the object's full mask.

    Features of the box are pooled to ``roi_size`` x ``roi_size``; one fully connected layer, as a
    convolution of that size, gives ``mask_size`` x ``mask_size`` logits (o in the paper, 58x58).
    A fixed bilinear upsampling makes ``output_size`` x ``output_size`` of them (O, 256x256).

    Args:
        backbone: Config of an :class:`ObjectResNet`.
        in_channels: Channels of its features.
        pool_size: Side of the average pooling, at stride 1, that follows the backbone: 7 as in the
            published code (features of 500x500 are then 10x10, one in 50 pixels), or 1 for the
            last convolution's own, as the paper says.
        roi_layer: ``'pool'``, the published max pooling, or ``'align'`` for RoIAlign.
        roi_size: Side of the pooled features.
        mask_size: Side of the mask that is predicted and learnt.
        output_size: Side of the upsampled mask, which the painter reads.
        loss_mask: Config of the loss; called with logits, visible and full masks (n, h, w).
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: when ``roi_layer`` is another word.
    """

    sees_others = False

    def __init__(
        self,
        *,
        backbone: dict,
        loss_mask: dict,
        in_channels: int = 512,
        pool_size: int = 7,
        roi_layer: str = 'pool',
        roi_size: int = 6,
        mask_size: int = 58,
        output_size: int = 256,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if roi_layer not in ROI_LAYERS:
            raise ValueError(
                f'AmodalSegmentor: roi_layer must be one of {ROI_LAYERS}, not {roi_layer!r}.'
            )
        self.backbone = MODELS.build(backbone)
        self.mask_layer = nn.Conv2d(in_channels, mask_size**2, roi_size)
        self.loss_mask = MODELS.build(loss_mask)
        self.pool_size = pool_size
        self.roi_layer = roi_layer
        self.roi_size = roi_size
        self.mask_size = mask_size
        self.output_size = output_size

    def embed(self, images: Tensor) -> Tensor:
        """What the objects of an image share: B,3,H,W float32, normalised, to B,C,h,w."""
        return self.backbone.embed(images)

    def forward(
        self, embedded: Tensor, masks: Tensor, boxes: Tensor, image_index: Tensor
    ) -> Tensor:
        """Logits of N objects' full masks in their boxes, N,``mask_size``,``mask_size``.

        Args:
            embedded: B,C,h,w of :meth:`embed`.
            masks: N,H,W, visible masks; bool, or float in [0, 1].
            boxes: float (N, 4), grown boxes (x1, y1, x2, y2) in pixels, x2 and y2 exclusive.
            image_index: int64 (N,), each object's image in the batch.

        Raises:
            ValueError: when the image is too small for ``pool_size``.
        """
        features = self.backbone(embedded, masks.to(embedded.dtype), image_index)
        if not is_recorded() and min(features.shape[-2:]) < self.pool_size:
            raise ValueError(
                f'AmodalSegmentor: features of a {tuple(masks.shape[-2:])} image are '
                f'{tuple(features.shape[-2:])}, too small for pool_size={self.pool_size}: take '
                f'larger images, a smaller pool_size, or smaller backbone.strides.'
            )
        features = F.avg_pool2d(features, self.pool_size, stride=1)
        pooled = self._pool_boxes(features.float(), boxes, masks.shape[-2:])
        return self.mask_layer(pooled).view(-1, self.mask_size, self.mask_size)

    def _pool_boxes(self, features: Tensor, boxes: Tensor, image_size: torch.Size) -> Tensor:
        """N,C,``roi_size``,``roi_size``; each object has features and a box of its own."""
        across, down = (features.shape[side] / image_size[side] for side in (-1, -2))
        if self.roi_layer == 'pool':  # its last row and column belong to the box
            boxes = torch.cat([boxes[:, :2], boxes[:, 2:] - 1], dim=1)
        index = torch.arange(boxes.shape[0], device=boxes.device, dtype=boxes.dtype)
        left, top, right, bottom = boxes.unbind(dim=1)
        scaled = (left * across, top * down, right * across, bottom * down)
        rois = torch.stack([index, *scaled], dim=1)
        if self.roi_layer == 'pool':
            return roi_pool(features, rois, self.roi_size)
        return roi_align(features, rois, self.roi_size, aligned=True)

    def enlarge(self, logits: Tensor) -> Tensor:
        """Probabilities N,``output_size``,``output_size`` in [0, 1] of N,m,m logits."""
        return enlarge(logits, self.output_size)
