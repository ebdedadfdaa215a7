"""What the painter sees: colours say what to paint (eq. 1)."""

from torch import Tensor

MASK_GRADIENTS = ('straight_through', 'soft')
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
            gradient with respect to its being red is handed on to the probability, as in the
            published code. ``'soft'``: colours are mixed in the ratio of the probability.

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


def _plane(colour: tuple[float, float, float], like: Tensor) -> Tensor:
    return like.new_tensor(colour)[:, None, None]
