"""Keeping weights out of a computation's gradients for a while."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def frozen(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """What is computed in the ``with`` block gives these parameters no gradient.

    Gradients still pass through to what came before. Parameters that were frozen already stay so.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad_(True)


def is_trained(module: nn.Module) -> bool:
    """Whether any parameter of the module gets gradients at present."""
    return any(parameter.requires_grad for parameter in module.parameters())
