"""Which models fill holes, and of what kind of pictures."""

from torch import nn

from seginpaint_mm.errors import UserError
from seginpaint_mm.models.baselines import (
    InpaintThenSegment,
    MMagicInpainter,
    SPGNet,
    UntrainedInpainter,
)
from seginpaint_mm.models.maskopt import EdgeConnectInpainter, ObjectRemover
from seginpaint_mm.models.sgenet import SGENet

_INPAINTERS = (
    EdgeConnectInpainter,
    InpaintThenSegment,
    MMagicInpainter,
    SGENet,
    SPGNet,
    UntrainedInpainter,
)


def is_inpainter(model: nn.Module) -> bool:
    """Whether a model fills holes that it is told of, and finds nothing itself."""
    return isinstance(model, _INPAINTERS) and not isinstance(model, ObjectRemover)


def check_paints(model: nn.Module) -> None:
    """UserError when an EdgeConnect lacks what painting a picture of a user's takes."""
    if not isinstance(model, EdgeConnectInpainter):
        return
    kind = type(model).__name__
    if 'image' not in model.stages:
        raise UserError(
            f'This {kind} has no image stage, so that it paints no picture: give the config and '
            f'the checkpoint of all parts together.'
        )
    if isinstance(model, ObjectRemover):
        return
    if 'edge' not in model.stages or model.num_classes is not None:
        raise UserError(
            f'This {kind} learns from true edges or classes, which are not known of your pictures: '
            f'give one with an edge and an image stage alone, or an ObjectRemover.'
        )


def check_size(model: nn.Module, size: tuple[int, int]) -> None:
    """ValueError when a model cannot fill pictures of (height, width) ``size``."""
    if isinstance(model, SGENet):
        model.check_size(*size)
