"""Predict the full mask of an object from a crop of its image, its mask and those of the others.

Not of the paper: its network sees one object's mask alone, in the whole image brought to one size.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from mmseg.models.backbones import ResNet
from torch import Tensor, nn
from torchvision.ops import roi_align

from seginpaint_mm.models.segan.amodal_segmentor import enlarge, load_wider
from seginpaint_mm.registry import MODELS

_COLOURS = 3
_MASKS = 2  # the object's, and the others'


@MODELS.register_module()
class CropResNet(ResNet):
    """mmseg's ResNet of crops of five channels: RGB, the object's mask, the other objects'.

    Weights of three channels (torchvision's parameter names) are loaded with zeros for the masks.

    Args:
        depth: 18, 34, 50, 101 or 152.
        base_channels: Of the first stage; 64 in the original network.
        num_stages: From the first on; each but the first halves the size.
        norm_cfg: Normalisation layer.
        init_cfg: E.g. ``dict(type='Pretrained', checkpoint='torchvision://resnet18')``.
    """

    def __init__(
        self,
        *,
        depth: int = 18,
        base_channels: int = 64,
        num_stages: int = 3,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            depth,
            in_channels=_COLOURS + _MASKS,
            stem_channels=base_channels,
            base_channels=base_channels,
            num_stages=num_stages,
            strides=(1, *[2] * (num_stages - 1)),
            dilations=(1,) * num_stages,
            out_indices=tuple(range(num_stages)),
            norm_cfg=norm_cfg or dict(type='BN', requires_grad=True),
            zero_init_residual=False,
            init_cfg=init_cfg,
        )

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: object) -> None:
        load_wider(
            state_dict,
            f'{prefix}conv1.weight',
            lambda weight: weight.new_zeros(weight.shape[0], _MASKS, *weight.shape[2:]),
        )
        super()._load_from_state_dict(state_dict, prefix, *rest)


@MODELS.register_module()
class CropSegmentor(BaseModule):
    """A segmentor of :class:`SeGAN` that sees each object's own crop, and the objects around it.

    The grown box of an object is cut from the image at its own resolution, with the object's
    visible mask and the union of all other objects' of the image: what may hide it lies there.
    The features of all stages are joined from coarse to fine.

    Args:
        backbone: Config of a :class:`CropResNet`.
        in_channels: Channels of its stages' features.
        crop_size: Side of the crops in pixels.
        channels: Of the joined features.
        output_size: Side of the upsampled mask, which the painter reads.
        loss_mask: Config of the loss; called with logits, visible and full masks (n, h, w).
        init_cfg: MMEngine's initialisation config.

    ``mask_size``, the side of the mask that is predicted, is half of ``crop_size``.
    """

    sees_others = True

    def __init__(
        self,
        *,
        backbone: dict,
        loss_mask: dict,
        in_channels: Sequence[int] = (64, 128, 256),
        crop_size: int = 128,
        channels: int = 64,
        output_size: int = 128,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        norm = dict(norm_cfg=dict(type='BN'))
        self.backbone = MODELS.build(backbone)
        self.laterals = nn.ModuleList(ConvModule(k, channels, 1, **norm) for k in in_channels)
        self.joined = nn.ModuleList(
            ConvModule(channels, channels, 3, padding=1, **norm) for _ in in_channels
        )
        # beside the features, the masks themselves, which the features have at a quarter only
        self.mask_layer = nn.Sequential(
            ConvModule(channels + _MASKS, channels // 2, 3, padding=1, **norm),
            nn.Conv2d(channels // 2, 1, 3, padding=1),
        )
        self.loss_mask = MODELS.build(loss_mask)
        self.crop_size = crop_size
        self.mask_size = crop_size // 2
        self.output_size = output_size

    def embed(self, images: Tensor, covered: Tensor) -> Tensor:
        """Put the images, B,3,H,W, and the number of objects at each pixel, B,H,W, together."""
        return torch.cat([images, covered[:, None].to(images.dtype)], dim=1)

    def forward(
        self, embedded: Tensor, masks: Tensor, boxes: Tensor, image_index: Tensor
    ) -> Tensor:
        """Return logits of N objects' full masks in their boxes, N,``mask_size``,``mask_size``.

        Args:
            embedded: B,4,H,W of :meth:`embed`.
            masks: N,H,W, visible masks; bool, or float in [0, 1].
            boxes: float (N, 4), grown boxes (x1, y1, x2, y2) in pixels, x2 and y2 exclusive.
            image_index: int64 (N,), each object's image in the batch.
        """
        crops = self._crop(embedded.float(), masks.float(), boxes, image_index)
        features = self.backbone(crops)
        x = self.joined[-1](self.laterals[-1](features[-1]))
        for place in range(len(features) - 2, -1, -1):
            finer = self.laterals[place](features[place])
            x = F.interpolate(x, finer.shape[-2:], mode='bilinear', align_corners=False)
            x = self.joined[place](finer + x)
        size = (self.mask_size, self.mask_size)
        x = F.interpolate(x, size, mode='bilinear', align_corners=False)
        of_masks = F.adaptive_avg_pool2d(crops[:, _COLOURS:], size).to(x.dtype)
        return self.mask_layer(torch.cat([x, of_masks], dim=1))[:, 0]

    def _crop(self, embedded: Tensor, masks: Tensor, boxes: Tensor, image_index: Tensor) -> Tensor:
        """N,5,S,S: colours, the object's mask, and where another object is, 0 to 1."""
        rois = torch.cat([image_index[:, None].to(boxes.dtype), boxes], dim=1)
        colours = roi_align(embedded[:, :_COLOURS], rois, self.crop_size, aligned=True)
        others = (embedded[image_index, _COLOURS] - masks).clamp(0, 1)
        index = torch.arange(boxes.shape[0], device=boxes.device, dtype=boxes.dtype)
        rois = torch.cat([index[:, None], boxes], dim=1)
        pair = torch.stack([masks, others], dim=1)
        return torch.cat([colours, roi_align(pair, rois, self.crop_size, aligned=True)], dim=1)

    def enlarge(self, logits: Tensor) -> Tensor:
        """Return probabilities N,``output_size``,``output_size`` in [0, 1] of N,m,m logits."""
        return enlarge(logits, self.output_size)


def cover(masks: Tensor, image_index: Tensor, number: int) -> Tensor:
    """Count the objects at each pixel of ``number`` images.

    Args:
        masks: bool N,H,W.
        image_index: int64 (N,), each object's image.

    Returns:
        Tensor: float32 (number, H, W).
    """
    counts = torch.zeros(number, *masks.shape[1:], device=masks.device)
    return counts.index_add(0, image_index, masks.float())
