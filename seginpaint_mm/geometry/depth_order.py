"""Occlusion between objects: pairs, depth order, and the area that each may hide.

Masks are a tensor, bool (n, H, W), or a :class:`CroppedMaskTensor`: of a large photo with many
objects no array of all masks is made.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import networkx as nx
import numpy as np
import torch
from torch import Tensor

from seginpaint_mm.geometry.masks import (
    Box,
    CroppedMasks,
    CroppedMaskTensor,
    box_around,
    common_box,
    crop_to_box,
    grow_box,
    pack_tensor,
)

Masks: TypeAlias = Tensor | CroppedMaskTensor


def occlusion_counts(visible: Masks, full: Masks) -> Tensor:
    """Count the pixels of each object's invisible region that show each other object.

    Masks are compared in their boxes: most are small, and most pairs do not meet.

    Args:
        visible: bool (n, H, W), what is seen of the objects (SV).
        full: bool (n, H, W), all of them (SF), known or predicted; SI is what SV does not hold of
            it.

    Returns:
        int64 (n, n) on the CPU: in row q and column p the pixels that SV of q and SI of p share; 0
        on the diagonal.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> full = torch.tensor([[[1, 1, 0, 0]], [[0, 1, 1, 0]]]).bool()
        >>> visible = torch.tensor([[[1, 1, 0, 0]], [[0, 0, 1, 0]]]).bool()
        >>> occlusion_counts(visible, full)
        tensor([[0, 1],
                [0, 0]])
    """
    return occlusion_sizes(visible, full)[0]


def occlusion_overlaps(visible: Masks, full: Masks) -> Tensor:
    """Overlap of each object's visible region with each other's invisible one (SeGAN, Section 5.2).

    Args:
        visible: bool (n, H, W), what is seen of the objects (SV).
        full: bool (n, H, W), all of them (SF), known or predicted; SI is what SV does not hold of
            it.

    Returns:
        float64 (n, n) on the CPU: in row q and column p the IoU of SV of q and SI of p, in [0, 1]:
        q hides p where it is large. 0 where p hides nothing, and on the diagonal.

    Raises:
        ValueError: when the shapes differ.

    Example:
        The first object covers half of the second one.

        >>> full = torch.tensor([[[1, 1, 0, 0]], [[0, 1, 1, 0]]]).bool()
        >>> visible = torch.tensor([[[1, 1, 0, 0]], [[0, 0, 1, 0]]]).bool()
        >>> occlusion_overlaps(visible, full)
        tensor([[0.0000, 0.5000],
                [0.0000, 0.0000]], dtype=torch.float64)
    """
    return overlaps_of(*occlusion_sizes(visible, full))


def overlaps_of(shared: Tensor, seen: Tensor, hidden: Tensor) -> Tensor:
    """Return :func:`occlusion_overlaps`, given :func:`occlusion_sizes`."""
    return shared / (seen[:, None] + hidden - shared).clamp(min=1).double()


def occlusion_sizes(visible: Masks, full: Masks) -> tuple[Tensor, Tensor, Tensor]:
    """Return :func:`occlusion_counts`, and the pixels of each SV and of each SI, int64 (n,)."""
    if visible.shape != full.shape:
        raise ValueError(
            f'The visible masks are {tuple(visible.shape)} (objects, height, width), the full ones '
            f'{tuple(full.shape)}: give both for the same objects and the same image.'
        )
    visible, full = pack_tensor(visible), pack_tensor(full)
    number = len(visible)
    shared = torch.zeros(number, number, dtype=torch.int64)
    seen = torch.tensor([visible.area(index) for index in range(number)], dtype=torch.int64)
    hidden = torch.zeros(number, dtype=torch.int64)
    for back, whole in enumerate(full.boxes):
        (left, top, _, _), crop = crop_to_box(full.crop(back) & ~visible.read(back, whole))
        left, top = left + whole[0], top + whole[1]
        box = (left, top, left + crop.shape[1], top + crop.shape[0])
        hidden[back] = np.count_nonzero(crop)
        for front, other in enumerate(visible.boxes):
            common = common_box(box, other)
            if front != back and common is not None:
                both = visible.read(front, common)
                both &= crop[common[1] - top : common[3] - top, common[0] - left : common[2] - left]
                shared[front, back] = np.count_nonzero(both)
    return shared, seen, hidden


PAPER_THRESHOLD = 0.05  # SeGAN, Section 5.2
OCCLUDERS = ('given', 'any')


@dataclass(frozen=True)
class Occlusion:
    """Object ``front`` hides a part of object ``back``.

    Attributes:
        front: Number of the object in front.
        back: Number of the object behind it.
        overlap: IoU, in (0, 1], of what is seen of ``front`` and what is hidden of ``back``.
        pixels: How many pixels of ``back`` are hidden where ``front`` is seen.
    """

    front: int
    back: int
    overlap: float
    pixels: int


@dataclass(frozen=True)
class BrokenCycle:
    """Objects each of which hides the next, the last the first, and the weakest, taken out."""

    objects: tuple[int, ...]
    removed: Occlusion

    def sentence(self, first: int = 0) -> str:
        """Describe the result in a sentence; ``first`` is the number of the first object."""
        return (
            f'Objects {", ".join(str(number + first) for number in self.objects)} hide each other '
            f'in a circle: that {self.removed.front + first} hides {self.removed.back + first}, '
            f'the weakest, is left out of the depth order.'
        )


@dataclass(frozen=True)
class DepthOrder:
    """The depth order of n objects, numbered from 0.

    Attributes:
        graph: Its n nodes are the objects; an edge (q, p) with its ``overlap`` and ``pixels``
            says that q hides a part of p. It has no cycle.
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
        for front, back in sorted(self.graph.edges):
            yield Occlusion(front, back, **self.graph.edges[front, back])

    def to_dict(self, names: Sequence[str] | None = None, first: int = 0) -> dict:
        """For JSON: ``objects`` with ``depth`` (0 = front) and ``layer``, ``occlusions``, cycles.

        Args:
            names: What the objects are called.
            first: Number of the first object.
        """
        depths = {number: depth for depth, number in enumerate(self.order)}
        objects: list[dict] = [
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
    return dict(
        front=item.front + first,
        back=item.back + first,
        overlap=item.overlap,
        pixels=item.pixels,
    )


def infer_depth_order(visible: Masks, full: Masks, threshold: float | None = None) -> DepthOrder:
    """Order objects in depth by their occlusions.

    Object q hides a part of p if q is seen in more pixels of what is hidden of p than p in what is
    hidden of q. With a ``threshold`` it is SeGAN's rule (Section 5.2; 0.05): q hides a part of p if
    what is seen of q and what is hidden of p have a greater IoU (:func:`occlusion_overlaps`). That
    rule misses large objects in front of small hidden parts.

    Predictions can contradict each other: where objects hide each other in a circle, its weakest
    link (by pixels; with a threshold by IoU) is taken out and kept in ``broken_cycles``. Of objects
    that nothing relates, the one that reaches lower in the image comes first; one of which nothing
    is seen comes last.

    Args:
        visible: bool (n, H, W), what is seen of the objects.
        full: bool (n, H, W), all of them, as predicted.
        threshold: IoU in [0, 1) that must be exceeded; None for the larger count.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> full = torch.tensor([[[1, 1, 0, 0]], [[0, 1, 1, 0]]]).bool()
        >>> visible = torch.tensor([[[1, 1, 0, 0]], [[0, 0, 1, 0]]]).bool()
        >>> infer_depth_order(visible, full).order
        (0, 1)
    """
    visible = pack_tensor(visible)
    counts, seen, hidden = occlusion_sizes(visible, full)
    overlaps = overlaps_of(counts, seen, hidden)
    hides = counts > counts.T if threshold is None else overlaps > threshold
    claims = [
        Occlusion(front, back, overlaps[front, back].item(), int(counts[front, back]))
        for front, back in hides.nonzero().tolist()
    ]
    claims.sort(key=lambda claim: -(claim.pixels if threshold is None else claim.overlap))
    graph, broken = _without_cycles(len(visible), claims)
    bottoms = [bottom - 1 for _, _, _, bottom in visible.boxes]  # -1 of what is not seen
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
    """The strongest claims come first; one that closes a circle is the weakest of it: left out."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(number))
    broken = []
    for claim in claims:
        if nx.has_path(graph, claim.back, claim.front):
            circle = nx.shortest_path(graph, claim.back, claim.front)
            broken.append(BrokenCycle(objects=tuple(circle), removed=claim))
        else:
            graph.add_edge(claim.front, claim.back, overlap=claim.overlap, pixels=claim.pixels)
    return graph, broken


def hiding_places(visible: Masks, order: DepthOrder, growth: int = 0) -> Iterator[Tensor]:
    """Yield each object's possible hidden area, bool (H, W): visible parts of objects in front.

    Masks that a network predicts leave gaps between objects: within ``growth`` pixels of an object
    in front is such a place, too, where no object is seen.

    Args:
        visible: bool (n, H, W), what is seen of the objects; they should be all that can hide.
        order: Of these objects.
        growth: Distance in pixels, from 0 on.

    Raises:
        ValueError: when ``growth`` is negative.
    """
    _check_growth(growth)
    device, visible = visible.device, pack_tensor(visible)
    covered = visible.union() if growth else None
    whole = (0, 0, visible.size[1], visible.size[0])
    for number in range(len(visible)):
        place = _hiding_place(visible, number, order, whole, growth, covered)
        yield torch.from_numpy(place).to(device)


def _hiding_place(
    visible: CroppedMasks,
    number: int,
    order: DepthOrder,
    box: Box,
    growth: int,
    covered: np.ndarray | None,
) -> np.ndarray:
    """An object's hiding place in a box; ``covered`` bool (H, W) is where any object is seen."""
    wide = grow_box(box, growth, visible.size)
    place = np.zeros((wide[3] - wide[1], wide[2] - wide[0]), bool)
    for front in order.graph.predecessors(number):
        place |= visible.read(front, wide)
    if covered is None or not place.size:
        return place
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * growth + 1, 2 * growth + 1))
    grown = cv2.dilate(place.view(np.uint8), disc).view(bool)
    inner = np.s_[box[1] - wide[1] :, box[0] - wide[0] :]
    window = np.s_[: box[3] - box[1], : box[2] - box[0]]
    free = ~covered[box[1] : box[3], box[0] : box[2]]
    return place[inner][window] | (grown[inner][window] & free)


def cut_hidden(visible: Masks, full: Masks, order: DepthOrder, growth: int = 0) -> Masks:
    """Keep the hidden part of each object only in its :func:`hiding_places`.

    Objects that are stacked in the ``order``, each as far as its mask reaches, then show each
    visible pixel of an object as it is in the image; without ``growth`` all other pixels, too.

    Args:
        visible: bool (n, H, W), what is seen of the objects.
        full: bool (n, H, W), all of them, as predicted.
        order: Of these objects and these masks.
        growth: See :func:`hiding_places`.

    Returns:
        bool (n, H, W), as ``visible`` is given: ``visible`` and the rest of ``full``.
    """
    _check_growth(growth)
    seen, whole = pack_tensor(visible), pack_tensor(full)
    covered = seen.union() if growth else None

    def pieces() -> Iterator[tuple[Box, np.ndarray]]:
        for number, pair in enumerate(zip(seen.boxes, whole.boxes, strict=True)):
            box = box_around(*pair)
            place = _hiding_place(seen, number, order, box, growth, covered)
            yield box, seen.read(number, box) | (whole.read(number, box) & place)

    return _as_given(CroppedMaskTensor.of_crops(pieces(), seen.size), visible)


def _as_given(masks: CroppedMaskTensor, given: Masks) -> Masks:
    return (
        masks
        if isinstance(given, CroppedMasks)
        else torch.from_numpy(masks.numpy()).to(given.device)
    )


def complete_behind(
    visible: Masks,
    full: Masks,
    occluders: str = 'given',
    growth: int = 0,
    threshold: float | None = None,
) -> tuple[Masks, DepthOrder]:
    """Order objects, and cut their full masks to the area that can be hidden.

    Args:
        visible: bool (n, H, W), what is seen of the objects.
        full: bool (n, H, W), all of them, as predicted.
        occluders: ``'given'``: the objects are all that hides, see :func:`cut_hidden`; ``'any'``:
            other things may hide them, and full masks stay as they are.
        growth: See :func:`hiding_places`.
        threshold: See :func:`infer_depth_order`.

    Returns:
        Full masks, bool (n, H, W), as ``visible`` are given, which they hold; and the depth order.

    Raises:
        ValueError: when ``occluders`` is another word, or ``growth`` is negative.
    """
    check_occluders(occluders, growth)
    seen = pack_tensor(visible)
    whole = pack_tensor(full).unite(seen)
    order = infer_depth_order(seen, whole, threshold)
    if occluders == 'given':
        whole = pack_tensor(cut_hidden(seen, whole, order, growth))
    return _as_given(whole, visible), order


def check_occluders(occluders: str, growth: int) -> None:
    """ValueError when one of them is out of its range."""
    if occluders not in OCCLUDERS:
        raise ValueError(f'occluders must be one of {OCCLUDERS}, not {occluders!r}.')
    _check_growth(growth)


def _check_growth(growth: int) -> None:
    if growth < 0:
        raise ValueError(f'Occluders grow by 0 pixels or more, not by {growth}.')
