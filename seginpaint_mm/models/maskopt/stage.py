"""``InpaintingStage``: a generator, its judge, and what they lose; one of the three roles."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.registry import MODELS


class InpaintingStage(BaseModule):
    """What the edge, segmentation and image inpainters have in common.

    The discriminator sees what was painted, or the truth, and beside it ``beside`` (eq. 2 judges
    "(E_I, I_G)").

    Args:
        generator: Config of an :class:`EdgeConnectGenerator`.
        discriminator: Config of an :class:`EdgeConnectDiscriminator`.
        loss_gan: Config of mmagic's ``GANLoss``, ``gan_type='hinge'`` for eq. (2); its
            ``loss_weight`` is lambda_EG, lambda_SG or lambda_IG.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.generator = MODELS.build(generator)
        self.discriminator = MODELS.build(discriminator)
        self.loss_gan = MODELS.build(loss_gan)

    def judge(self, painted: Tensor, beside: Tensor | None) -> list[Tensor]:
        """The discriminator's activations, the scores last, in float32."""
        seen = painted if beside is None else torch.cat([painted, beside.to(painted.dtype)], dim=1)
        return [activation.float() for activation in self.discriminator(seen)]

    def discriminator_losses(
        self, painted: Tensor, truth: Tensor, beside: Tensor | None
    ) -> dict[str, Tensor]:
        """``loss_real`` and ``loss_fake`` of N,C,H,W."""
        scores = {
            'loss_real': self.judge(truth, beside)[-1],
            'loss_fake': self.judge(painted, beside)[-1],
        }
        return {
            name: self.loss_gan(score, target_is_real=name == 'loss_real', is_disc=True)
            for name, score in scores.items()
        }

    def fooling_loss(self, activations: list[Tensor]) -> Tensor:
        """The generator's side of the GAN's loss, of what the judge made of its painting."""
        return self.loss_gan(activations[-1], target_is_real=True, is_disc=False)


def feature_matching(of_painted: list[Tensor], of_truth: list[Tensor]) -> Tensor:
    """Eq. (3): mean absolute difference of the judge's activations, summed over its layers."""
    pairs = zip(of_painted, of_truth, strict=True)
    return sum(F.l1_loss(painted, truth.detach()) for painted, truth in pairs)
