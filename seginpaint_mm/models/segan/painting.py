"""Inputs and outputs of the generator: coloured masks, conditions, generated images."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from seginpaint_mm.registry import MODELS

MASK_GRADIENTS = ('straight_through', 'published', 'soft')
_RED = (1.0, 0.0, 0.0)
_BLUE = (0.0, 0.0, 1.0)


def coloured_input(
    images: Tensor, visible: Tensor, full: Tensor, mask_gradient: str = 'straight_through'
) -> Tensor:
    """The image where the object is visible, red where predicted hidden, blue elsewhere.

    "Elsewhere" is outside both masks, which eq. (1) must mean with J - O - SV.

    Args:
        images: N,3,S,S float in [0, 1], RGB: the images in the objects' boxes.
        visible: bool N,S,S, SV.
        full: float N,S,S in [0, 1], O: the probability that a pixel is of the whole object.
        mask_gradient: ``'straight_through'``: a pixel counts from probability 0.5 on, and the
            gradient with respect to its being red is handed on to the probability (eq. 6).
            ``'published'``: the same here; :func:`average_gradient` scales it as the published code
            does. ``'soft'``: colours are mixed in the ratio of the probability.

    Returns:
        Tensor: N,3,S,S in [0, 1].
    """
    if mask_gradient == 'soft':
        red = blue = full
    else:
        blue = (full >= 0.5).to(full.dtype)
        red = blue + (full - full.detach())
    seen = visible[:, None].to(images.dtype)
    to_paint, outside = red[:, None] * (1 - seen), (1 - blue[:, None]) * (1 - seen)
    return images * seen + _plane(_RED, images) * to_paint + _plane(_BLUE, images) * outside


def average_gradient(probabilities: Tensor, enlarged: Tensor) -> Tensor:
    """Hand a gradient of enlarged masks on as SeGAN's published code does: averaged over cells.

    By the chain rule the gradient of a mask's pixel is the *sum* over what it was enlarged to. The
    published code reduces the image of the gradient to the mask's size instead, which averages. Its
    colours are in [0, 1], ours in [-1, 1]: half of the gradient is its.

    Args:
        probabilities: float (N, m, m), which gets the gradient.
        enlarged: float (N, S, S), the same enlarged, which gets none.

    Returns:
        Tensor: ``enlarged``.
    """
    return _AveragedGradient.apply(probabilities, enlarged)


class _AveragedGradient(Function):
    @staticmethod
    def forward(ctx: object, probabilities: Tensor, enlarged: Tensor) -> Tensor:
        ctx.size = probabilities.shape[-2:]
        return enlarged.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: object, gradient: Tensor) -> tuple[Tensor, None]:
        return F.adaptive_avg_pool2d(gradient[:, None], ctx.size)[:, 0] / 2, None


def _plane(colour: tuple[float, float, float], like: Tensor) -> Tensor:
    return like.new_tensor(colour)[:, None, None]


@MODELS.register_module()
class Pix2PixHead(BaseModule):
    """A conditional GAN: a generator, and a discriminator on its input and output.

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
        discriminator: a mask is to suit the generated image, not the discriminator.

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


def needed(generated: dict[str, Tensor], name: str, field: str) -> Tensor:
    """Return the training targets.

    Raises:
        ValueError: when a sample of the batch does not have it.
    """
    if name not in generated:
        raise ValueError(
            f'The model learns from gt_instances.{field}, which a sample of the batch does not '
            f'have: load it in train_dataloader.dataset.pipeline.'
        )
    return generated[name]


def painting_and_truth(generated: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """``painted`` and ``appearance``, both N,3,S,S.

    Raises:
        ValueError: when the truth is missing or of another size.
    """
    truth = needed(generated, 'appearance', 'full_appearance')
    painted = generated['painted']
    if truth.shape != painted.shape:
        raise ValueError(
            f'gt_instances.full_appearance is {tuple(truth.shape)}, the painting '
            f'{tuple(painted.shape)}: crop appearances to painter_size={painted.shape[-1]}.'
        )
    return painted, truth


def cut_out(painted: Tensor, alpha: Tensor) -> Tensor:
    """RGBA, uint8 N,4,S,S, of N,3,S,S in [-1, 1] and bool N,S,S, where it is opaque."""
    colours = ((painted.float() + 1) * 127.5).round().clamp(0, 255)
    return torch.cat([colours, 255.0 * alpha[:, None]], dim=1).to(torch.uint8)


def paste_masks(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize masks to their boxes, bilinearly, and put them into empty images; differentiable.

    Args:
        masks: float N,h,w.
        boxes: float N,4, (x1, y1, x2, y2) in pixels, x2 and y2 exclusive.
        size: (height, width) of the images.

    Returns:
        Tensor: float N,height,width, 0 outside the boxes.
    """
    height, width = size
    if not len(masks):
        return masks.new_zeros((0, height, width))
    left, top, right, bottom = boxes.to(masks.dtype).unbind(dim=1)
    across, down, zero = right - left, bottom - top, torch.zeros_like(left)
    # from [-1, 1] across the image to [-1, 1] across the box
    to_box = [
        [width / across, zero, (width - left - right) / across],
        [zero, height / down, (height - top - bottom) / down],
    ]
    to_box = torch.stack([torch.stack(row, dim=1) for row in to_box], dim=1)
    grid = F.affine_grid(to_box, [len(masks), 1, height, width], align_corners=False)
    inside = (grid.abs() <= 1).all(dim=-1)
    pasted = F.grid_sample(masks[:, None], grid, padding_mode='border', align_corners=False)
    return pasted[:, 0] * inside


def nearest_colours(image: Tensor, seen: Tensor) -> Tensor:
    """Give each pixel the colour of the nearest visible one.

    Args:
        image: uint8 (3, H, W).
        seen: bool (H, W).

    Returns:
        uint8 (3, H, W); the image itself where nothing is seen.
    """
    if not seen.any():
        return image
    _, labels = cv2.distanceTransformWithLabels(
        (~seen).cpu().numpy().astype(np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )
    index = torch.from_numpy(labels).to(image.device).long()
    colours = image.new_zeros((3, int(index.max()) + 1))
    colours[:, index[seen]] = image[:, seen]
    return colours[:, index]
