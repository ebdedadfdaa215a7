"""``MaskExpansionLoss``: a mask should hold the object and a narrow margin (maskopt, eq. 8, 9)."""

import torch
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class MaskExpansionLoss(nn.Module):
    """L_X: probability times the signed distance to the true outline, which is moved out by alpha.

    Its optimum is the true mask dilated to where the distance is alpha: probability 1 where
    ``signed_distance < alpha``, 0 beyond. It is the mean over all pixels, and can be negative.
    With alpha 0 it is the boundary loss of Kervadec et al., eq. (8).

    Eq. (8) and the text above eq. (9) contradict each other in the sign of the distance; this is
    eq. (8): negative inside, the only reading in which the mask grows minimally.

    Args:
        alpha: Margin as a share of the greatest distance outside the object (eq. 9); the
            distances are in [-1, 1] (``SignedDistance(unit='share')``).
        alpha_pixels: Margin in pixels, the same for objects of any size and place, in place of
            ``alpha``; the distances are in pixels (``SignedDistance(unit='pixels')``). The loss of
            a picture is divided by its greatest distance, so that ``loss_weight`` means the same.
        loss_weight: Factor, lambda_X of eq. (10).

    Raises:
        ValueError: when a margin is negative.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.03,
        alpha_pixels: float | None = None,
        loss_weight: float = 1000.0,
    ) -> None:
        super().__init__()
        if alpha < 0 or (alpha_pixels or 0) < 0:
            raise ValueError(
                f'MaskExpansionLoss: alpha and alpha_pixels must be 0 or more, not {alpha} and '
                f'{alpha_pixels}: masks are to grow.'
            )
        self.alpha = alpha
        self.alpha_pixels = alpha_pixels
        self.loss_weight = loss_weight

    def forward(self, mask_probability: Tensor, signed_distance: Tensor) -> Tensor:
        """Scalar loss, float32.

        Args:
            mask_probability: N,1,H,W in [0, 1], 1 = to be removed.
            signed_distance: N,1,H,W of the true mask, negative inside, in [-1, 1] or, with
                ``alpha_pixels``, in pixels.

        Raises:
            ValueError: when the shapes differ, or the distances are in pixels without
                ``alpha_pixels``, or not with it.
        """
        if mask_probability.shape != signed_distance.shape or mask_probability.ndim != 4:
            raise ValueError(
                f'MaskExpansionLoss: the masks are {tuple(mask_probability.shape)}, the distances '
                f'{tuple(signed_distance.shape)}; both must be (N, 1, H, W).'
            )
        moved = self._move_outline(signed_distance.float())
        return self.loss_weight * (moved * mask_probability.float()).mean()

    def _move_outline(self, distance: Tensor) -> Tensor:
        """phi - alpha, whose zeros are the outline of the dilated mask; about in [-1, 1]."""
        greatest = distance.abs().amax(dim=(1, 2, 3), keepdim=True)
        if self.alpha_pixels is not None:
            if (greatest == 1).any():  # in pixels it is a root less a half
                raise ValueError(
                    'MaskExpansionLoss: alpha_pixels needs distances in pixels, but these are in '
                    "[-1, 1]: take dict(type='SignedDistance', unit='pixels')."
                )
            smallest = torch.finfo(distance.dtype).tiny
            return (distance - self.alpha_pixels) / greatest.clamp(min=smallest)
        if (greatest > 1).any():
            raise ValueError(
                f'MaskExpansionLoss: a distance is {greatest.max().item():g}, beyond [-1, 1]: give '
                f"alpha_pixels, or take dict(type='SignedDistance', unit='share')."
            )
        return distance - self.alpha
