"""Binary cross-entropy of a full mask, weighted by region (SeGAN, eq. 2 and 3)."""

import torch.nn.functional as F
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS

REDUCTIONS = ('mean', 'pixel_mean', 'sum')


@MODELS.register_module()
class RegionWeightedBCELoss(nn.Module):
    """Tells mistakes in the background, on what can be seen, and on what is hidden apart.

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
        if reduction not in REDUCTIONS:
            raise ValueError(
                f'RegionWeightedBCELoss: reduction must be one of {REDUCTIONS}, not {reduction!r}.'
            )
        self.weights = (background_weight, visible_weight, hidden_weight)
        self.reduction = reduction

    def forward(self, logits: Tensor, visible: Tensor, full: Tensor) -> Tensor:
        """Scalar loss of n > 0 objects.

        Args:
            logits: (n, h, w), of the full mask.
            visible: bool (n, h, w), what can truly be seen of the objects.
            full: bool (n, h, w), the true full masks.
        """
        pixel_loss = F.binary_cross_entropy_with_logits(
            logits.float(), full.float(), reduction='none'
        )
        loss = logits.new_zeros(())
        for weight, region in zip(self.weights, _regions(visible, full), strict=True):
            of_objects = (pixel_loss * region).sum(dim=(1, 2))
            if self.reduction == 'mean':
                of_objects = of_objects / region.sum(dim=(1, 2)).clamp(min=1) / len(logits)
            loss = loss + weight * of_objects.sum()
        return loss / logits.numel() if self.reduction == 'pixel_mean' else loss


def _regions(visible: Tensor, full: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Background, visible and hidden; every pixel is in one of them."""
    return ~full, full & visible, full & ~visible
