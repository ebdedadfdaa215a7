"""Operations and parameters of a network that can be counted by hand."""

import torch
from torch import Tensor, nn

from seginpaint_mm.benchmarks.complexity import REST, Complexity, complexity


class Network(nn.Module):
    """Its first part is not entered by a call, and a matrix product belongs to no part."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.ReLU())
        self.second = nn.Linear(4, 5)
        self.scale = nn.Parameter(torch.ones(5, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first[1](self.first[0](x))
        return self.second(x.mean((2, 3))) @ self.scale


def test_parts_are_counted_by_hand() -> None:
    network = Network().eval()
    parts = complexity(network, lambda: network(torch.zeros(1, 3, 8, 10)))
    assert parts == [
        Complexity('first', 3 * 4 * 9, 2 * 3 * 4 * 9 * 8 * 10),
        Complexity('second', 4 * 5 + 5, 2 * 4 * 5),
        Complexity(REST, 10, 2 * 5 * 2),
    ]


def test_counting_leaves_no_hook_behind() -> None:
    network = Network().eval()
    complexity(network, lambda: network(torch.zeros(1, 3, 8, 8)))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
