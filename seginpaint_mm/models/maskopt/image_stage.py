"""``ImageStage``: paints the picture where it cannot be seen (eq. 5 to 7)."""

import torch
from torch import Tensor

from seginpaint_mm.models.holes import weighted_l1
from seginpaint_mm.models.maskopt.stage import InpaintingStage
from seginpaint_mm.registry import MODELS


@MODELS.register_module()
class ImageStage(InpaintingStage):
    """The image inpainter; see :class:`InpaintingStage`.

    Its generator takes 3 channels of the picture, 1 of edges, where there is a segmentation stage
    one a class, and 1 of the mask; and gives 3. Its discriminator takes 3.

    The target of eq. (6) and (7) is I_G; the paper writes I, which holds the object. Eq. (5)'s
    L_IF compares VGG-19's features, whose Gram matrices L_IS compares.

    Args:
        l1_weight: lambda_IR of eq. (5).
        hole_weight: How many times a pixel of the hole counts in eq. (7), of which all that is
            painted is compared; 1 is the paper's.
        perceptual_features: Config of :class:`PerceptualFeatures`, or None.
        loss_perceptual: Config of a :class:`PerceptualLoss`, or None; its weight is lambda_IF.
        loss_style: Config of a :class:`StyleLoss`, or None; its weight is lambda_IS.

    Raises:
        ValueError: when there are losses of features but no features, or the reverse.
    """

    def __init__(
        self,
        *,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        l1_weight: float = 1.0,
        hole_weight: float = 1.0,
        perceptual_features: dict | None = None,
        loss_perceptual: dict | None = None,
        loss_style: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(generator, discriminator, loss_gan, init_cfg)
        if (perceptual_features is None) != (loss_perceptual is None and loss_style is None):
            raise ValueError(
                'ImageStage: loss_perceptual and loss_style compare perceptual_features: give '
                'them together, or none of them.'
            )
        self.l1_weight = l1_weight
        self.hole_weight = hole_weight
        self.perceptual_features = perceptual_features and MODELS.build(perceptual_features)
        self.loss_perceptual = loss_perceptual and MODELS.build(loss_perceptual)
        self.loss_style = loss_style and MODELS.build(loss_style)

    def forward(
        self, pictures: Tensor, edges: Tensor, classes: Tensor | None, mask: Tensor
    ) -> Tensor:
        """I_I, N,3,H,W in [0, 1].

        Args:
            pictures: N,3,H,W in [0, 1], RGB.
            edges: N,1,H,W in [0, 1], also where it is to be filled.
            classes: N,C,H,W, probabilities, likewise; None without a segmentation stage.
            mask: N,1,H,W in [0, 1], 1 = to be filled; nothing of the picture is seen there.
        """
        cues = [edges] if classes is None else [edges, classes]
        seen = torch.cat([pictures * (1 - mask) + mask, *cues, mask], dim=1)
        return (self.generator(seen).tanh() + 1) / 2

    def generator_losses(
        self, painted: Tensor, truth: Tensor, hole: Tensor, padding: Tensor | None = None
    ) -> dict[str, Tensor]:
        """``loss_gan``, ``loss_l1`` and, with features, ``loss_perceptual`` and ``loss_style``.

        Args:
            painted: N,3,H,W in [0, 1], I_I, as the generator has made all of it.
            truth: N,3,H,W in [0, 1], I_G.
            hole: N,1,H,W, M_G; its mean is N_M of eq. (7), in a share of the picture.
            padding: bool N,1,H,W, 1 = no part of the pictures, where both are alike; None where
                there is none.
        """
        difference = weighted_l1(painted, truth, hole > 0, self.hole_weight, padding)
        pixels = hole.numel() if padding is None else (~padding).sum()
        share = hole.float().sum().clamp(min=1) / pixels
        losses = dict(
            loss_gan=self.fooling_loss(self.judge(painted, None)),
            loss_l1=self.l1_weight * difference / share,
        )
        if self.perceptual_features is not None:
            losses.update(self._feature_losses(painted, truth, hole.to(truth.dtype)))
        return losses

    def _feature_losses(self, painted: Tensor, truth: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """As in EdgeConnect, styles are those of the filled pixels alone."""
        losses = {}
        for name, loss, weight in (
            ('loss_perceptual', self.loss_perceptual, torch.ones_like(hole)),
            ('loss_style', self.loss_style, hole),
        ):
            if loss is not None:
                with torch.no_grad():
                    target = self.perceptual_features(truth * weight)
                losses[name] = loss(self.perceptual_features(painted * weight), target)
        return losses
