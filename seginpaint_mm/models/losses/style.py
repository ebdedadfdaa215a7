"""Style loss: two pictures' features occur together alike (Gatys et al.; EdgeConnect)."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.functional import l1_loss

from seginpaint_mm.models.losses.feature_distances import Features, weighted_distance
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class StyleLoss(nn.Module):
    """The mean absolute difference of the Gram matrices of each layer's features.

    Args:
        layer_weights: Layer of :class:`PerceptualFeatures` -> its weight.
        loss_weight: Factor of the sum over the layers.
    """

    def __init__(self, *, layer_weights: Mapping[str, float], loss_weight: float = 1.0) -> None:
        super().__init__()
        self.layer_weights = dict(layer_weights)
        self.loss_weight = loss_weight

    def forward(self, features: Features, target: Features) -> Tensor:
        """Scalar float32 loss; see :meth:`PerceptualLoss.forward`."""
        distance = weighted_distance(self.layer_weights, features, target, _gram_distance)
        return self.loss_weight * distance


def gram_matrix(features: Tensor) -> Tensor:
    """N,C,C of N,C,h,w: products of channels, summed over places and divided by C*h*w."""
    rows = features.flatten(2)
    return rows @ rows.transpose(1, 2) / rows[0].numel()


def _gram_distance(features: Tensor, target: Tensor) -> Tensor:
    return l1_loss(gram_matrix(features), gram_matrix(target))
