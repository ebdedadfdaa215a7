"""Cross entropies: bootstrapped (FCRN), weighted by class, weighted by region."""

import logging
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS

GROUPS = ('image', 'batch')
REDUCTIONS = ('none', 'mean', 'sum')


@MODELS.register_module()
class BootstrappedCrossEntropyLoss(nn.Module):
    """Mean of -log p over the labelled pixels whose p, of the true class, is below a threshold t.

    By default t is what keeps the ``num_pixels`` hardest labelled pixels of each image exactly, or
    all where fewer are labelled; which of equally hard ones are kept is not defined. Where an image
    has no more pixels than that, all are kept, and the log says so once. With
    ``threshold`` t is fixed, and raised only where fewer than ``min_kept`` pixels are below it.

    The mean is over all kept pixels of the batch, so that each counts the same. An image without
    labelled pixels adds nothing; a batch without any has a loss and gradients of 0.

    Args:
        num_pixels: K, the number of pixels of a group that are kept. The paper's best is 512
            (Table 7), on maps of an eighth of the crop's size.
        per: Within which group pixels compete: each ``'image'``, or the ``'batch'`` (of one
            process).
        threshold: Fixed t in (0, 1]; None keeps the hardest ``num_pixels``.
        min_kept: With a threshold, how many pixels of a group are kept at least; ``num_pixels`` if
            None.
        stride: Side, in pixels of the labels, of a pixel of the network's prediction: the numbers
            of pixels are multiplied by its square. Leave it 1 where labels are brought to the
            prediction's size; 8 keeps the same share of predictions enlarged from 1/8.
        class_weight: One weight a class; as in PyTorch the mean is then over the kept pixels'
            weights. Which pixels are hard does not depend on it.
        loss_weight: Factor of the loss.
        loss_name: Key of the loss, starting with ``loss_``.

    Raises:
        ValueError: when an argument is out of its range.
    """

    def __init__(
        self,
        num_pixels: int = 512,
        per: str = 'image',
        threshold: float | None = None,
        min_kept: int | None = None,
        stride: int = 1,
        class_weight: Sequence[float] | None = None,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_ce',
    ) -> None:
        super().__init__()
        _check_arguments(num_pixels, per, threshold, min_kept, stride)
        self.num_kept = (num_pixels if min_kept is None else min_kept) * stride**2
        self.per = per
        self.threshold = threshold
        class_weight = None if class_weight is None else torch.tensor(class_weight).float()
        self.register_buffer('class_weight', class_weight, persistent=False)
        self.loss_weight = loss_weight
        self.loss_name = loss_name
        self._has_warned = False

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """Called as mmseg's ``CrossEntropyLoss``; computed in float32 or better.

        Args:
            cls_score: N,K,H,W logits of K >= 2 classes.
            label: N,H,W int64 in [0, K) or ``ignore_index``.
            weight: N,H,W factor of each pixel's loss, or None. Which pixels are hard does not
                depend on it.
            avg_factor: What the sum over the kept pixels is divided by; their number if None.
            reduction_override: ``'mean'`` (or None), ``'sum'``, or ``'none'`` for the losses as
                N,H,W, which are 0 where a pixel is not kept.
            ignore_index: Label of pixels that do not count.

        Returns:
            Tensor: Scalar, or N,H,W.

        Raises:
            ValueError: for a single logit a pixel; for an unknown reduction.
        """
        reduction = reduction_override or 'mean'
        _check_inputs(cls_score, reduction, avg_factor)
        self._warn_if_all_are_kept(label)
        if self.threshold is None and reduction != 'none':  # a short way: gradients are sparse
            losses = _pixel_losses(cls_score.detach(), label, ignore_index)
            images, pixels = self._hardest(losses, label == ignore_index)
            cls_score = cls_score.flatten(2).transpose(1, 2)[images, pixels]
            label = label.flatten(1)[images, pixels]
            weight = None if weight is None else weight.flatten(1)[images, pixels]
            losses = _pixel_losses(cls_score, label, ignore_index)
        else:
            losses = _pixel_losses(cls_score, label, ignore_index)
            kept = self._kept(losses.detach(), label == ignore_index)
            label = label.masked_fill(~kept, ignore_index)
        return self._reduce(losses, label, weight, avg_factor, reduction, ignore_index)

    def _hardest(self, losses: Tensor, ignored: Tensor) -> tuple[Tensor, Tensor]:
        """Image and pixel in it, int64 (M,), of the hardest; ignored ones only fill up."""
        hardness = self._hardness(losses, ignored)
        chosen = hardness.topk(self._num_kept_of(hardness), dim=1, sorted=False).indices
        starts = torch.arange(len(hardness), device=chosen.device) * hardness.shape[1]
        places = (chosen + starts[:, None]).flatten()
        area = losses[0].numel()
        return places.div(area, rounding_mode='floor'), places % area

    def _kept(self, losses: Tensor, ignored: Tensor) -> Tensor:
        """Bool N,H,W: the pixels that are kept."""
        if self.threshold is None:
            kept = torch.zeros(ignored.shape, dtype=torch.bool, device=ignored.device)
            kept.flatten(1)[self._hardest(losses, ignored)] = True
            return kept & ~ignored
        hardness = self._hardness(losses, ignored)
        kept = hardness > -math.log(self.threshold)
        if self.num_kept:
            least = hardness.topk(self._num_kept_of(hardness), dim=1, sorted=False).values.amin(1)
            kept |= hardness >= least[:, None]
        return kept.view_as(ignored) & ~ignored

    def _hardness(self, losses: Tensor, ignored: Tensor) -> Tensor:
        """-log p by group and pixel, (N, H*W) or (1, N*H*W); ignored pixels come last."""
        groups = len(losses) if self.per == 'image' else 1
        return losses.masked_fill(ignored, -math.inf).reshape(groups, -1)

    def _reduce(
        self,
        losses: Tensor,
        label: Tensor,
        weight: Tensor | None,
        avg_factor: float | None,
        reduction: str,
        ignore_index: int,
    ) -> Tensor:
        """Weigh, sum and divide; the label of dropped pixels is ``ignore_index``."""
        kept = label != ignore_index
        total = kept.sum()
        if self.class_weight is not None:
            factors = self.class_weight[label.masked_fill(~kept, 0)]
            losses, total = losses * factors, factors[kept].sum()
        if weight is not None:
            losses = losses * weight
        losses = self.loss_weight * losses.masked_fill(~kept, 0)
        if reduction == 'none':
            return losses
        if reduction == 'sum':
            return losses.sum()
        return losses.sum() / (total.clamp(min=1e-12) if avg_factor is None else avg_factor)

    def _num_kept_of(self, hardness: Tensor) -> int:
        return min(self.num_kept, hardness.shape[1])

    def _warn_if_all_are_kept(self, label: Tensor) -> None:
        """Say once that a group is too small for any pixel to be dropped; training goes on."""
        height, width = label.shape[-2:]
        available = height * width if self.per == 'image' else label.numel()
        if self.num_kept < available or self._has_warned:
            return
        self._has_warned = True
        print_log(
            f'BootstrappedCrossEntropyLoss keeps {self.num_kept} pixels per {self.per} '
            f'(num_pixels or min_kept, times stride squared), but there are only {available}, '
            f'the predictions being {height}x{width}: none are dropped there. Keep fewer or take '
            f'larger crops if this is so for most images; this is said once.',
            logger='current',
            level=logging.WARNING,
        )


def _pixel_losses(cls_score: Tensor, label: Tensor, ignore_index: int) -> Tensor:
    """-log p of each pixel's class, in the label's shape; 0 where it is ignored."""
    cls_score = cls_score.to(torch.promote_types(cls_score.dtype, torch.float32))
    return F.cross_entropy(cls_score, label, ignore_index=ignore_index, reduction='none')


def _check_arguments(
    num_pixels: int, per: str, threshold: float | None, min_kept: int | None, stride: int
) -> None:
    if num_pixels < 1 or stride < 1:
        raise ValueError(
            f'BootstrappedCrossEntropyLoss: num_pixels and stride must be at least 1, not '
            f'{num_pixels} and {stride}.'
        )
    if per not in GROUPS:
        raise ValueError(f'BootstrappedCrossEntropyLoss: per must be one of {GROUPS}, not {per!r}.')
    if threshold is not None and not 0 < threshold <= 1:
        raise ValueError(
            f'BootstrappedCrossEntropyLoss: threshold must be in (0, 1], not {threshold}.'
        )
    if min_kept is not None and (threshold is None or min_kept < 0):
        raise ValueError(
            f'BootstrappedCrossEntropyLoss: min_kept={min_kept} must be at least 0 and goes with a '
            f'threshold; without one num_pixels are kept.'
        )


def _check_inputs(cls_score: Tensor, reduction: str, avg_factor: float | None) -> None:
    if cls_score.shape[1] < 2:
        raise ValueError(
            'BootstrappedCrossEntropyLoss needs a score for each class, got one channel: set the '
            "head's out_channels to 2 for foreground and background."
        )
    if reduction not in REDUCTIONS:
        raise ValueError(f'reduction_override must be one of {REDUCTIONS}, not {reduction!r}.')
    if reduction == 'sum' and avg_factor is not None:
        raise ValueError("avg_factor cannot be used with reduction 'sum'.")


@MODELS.register_module()
class ClassWeightedCrossEntropyLoss(nn.Module):
    """``torch.nn.CrossEntropyLoss`` with weights, in the form of an mmseg loss.

    mmseg's own loss indexes its class weights by the ignored label and fails there. As in PyTorch
    the mean is over the weights of the pixels that count; it is 0 where none does.

    Args:
        class_weight: one weight per class.
        loss_weight: factor of the loss.
        loss_name: key of the loss, starting with ``loss_``.
    """

    def __init__(
        self,
        class_weight: Sequence[float],
        loss_weight: float = 1.0,
        loss_name: str = 'loss_ce',
    ) -> None:
        super().__init__()
        self.register_buffer('class_weight', torch.tensor(class_weight), persistent=False)
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = 255,
    ) -> Tensor:
        """Scalar loss, computed in float32 or better.

        Args:
            cls_score: N,K,H,W logits.
            label: N,H,W int64 in [0, K) or ``ignore_index``.
            weight: N,H,W weight of each pixel, or None.
            ignore_index: label that does not count.
        """
        cls_score = cls_score.to(torch.promote_types(cls_score.dtype, torch.float32))
        pixel_loss = F.cross_entropy(
            cls_score, label, self.class_weight, reduction='none', ignore_index=ignore_index
        )
        counts = label != ignore_index
        total = self.class_weight[label[counts]].sum()
        if weight is not None:
            pixel_loss = pixel_loss * weight
        return self.loss_weight * pixel_loss.sum() / total.clamp(min=1e-12)


REGION_REDUCTIONS = ('mean', 'pixel_mean', 'sum')


@MODELS.register_module()
class RegionWeightedBCELoss(nn.Module):
    """Weights background, visible and hidden pixels separately.

    ``'mean'`` is the paper's: an object loses the weighted sum of its three regions' means, and a
    batch the mean over its objects. However small a region is, it counts as much; one without
    pixels adds 0. That draws masks too large where little is hidden: a pixel of a small region
    outweighs many of the background. ``'pixel_mean'`` is the mean over all weighted pixels, a
    region counting by its size; with equal weights it is plain binary cross-entropy. ``'sum'``
    adds up the weighted pixels of all objects; with weights 1/37000, 5/27000 and 3/12000 it is the
    published code's.

    Args:
        background_weight: Of the pixels outside the full mask.
        visible_weight: Of the pixels of the full mask that can be seen.
        hidden_weight: Of its other pixels.
        reduction: ``'mean'``, ``'pixel_mean'`` or ``'sum'``.

    Raises:
        ValueError: when ``reduction`` is another word.
    """

    def __init__(
        self,
        *,
        background_weight: float = 1.0,
        visible_weight: float = 5.0,
        hidden_weight: float = 3.0,
        reduction: str = 'mean',
    ) -> None:
        super().__init__()
        if reduction not in REGION_REDUCTIONS:
            raise ValueError(
                f'RegionWeightedBCELoss: reduction must be one of {REGION_REDUCTIONS}, '
                f'not {reduction!r}.'
            )
        self.weights = (background_weight, visible_weight, hidden_weight)
        self.reduction = reduction

    def forward(
        self, logits: Tensor, visible: Tensor, full: Tensor, unknown: Tensor | None = None
    ) -> Tensor:
        """Scalar loss of n > 0 objects.

        Args:
            logits: (n, h, w), of the full mask.
            visible: bool (n, h, w), what can truly be seen of the objects.
            full: bool (n, h, w), the true full masks.
            unknown: bool (n, h, w), pixels of which the full mask is not known, which lose nothing.
        """
        pixel_loss = F.binary_cross_entropy_with_logits(
            logits.float(), full.float(), reduction='none'
        )
        loss = logits.new_zeros(())
        for weight, region in zip(self.weights, _regions(visible, full, unknown), strict=True):
            of_objects = (pixel_loss * region).sum(dim=(1, 2))
            if self.reduction == 'mean':
                of_objects = of_objects / region.sum(dim=(1, 2)).clamp(min=1) / len(logits)
            loss = loss + weight * of_objects.sum()
        return loss / logits.numel() if self.reduction == 'pixel_mean' else loss


def _regions(
    visible: Tensor, full: Tensor, unknown: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Background, visible and hidden; every pixel but the unknown ones is in one of them."""
    regions = ~full, full & visible, full & ~visible
    return regions if unknown is None else tuple(region & ~unknown for region in regions)
