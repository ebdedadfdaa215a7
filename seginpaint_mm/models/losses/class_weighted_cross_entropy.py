"""Cross-entropy with class weights that holds on maps with ignored pixels."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class ClassWeightedCrossEntropyLoss(nn.Module):
    """``torch.nn.CrossEntropyLoss`` with weights, in the form of an mmseg loss.

    mmseg's own loss indexes its class weights by the ignored label and fails there. As in PyTorch
    the mean is over the weights of the pixels that count; it is 0 where none does.

    Args:
        class_weight: one weight a class.
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
