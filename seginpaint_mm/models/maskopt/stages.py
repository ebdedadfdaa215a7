"""The stages of object removal: segmentation, edges, image; Canny edges for the second."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from seginpaint_mm.models.holes import weighted_l1
from seginpaint_mm.registry import MODELS
from seginpaint_mm.utils.graphs import is_recorded


class InpaintingStage(BaseModule):
    """The common base of the edge, segmentation and image inpainters.

    The discriminator receives the prediction, or the ground truth, with ``beside`` (in eq. 2
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
        """The generator's side of the GAN's loss, from the discriminator's output for its image."""
        return self.loss_gan(activations[-1], target_is_real=True, is_disc=False)


def feature_matching(of_painted: list[Tensor], of_truth: list[Tensor]) -> Tensor:
    """Eq. (3): mean absolute difference of the discriminator's activations, over its layers."""
    pairs = zip(of_painted, of_truth, strict=True)
    return sum(F.l1_loss(painted, truth.detach()) for painted, truth in pairs)


_SIGMA = 2.0  # of the smoothing, in pixels
_LOW, _HIGH = 0.1, 0.2  # gradients, of grey values in [0, 1], by the Sobel operator
_FINE = 1000  # OpenCV takes gradients as integers: in thousandths
_LUMINANCE = (0.299, 0.587, 0.114)


def to_grey(pictures: Tensor) -> Tensor:
    """N,1,H,W of N,3,H,W RGB."""
    return (pictures * pictures.new_tensor(_LUMINANCE)[:, None, None]).sum(dim=1, keepdim=True)


def canny_edges(pictures: Tensor, valid: Tensor | None = None) -> Tensor:
    """Edges of grey images, smoothed with sigma 2, with hysteresis from 0.1 to 0.2.

    These are scikit-image's defaults, which EdgeConnect takes. OpenCV, which is needed anyway,
    computes them (about a millisecond for 256x256); scikit-image would be one more dependency.

    Args:
        pictures: N,3,H,W float in [0, 1], RGB.
        valid: bool N,1,H,W: what is seen. Elsewhere, and beside it, there are no edges, and what
            is there has no influence.

    Returns:
        Tensor: float32 N,1,H,W of 0 and 1, without gradient.
    """
    grey = to_grey(pictures.detach().float()).cpu().numpy()
    masks = [None] * len(grey) if valid is None else valid.cpu().numpy()[:, 0]
    edges = [_edges(picture, mask) for (picture,), mask in zip(grey, masks, strict=True)]
    return torch.from_numpy(np.stack(edges)[:, None]).to(pictures.device)


def _edges(grey: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
    if valid is None:
        return _canny(_smooth(grey))
    weight = valid.astype(np.float32)
    smoothed = _smooth(grey * weight) / np.maximum(_smooth(weight), np.finfo(np.float32).eps)
    inner = cv2.erode(valid.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return _canny(smoothed) * inner


def _smooth(grey: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(grey, (0, 0), _SIGMA, borderType=cv2.BORDER_REPLICATE)


def _canny(smoothed: np.ndarray) -> np.ndarray:
    """float32 (H, W) of 0 and 1."""
    gradients = [
        np.rint(cv2.Sobel(smoothed, cv2.CV_32F, *way) * _FINE).astype(np.int16)
        for way in ((1, 0), (0, 1))
    ]
    edges = cv2.Canny(*gradients, _LOW * _FINE, _HIGH * _FINE, L2gradient=True)
    return (edges > 0).astype(np.float32)


IGNORE_INDEX = 255


@MODELS.register_module()
class SegmentationStage(InpaintingStage):
    """The segmentation inpainter; see :class:`InpaintingStage`.

    Its generator takes ``num_classes`` + 1 channels: the classes and the mask; and gives
    ``num_classes``. Its discriminator takes ``num_classes`` + 1: the classes' probabilities, and
    the true grey image.

    Args:
        num_classes: C.
        loss_classes: Config of a loss of mmseg's kind; its ``loss_weight`` is lambda_SC.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        generator: dict,
        discriminator: dict,
        loss_gan: dict,
        loss_classes: dict,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(generator, discriminator, loss_gan, init_cfg)
        self.num_classes = num_classes
        self.loss_classes = MODELS.build(loss_classes)

    def forward(self, classes: Tensor, mask: Tensor) -> Tensor:
        """Logits of S_I, N,C,H,W.

        Args:
            classes: N,C,H,W, see :func:`one_hot`.
            mask: N,1,H,W in [0, 1], 1 = to be filled; no class is seen there.
        """
        return self.generator(torch.cat([classes * (1 - mask), mask], dim=1))

    def generator_losses(self, logits: Tensor, labels: Tensor, grey: Tensor) -> dict[str, Tensor]:
        """``loss_gan`` and ``loss_classes``.

        Args:
            logits: N,C,H,W, of S_I.
            labels: int64 N,H,W, the classes of I_G; 255 = ignore.
            grey: N,1,H,W, I_G.
        """
        of_classes = self.loss_classes(logits.float(), labels, ignore_index=IGNORE_INDEX)
        activations = self.judge(probabilities(logits, labels), grey)
        return dict(loss_gan=self.fooling_loss(activations), loss_classes=of_classes)


def probabilities(logits: Tensor, labels: Tensor) -> Tensor:
    """Probabilities N,C,H,W of logits; 0 where the label is 255, as in :func:`one_hot`.

    There the truth has no class: a discriminator would know it from any painting by that alone.
    """
    return logits.softmax(dim=1) * (labels != IGNORE_INDEX)[:, None]


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """float32 N,C,H,W of int64 N,H,W; nothing where the label is 255.

    Raises:
        ValueError: when a label is no class.
    """
    known = labels != IGNORE_INDEX
    if not is_recorded():
        _check_classes(labels[known], num_classes)
    shape = (labels.shape[0], num_classes, *labels.shape[1:])
    planes = torch.zeros(shape, device=labels.device)
    return planes.scatter_(1, (labels * known)[:, None], known[:, None].float())


def _check_classes(labels: Tensor, num_classes: int) -> None:
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if len(wrong):
        raise ValueError(
            f'A label is {wrong[0].item()}, but model.segmentation.num_classes is {num_classes}, '
            f"for 0 to {num_classes - 1} and 255 = ignore: set it to the data set's number of "
            f'classes.'
        )


@MODELS.register_module()
class EdgeStage(InpaintingStage):
    """The edge inpainter; see :class:`InpaintingStage`.

    Its generator takes 3 channels: grey image, edges, mask; and gives 1. Its discriminator
    takes 2: edges, and the true grey image.

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
            grey: N,1,H,W in [0, 1], the image.
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


@MODELS.register_module()
class ImageStage(InpaintingStage):
    """The image inpainter; see :class:`InpaintingStage`.

    Its generator takes 3 channels of the image, 1 of edges, where there is a segmentation stage
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
            mask: N,1,H,W in [0, 1], 1 = to be filled; nothing of the image is seen there.
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
            hole: N,1,H,W, M_G; its mean is N_M of eq. (7), in a share of the image.
            padding: bool N,1,H,W, 1 = no part of the images, where both are alike; None where
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
