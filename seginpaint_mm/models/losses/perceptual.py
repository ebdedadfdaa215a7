"""Perceptual loss: two pictures' features are alike (SGE-Net, eq. 7; Johnson et al.)."""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.functional import l1_loss

from seginpaint_mm.models.losses.feature_distances import Features, weighted_distance
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class PerceptualLoss(nn.Module):
    """The mean absolute difference of the features of each layer.

    Args:
        layer_weights: Layer of :class:`PerceptualFeatures` -> its weight.
        loss_weight: Factor of the sum over the layers, lambda_p of eq. (7).
    """

    def __init__(self, *, layer_weights: Mapping[str, float], loss_weight: float = 1.0) -> None:
        super().__init__()
        self.layer_weights = dict(layer_weights)
        self.loss_weight = loss_weight

    def forward(self, features: Features, target: Features) -> Tensor:
        """Scalar float32 loss.

        Args:
            features: Layer -> N,C,h,w of the painted pictures.
            target: The same of the true ones.

        Raises:
            ValueError: when a layer is missing.
        """
        return self.loss_weight * weighted_distance(self.layer_weights, features, target, l1_loss)
