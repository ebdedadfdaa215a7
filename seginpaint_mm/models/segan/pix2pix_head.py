"""``Pix2PixHead``: paints whole objects, and judges paintings (Section 3, eq. 4 and 5)."""

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class Pix2PixHead(BaseModule):
    """A conditional GAN: a generator, and a discriminator that sees its input beside its output.

    Images are in [-1, 1] here. The noise z of eq. (4) is the generator's dropout.

    Args:
        generator: Config of a network from N,3,S,S to N,3,S,S in [-1, 1], e.g. mmagic's
            ``UnetGenerator``.
        discriminator: Config of a network from N,6,S,S to N,1,h,w logits, 1 = real, e.g. mmagic's
            ``PatchDiscriminator``.
        loss_gan: Config of mmagic's ``GANLoss``.
        l1_weight: Of the L1 distance in L*, eq. (5).
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        *,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        l1_weight: float = 100.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.generator = MODELS.build(generator)
        self.discriminator = MODELS.build(discriminator)
        self.loss_gan = MODELS.build(loss_gan)
        self.l1_weight = l1_weight

    def forward(self, coloured: Tensor) -> Tensor:
        """Paint: N,3,S,S in [-1, 1], coloured as in eq. (1), to N,3,S,S in [-1, 1]."""
        return self.generator(coloured)

    def generator_losses(
        self, coloured: Tensor, painted: Tensor, truth: Tensor
    ) -> dict[str, Tensor]:
        """L* of eq. (5), without the discriminator's side: ``loss_gan`` and ``loss_l1``.

        As in the published code no gradient reaches the coloured input by way of the
        discriminator: a mask is to suit the painting, not the judge.

        Args:
            coloured: N,3,S,S, the generator's input.
            painted: N,3,S,S, its output.
            truth: N,3,S,S, the whole object.
        """
        scores = self._judge(coloured.detach(), painted)
        return dict(
            loss_gan=self.loss_gan(scores, target_is_real=True, is_disc=False),
            loss_l1=self.l1_weight * F.l1_loss(painted.float(), truth),
        )

    def discriminator_losses(
        self, coloured: Tensor, painted: Tensor, truth: Tensor
    ) -> dict[str, Tensor]:
        """The discriminator's side of eq. (4): ``loss_real`` and ``loss_fake``."""
        real, fake = self._judge(coloured, truth), self._judge(coloured, painted)
        return dict(
            loss_real=self.loss_gan(real, target_is_real=True, is_disc=True),
            loss_fake=self.loss_gan(fake, target_is_real=False, is_disc=True),
        )

    def _judge(self, coloured: Tensor, picture: Tensor) -> Tensor:
        """Logits; float32, as sums over a whole map of scores follow."""
        return self.discriminator(torch.cat([coloured, picture.to(coloured.dtype)], dim=1)).float()
