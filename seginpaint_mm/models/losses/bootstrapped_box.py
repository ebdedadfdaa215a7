"""Smooth L1 on the boxes that are worst so far (Sec. 2.2, for the localisation net)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS

SCOPES = ('image', 'batch')


@MODELS.register_module()
class BootstrappedBoxLoss(nn.Module):
    """Learn from the pixels whose predicted boxes overlap least with the true ones.

    Pixels are ranked by the IoU of boxes, not by the regression loss: what counts in the end is
    whether non-maximum suppression, which compares IoUs, puts a pixel to the right instance. Only
    kept pixels get a gradient. The loss is the sum over kept pixels of weight times smooth L1 of
    the four encoded numbers, divided by the number of kept pixels: a weight, which has mean 1 over
    *all* pixels of a batch, means the same whichever are kept. Without any it is 0.

    Args:
        num_pixels: K, the number of pixels kept; below 1 a share of an image's (or the batch's)
            pixels of instances, rounded up, which means the same at any resolution. The paper does
            not give K here; the 512 of its classes are 46 % of what a VOC image has at 1/8. None
            keeps all (no bootstrapping).
        stride: Side, in pixels of the targets, of a pixel of the network's prediction: a number of
            pixels is multiplied by its square, a share is not. Leave it 1 where the loss is at the
            prediction's resolution.
        per: ``'image'`` keeps that many of each image, ``'batch'`` of all images together.
        max_iou: Pixels whose IoU is above it are dropped even among these; None drops none.
        beta: Where smooth L1 turns from a parabola into a line, in encoded units. In units of 32 to
            128 pixels, 1 makes a squared error of nearly all offsets, so that large objects are
            nearly all that is learnt; the configs have 0.1.
        loss_weight: Factor of the loss.

    Raises:
        ValueError: when ``num_pixels`` is neither a whole number from 1 on nor a share, ``stride``
            is below 1, or ``per`` is another word.
    """

    def __init__(
        self,
        *,
        num_pixels: float | None = 512,
        stride: int = 1,
        per: str = 'image',
        max_iou: float | None = None,
        beta: float = 1.0,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        if num_pixels is not None and not _is_number_or_share(num_pixels):
            raise ValueError(
                f'BootstrappedBoxLoss: num_pixels must be a whole number of at least 1, a share '
                f'between 0 and 1, or None to keep all, not {num_pixels}.'
            )
        if stride < 1:
            raise ValueError(f'BootstrappedBoxLoss: stride must be at least 1, not {stride}.')
        if per not in SCOPES:
            raise ValueError(f'BootstrappedBoxLoss: per must be one of {SCOPES}, not {per!r}.')
        self.num_pixels = num_pixels
        self.stride = stride
        self.per = per
        self.max_iou = max_iou
        self.beta = beta
        self.loss_weight = loss_weight

    def forward(
        self,
        deltas: Tensor,
        target_deltas: Tensor,
        ious: Tensor,
        images: Tensor,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Scalar loss of P pixels.

        Args:
            deltas: (P, 4) encoded boxes, predicted.
            target_deltas: (P, 4) encoded boxes, true.
            ious: (P,) in [0, 1], of the predicted box with the true one; no gradient passes.
            images: (P,) int64, the place of each pixel's image in the batch.
            weight: (P,) weight of each pixel, or None.
        """
        kept = self._kept(ious.detach(), images)
        pixel_loss = F.smooth_l1_loss(
            deltas[kept].float(), target_deltas[kept].float(), beta=self.beta, reduction='none'
        ).sum(-1)
        if weight is not None:
            pixel_loss = pixel_loss * weight[kept]
        return self.loss_weight * pixel_loss.sum() / max(len(kept), 1)

    def _kept(self, ious: Tensor, images: Tensor) -> Tensor:
        """Places (K,) of the pixels that are learnt from."""
        order = ious.argsort(stable=True)
        if self.num_pixels is not None:
            order = self._hardest(order, images)
        if self.max_iou is not None:
            order = order[ious[order] <= self.max_iou]
        return order

    def _hardest(self, order: Tensor, images: Tensor) -> Tensor:
        if self.per == 'batch':
            return order[: self._num_kept_of(order)]
        of_images = (order[images[order] == image] for image in images.unique())
        return torch.cat([order[:0], *(group[: self._num_kept_of(group)] for group in of_images)])

    def _num_kept_of(self, group: Tensor) -> int:
        """How many pixels of a group are kept at most."""
        if self.num_pixels < 1:
            return math.ceil(self.num_pixels * len(group))
        return int(self.num_pixels) * self.stride**2


def _is_number_or_share(num_pixels: float) -> bool:
    return 0 < num_pixels < 1 or (num_pixels >= 1 and num_pixels == int(num_pixels))
