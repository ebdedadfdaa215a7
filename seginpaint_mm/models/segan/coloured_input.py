"""What the painter sees: colours say what to paint (eq. 1)."""

import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

MASK_GRADIENTS = ('straight_through', 'published', 'soft')
_RED = (1.0, 0.0, 0.0)
_BLUE = (0.0, 0.0, 1.0)


def coloured_input(
    images: Tensor, visible: Tensor, full: Tensor, mask_gradient: str = 'straight_through'
) -> Tensor:
    """The image where the object is seen, red where it is thought to be hidden, blue elsewhere.

    "Elsewhere" is outside both masks, which eq. (1) must mean with J - O - SV.

    Args:
        images: N,3,S,S float in [0, 1], RGB: the pictures in the objects' boxes.
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
