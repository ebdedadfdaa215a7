"""Which objects of a picture lie in front of which, from what is hidden of them (Section 5.2)."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import networkx as nx
import numpy as np
from mmengine.logging import print_log
from torch import Tensor

from seginpaint_mm.occlusion import occlusion_overlaps

_TINT = 0.55
_INK, _PAPER = (20, 20, 20), (255, 255, 255)
_COLOURS = cv2.COLORMAP_TURBO


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

    def to_dict(self, names: Sequence[str] | None = None) -> dict:
        """For JSON: ``objects`` with ``depth`` (0 = front) and ``layer``, ``occlusions``, cycles.

        Args:
            names: What the objects are called.
        """
        depths = {number: depth for depth, number in enumerate(self.order)}
        objects = [
            dict(object=number, depth=depths[number], layer=layer)
            for number, layer in enumerate(self.layers)
        ]
        if names is not None:
            objects = [dict(item, name=name) for item, name in zip(objects, names, strict=True)]
        return dict(
            objects=objects,
            occlusions=[vars(item) for item in self.occlusions()],
            broken_cycles=[
                dict(objects=list(cycle.objects), removed=vars(cycle.removed))
                for cycle in self.broken_cycles
            ],
        )


def infer_depth_order(visible: Tensor, full: Tensor, threshold: float = 0.05) -> DepthOrder:
    """Order objects by who hides whom.

    q hides a part of p if what is seen of q and what is hidden of p have an IoU above the
    threshold (:func:`occlusion_overlaps`). Predictions can contradict each other: where objects
    hide each other in a circle, the weakest link of it is taken out, and a warning says so. Of
    objects that nothing relates, the one that reaches lower in the picture comes first.

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
    for cycle in broken:
        print_log(
            f'Objects {", ".join(map(str, cycle.objects))} hide each other in a circle: that '
            f'{cycle.removed.front} hides {cycle.removed.back}, the weakest, is left out.',
            logger='current',
            level=logging.WARNING,
        )
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


def draw_depth_order(image: np.ndarray, visible: np.ndarray, depth_order: DepthOrder) -> np.ndarray:
    """Draw the objects in the colours of their depth, their numbers, and who hides whom.

    Args:
        image: RGB uint8 (H, W, 3).
        visible: bool (n, H, W), what is seen of the objects.
        depth_order: Of these objects.

    Returns:
        np.ndarray: RGB uint8 (H, W, 3). The front object is red, the hindmost blue; an arrow goes
        from an object to each that it hides a part of.
    """
    picture = image.copy()
    colours = _depth_colours(depth_order.order)
    for mask, colour in zip(visible, colours, strict=True):
        mixed = (1 - _TINT) * picture[mask] + _TINT * np.array(colour)
        picture[mask] = mixed.astype(np.uint8)
        outline, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outline, -1, colour, 1, cv2.LINE_AA)
    places = [_middle(mask) for mask in visible]
    for item in depth_order.occlusions():
        ends = places[item.front], places[item.back]
        for colour, width in ((_PAPER, 3), (_INK, 1)):
            cv2.arrowedLine(picture, *ends, colour, width, cv2.LINE_AA, tipLength=0.12)
    scale = max(0.35, min(image.shape[:2]) / 900)
    for number, place in enumerate(places):
        for colour, width in ((_PAPER, 3), (_INK, 1)):
            text = str(number)
            cv2.putText(
                picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA
            )
    return picture


def _depth_colours(order: Sequence[int]) -> list[tuple[int, int, int]]:
    """RGB of each object, from red in front to blue."""
    values = np.linspace(240, 20, max(len(order), 2)).astype(np.uint8)
    table = cv2.applyColorMap(values, _COLOURS)[:, 0, ::-1].tolist()
    depths = np.argsort(order)
    return [tuple(table[depth]) for depth in depths]


def _middle(mask: np.ndarray) -> tuple[int, int]:
    """(x, y) of the pixel of a mask that is farthest from its border."""
    distance = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)
    row, column = np.unravel_index(distance[1:-1, 1:-1].argmax(), mask.shape)
    return int(column), int(row)
