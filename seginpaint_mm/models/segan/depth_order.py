"""Which objects of a picture lie in front of which, from what is hidden of them (Section 5.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from torch import Tensor

from seginpaint_mm.occlusion import occlusion_overlaps

DEPTH_THRESHOLD = 0.05  # Section 5.2


@dataclass(frozen=True)
class Occlusion:
    """Object ``front`` hides a part of object ``back``; ``overlap`` in (0, 1] says how surely."""

    front: int
    back: int
    overlap: float


@dataclass(frozen=True)
class BrokenCycle:
    """Objects each of which hides the next, the last the first, and the weakest, taken out."""

    objects: tuple[int, ...]
    removed: Occlusion

    def sentence(self, first: int = 0) -> str:
        """What happened, for people; ``first`` is the number of the first object."""
        return (
            f'Objects {", ".join(str(number + first) for number in self.objects)} hide each other '
            f'in a circle: that {self.removed.front + first} hides {self.removed.back + first}, '
            f'the weakest, is left out of the depth order.'
        )


@dataclass(frozen=True)
class DepthOrder:
    """The depth order of n objects, numbered from 0.

    Attributes:
        graph: Its n nodes are the objects; an edge (q, p) with its ``overlap`` says that q hides a
            part of p. It has no cycle.
        order: All objects, front first; no object comes after one that it hides a part of.
        layers: Layer of each object: 0 hides others or nothing and is hidden by none, and every
            other is one behind the hindmost of those that hide it.
        broken_cycles: What was taken out of the graph to leave it without cycles.
    """

    graph: nx.DiGraph
    order: tuple[int, ...]
    layers: tuple[int, ...]
    broken_cycles: tuple[BrokenCycle, ...]

    def occlusions(self) -> Iterator[Occlusion]:
        """The edges of the graph, by object in front and object behind."""
        for front, back, overlap in sorted(self.graph.edges(data='overlap')):
            yield Occlusion(front, back, overlap)

    def to_dict(self, names: Sequence[str] | None = None, first: int = 0) -> dict:
        """For JSON: ``objects`` with ``depth`` (0 = front) and ``layer``, ``occlusions``, cycles.

        Args:
            names: What the objects are called.
            first: Number of the first object.
        """
        depths = {number: depth for depth, number in enumerate(self.order)}
        objects = [
            dict(object=number + first, depth=depths[number], layer=layer)
            for number, layer in enumerate(self.layers)
        ]
        if names is not None:
            objects = [dict(item, name=name) for item, name in zip(objects, names, strict=True)]
        return dict(
            objects=objects,
            occlusions=[_numbered(item, first) for item in self.occlusions()],
            broken_cycles=[
                dict(
                    objects=[number + first for number in cycle.objects],
                    removed=_numbered(cycle.removed, first),
                )
                for cycle in self.broken_cycles
            ],
        )


def _numbered(item: Occlusion, first: int) -> dict:
    return dict(front=item.front + first, back=item.back + first, overlap=item.overlap)


def infer_depth_order(
    visible: Tensor, full: Tensor, threshold: float = DEPTH_THRESHOLD
) -> DepthOrder:
    """Order objects by who hides whom.

    q hides a part of p if what is seen of q and what is hidden of p have an IoU above the
    threshold (:func:`occlusion_overlaps`). Predictions can contradict each other: where objects
    hide each other in a circle, the weakest link of it is taken out and kept in ``broken_cycles``.
    Of objects that nothing relates, the one that reaches lower in the picture comes first.

    Args:
        visible: bool (n, H, W), what is seen of the objects.
        full: bool (n, H, W), all of them, as predicted.
        threshold: IoU in [0, 1) that must be exceeded.

    Raises:
        ValueError: when the shapes differ, or nothing is seen of an object.
    """
    unseen = (~visible.flatten(1).any(dim=1)).nonzero().flatten().tolist()
    if unseen:
        raise ValueError(
            f'Nothing is seen of object {unseen[0]} (counted from 0): leave it out, its place in '
            f'the depth order cannot be known.'
        )
    overlaps = occlusion_overlaps(visible, full)
    claims = [
        Occlusion(front, back, overlaps[front, back].item())
        for front, back in (overlaps > threshold).nonzero().tolist()
    ]
    graph, broken = _without_cycles(len(visible), claims)
    bottoms = [int(np.flatnonzero(rows)[-1]) for rows in visible.any(dim=2).cpu().numpy()]
    order = nx.lexicographical_topological_sort(graph, key=lambda node: (-bottoms[node], node))
    layers = {
        node: layer
        for layer, nodes in enumerate(nx.topological_generations(graph))
        for node in nodes
    }
    return DepthOrder(
        graph=graph,
        order=tuple(order),
        layers=tuple(layers[node] for node in range(len(visible))),
        broken_cycles=tuple(broken),
    )


def _without_cycles(
    number: int, claims: Sequence[Occlusion]
) -> tuple[nx.DiGraph, list[BrokenCycle]]:
    """The strongest claims first; one that closes a circle is the weakest of it, and left out."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(number))
    broken = []
    for claim in sorted(claims, key=lambda claim: (-claim.overlap, claim.front, claim.back)):
        if nx.has_path(graph, claim.back, claim.front):
            circle = nx.shortest_path(graph, claim.back, claim.front)
            broken.append(BrokenCycle(objects=tuple(circle), removed=claim))
        else:
            graph.add_edge(claim.front, claim.back, overlap=claim.overlap)
    return graph, broken
