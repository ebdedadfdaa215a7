"""``MaskExpansionLoss``: a mask should hold the object and a narrow margin (maskopt, eq. 8, 9)."""

import torch
from torch import Tensor, nn

from seginpaint_mm.registry import MODELS

UNITS = ('outside', 'inside', 'pixels')


@MODELS.register_module()
class MaskExpansionLoss(nn.Module):
    """L_X: probability times the signed distance to the true outline, which is moved out by alpha.

    Its optimum is the true mask dilated to where the distance is alpha: probability 1 where
    ``signed_distance < alpha``, 0 beyond. It is the mean over all pixels, and can be negative.
    With alpha 0 it is the boundary loss of Kervadec et al., eq. (8).

    Eq. (8) and the text above eq. (9) contradict each other in the sign of the distance; this is
    eq. (8): negative inside, the only reading in which the mask grows minimally. Nor does the paper
    say by what the distances are divided to be "normalized between -1 and 1", so alpha has a unit:

    - ``'outside'``: a share of the greatest distance outside the object. Each side is divided by
      its own greatest distance. 0.03 is 3.6 to 7.3 pixels of a 256x256 image.
    - ``'inside'``: a share of the greatest distance inside the object, half the width of its
      thickest place. 0.03 is about half a pixel of a person in a 256x256 image.
    - ``'pixels'``: the same margin for objects of any size and place.

    In the latter two both sides have one scale, the greatest distance of the image, so that
    ``loss_weight`` means about the same in all.

    Args:
        alpha: Margin (eq. 9), >= 0.
        unit: Of alpha, one of ``UNITS``.
        alpha_pixels: The earlier name of ``alpha`` with ``unit='pixels'``; goes before both.
        loss_weight: Factor, lambda_X of eq. (10).

    Raises:
        ValueError: when alpha is negative or the unit is unknown.
    """

    def __init__(
        self,
        *,
        alpha: float = 0.03,
        unit: str = 'outside',
        alpha_pixels: float | None = None,
        loss_weight: float = 1000.0,
    ) -> None:
        super().__init__()
        if alpha_pixels is not None:
            alpha, unit = alpha_pixels, 'pixels'
        if unit not in UNITS:
            raise ValueError(f'MaskExpansionLoss.unit must be one of {UNITS}, not {unit!r}.')
        if not alpha >= 0:
            raise ValueError(
                f'MaskExpansionLoss.alpha must be 0 or more, not {alpha}: masks are to grow.'
            )
        self.alpha = alpha
        self.unit = unit
        self.loss_weight = loss_weight

    def forward(self, mask_probability: Tensor, signed_distance: Tensor) -> Tensor:
        """Scalar loss, float32.

        Args:
            mask_probability: N,1,H,W in [0, 1], 1 = to be removed.
            signed_distance: N,1,H,W of the true mask, negative inside, in pixels
                (``SignedDistance(unit='pixels')``); for the unit ``'outside'`` also in [-1, 1].

        Raises:
            ValueError: when the shapes differ, or distances in [-1, 1] do not suffice for the unit.
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
        smallest = torch.finfo(distance.dtype).tiny
        inside = (-distance).amax(dim=(1, 2, 3), keepdim=True).clamp(min=smallest)
        outside = distance.amax(dim=(1, 2, 3), keepdim=True).clamp(min=smallest)
        if self.unit == 'outside':
            return torch.where(distance < 0, distance / inside, distance / outside) - self.alpha
        greatest = torch.maximum(inside, outside)
        if (greatest == 1).any():  # in pixels it is a root less a half
            raise ValueError(
                f'MaskExpansionLoss: alpha in the unit {self.unit!r} needs distances in pixels, '
                f"but these are in [-1, 1]: take dict(type='SignedDistance', unit='pixels')."
            )
        margin = self.alpha * inside if self.unit == 'inside' else self.alpha
        return (distance - margin) / greatest
