"""Record a network as a graph, and use it again for the same shapes."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seginpaint_mm.errors import ConfigError


def is_exported() -> bool:
    """Return whether ``torch.export`` records, for files that run without this package."""
    is_exporting = getattr(torch.compiler, 'is_exporting', None)  # of torch 2.7 and later
    return torch.compiler.is_compiling() if is_exporting is None else is_exporting()


def is_compiled() -> bool:
    """Return whether ``torch.compile`` records, for this process."""
    return torch.compiler.is_compiling() and not is_exported()


def is_traced() -> bool:
    """Return whether ``torch.jit.trace`` records."""
    return torch.jit.is_tracing()


def leaves_python() -> bool:
    """Return whether a graph is made for files: it is for images of all sizes."""
    return is_exported() or is_traced()


def is_recorded() -> bool:
    """Return whether a graph is made, of any kind: what looks at values is left out of it."""
    return torch.compiler.is_compiling() or leaves_python()


NETWORK = 'network'


@dataclass(frozen=True)
class Array:
    """A tensor that a graph takes.

    Args:
        shape: Sides by number, or by name where they differ from call to call: ``'n'`` images,
            ``'k'`` objects, ``'h'`` and ``'w'`` pixels of the image.
        dtype: Of its values; a bool is uint8 outside, where every program has one.
        high: Values are from 0 to this, or of any size where it is None.
    """

    shape: tuple[int | str, ...]
    dtype: torch.dtype = torch.float32
    high: float | None = 1.0


IMAGE = Array(('n', 3, 'h', 'w'), high=None)  # normalised; see seginpaint_mm.deployment for uint8
HOLE = Array(('n', 1, 'h', 'w'), torch.bool)
EDGES = Array(('n', 1, 'h', 'w'))
LABELS = Array(('n', 1, 'h', 'w'), torch.int64, high=1)  # classes, 255 = not known


@dataclass(frozen=True)
class Graph:
    """A function of tensors that ``torch.export`` can record for any number and size of images.

    Args:
        function: Takes the inputs by position, and returns a dict of tensors.
        inputs: Name -> what it is. ``'image'`` is RGB, normalised as the data preprocessor does.
        divisor: Height and width of the images are multiples of it.
        least: The smallest height and width.
        size: (height, width), where the network takes no other; None where it takes any.
        programs: What the function calls that is TorchScript, which TorchScript alone can hold.
    """

    function: Callable[..., dict[str, Tensor]]
    inputs: dict[str, Array]
    divisor: int = 1
    least: int = 1
    size: tuple[int, int] | None = None
    programs: tuple[torch.jit.ScriptModule, ...] = ()


def graphs_of(model: nn.Module) -> dict[str, Graph]:
    """Return name -> graph of a model.

    Raises:
        ConfigError: when it has none.
    """
    if hasattr(model, 'graphs'):
        found = model.graphs()
    elif hasattr(model, 'decode_head') and hasattr(model, 'align_corners'):
        found = {NETWORK: Graph(_segmentor(model), dict(image=IMAGE))}
    else:
        found = {}
    if not found:
        raise ConfigError(
            f'{type(model).__name__} has no part that can leave Python: give it a method graphs(), '
            f'as seginpaint_mm.utils.graphs says, or export another model.'
        )
    return found


def _segmentor(model: nn.Module) -> Callable[[Tensor], dict[str, Tensor]]:
    """The whole image at once, as mmseg's ``test_cfg.mode='whole'`` does."""

    def network(image: Tensor) -> dict[str, Tensor]:
        logits = F.interpolate(
            model(image, mode='tensor'),
            size=image.shape[-2:],
            mode='bilinear',
            align_corners=model.align_corners,
        )
        if logits.shape[1] == 1:
            return dict(classes=(logits > 0).long(), logits=logits)
        return dict(classes=logits.argmax(dim=1, keepdim=True), logits=logits)

    return network
