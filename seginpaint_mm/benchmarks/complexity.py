"""Count the parameters and multiply-adds of a network."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

REST = '(between the parts)'


@dataclass(frozen=True)
class Complexity:
    """One part of a model.

    Attributes:
        part: name of the child module, or :data:`REST`.
        parameters: numbers that are learnt, shared ones counted once.
        flops: floating-point operations of one pass, a multiply-add is two. Convolutions and
            matrix products are counted; element-wise operations, pooling and resizing are not.
    """

    part: str
    parameters: int
    flops: int


def complexity(model: nn.Module, run: Callable[[], object]) -> list[Complexity]:
    """Parameters and operations of each child of ``model`` during ``run()``.

    Args:
        model: in the mode (train or eval) and on the device that it is to be measured in.
        run: one pass through ``model``.

    Returns:
        The children in the model's order, then :data:`REST` where that counts anything.
    """
    counter = FlopCounterMode(display=False)
    flops: dict[str, int] = defaultdict(int)
    handles = [
        handle
        for name, child in model.named_children()
        for leaf in child.modules()
        if not list(leaf.children())
        for handle in _count_leaf(leaf, name, counter, flops)
    ]
    with torch.no_grad(), counter:  # torch 2.1 counts nothing in inference mode
        run()
    for handle in handles:
        handle.remove()
    parts = [
        Complexity(name, _parameters(child), flops[name]) for name, child in model.named_children()
    ]
    rest = Complexity(
        REST,
        _parameters(model) - sum(part.parameters for part in parts),
        counter.get_total_flops() - sum(part.flops for part in parts),
    )
    return [*parts, rest] if rest.parameters or rest.flops else parts


def _count_leaf(
    leaf: nn.Module, part: str, counter: FlopCounterMode, flops: dict[str, int]
) -> list[torch.utils.hooks.RemovableHandle]:
    """Children are counted by their leaves: some are entered by other methods than a call."""

    def before(*_: object) -> None:
        flops[part] -= counter.get_total_flops()

    def after(*_: object) -> None:
        flops[part] += counter.get_total_flops()

    return [leaf.register_forward_pre_hook(before), leaf.register_forward_hook(after)]


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
