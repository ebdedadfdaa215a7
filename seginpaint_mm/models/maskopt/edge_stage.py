"""``EdgeStage``: paints edges where they cannot be seen (eq. 1 to 3)."""

import torch
from torch import Tensor

from seginpaint_mm.models.maskopt.stage import InpaintingStage, feature_matching
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class EdgeStage(InpaintingStage):
    """The edge inpainter; see :class:`InpaintingStage`.

    Its generator takes 3 channels: grey picture, edges, mask; and gives 1. Its discriminator
    takes 2: edges, and the true grey picture.

    Args:
        feature_weight: lambda_EF of eq. (1), of the feature matching loss.
    """

    def __init__(
        self,
        *,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        feature_weight: float = 10.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(generator, discriminator, loss_gan, init_cfg)
        self.feature_weight = feature_weight

    def forward(self, grey: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
        """E_I, N,1,H,W in [0, 1].

        Args:
            grey: N,1,H,W in [0, 1], the picture.
            edges: N,1,H,W, its edges.
            mask: N,1,H,W in [0, 1], 1 = to be filled; nothing of the others is seen there.
        """
        seen = [grey * (1 - mask) + mask, edges * (1 - mask), mask]
        return self.generator(torch.cat(seen, dim=1)).sigmoid()

    def generator_losses(self, painted: Tensor, truth: Tensor, grey: Tensor) -> dict[str, Tensor]:
        """``loss_gan`` and ``loss_feature``.

        Args:
            painted: N,1,H,W, E_I.
            truth: N,1,H,W, E_G, the edges of I_G.
            grey: N,1,H,W, I_G.
        """
        of_painted = self.judge(painted, grey)
        with torch.no_grad():
            of_truth = self.judge(truth, grey)
        return dict(
            loss_gan=self.fooling_loss(of_painted),
            loss_feature=self.feature_weight * feature_matching(of_painted, of_truth),
        )
