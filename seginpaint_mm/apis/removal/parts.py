"""``Part``: pixels of a hole that are filled together, and the division of holes into parts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from seginpaint_mm.geometry.masks import Box, CroppedMasks, crop_to_box, feather_weights, grow_mask

_THIN = 1 / 4  # of the working size, the thickness of what may be cut into pieces
_MANY = 2000  # boxes, beyond which neighbouring groups are not joined


@dataclass(frozen=True)
class Part:
    """Pixels of a hole that are filled together.

    Attributes:
        box: Tight around them.
        weights: float16 (h, w) in [0, 1], or uint8 where nothing is feathered, of the box: the
            share of the painting in the result; 0
            where a pixel is not of this part.
    """

    box: Box
    weights: np.ndarray

    @property
    def longer_side(self) -> int:
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)


def find_parts(
    masks: CroppedMasks, grow: Sequence[int], feather: int
) -> tuple[list[Part], np.ndarray]:
    """Divide the pixels to be filled among the objects: each belongs to one of them.

    Args:
        masks: Of the objects.
        grow: Of each, pixels by which it is grown, or shrunk where they are negative. Where shrunk
            objects touch each other, no border is between them.
        feather: Pixels around it in which the painting passes into the photo.

    Returns:
        A part for each object of which something is left; and the hole, bool (H, W), all of them.
    """
    owner = np.zeros(masks.size, np.uint16 if len(masks) < 2**16 else np.uint32)
    # without a feather no distances, which take 8 bytes a pixel, and no floats
    weights = np.zeros(masks.size, np.float16 if feather else np.uint8)
    union = masks.union() if min(grow, default=0) < 0 else None
    cores = [_grown(masks, index, pixels, union) for index, pixels in enumerate(grow)]
    for number, (box, core) in enumerate(cores, start=1):
        here = owner[_window(box)]
        here[core & (here == 0)] = number
    for number, (box, core) in enumerate(cores, start=1):
        if not core.any():
            continue
        wide, padded = _padded(box, core, feather + 1, masks.size)
        shares = feather_weights(padded, feather) if feather else padded
        shares = shares.astype(weights.dtype)
        here = owner[_window(wide)]
        here[(shares > 0) & (here == 0)] = number
        below = weights[_window(wide)]
        np.maximum(below, shares, out=below)
        cores[number - 1] = (wide, core)
    parts = []
    for number, (box, _) in enumerate(cores, start=1):
        window = _window(box)
        parts += _tight(
            box, np.where(owner[window] == number, weights[window], weights.dtype.type(0))
        )
    return parts, owner > 0


def split_part(part: Part, room: int, working_size: int) -> list[Part]:
    """Split a part that is too large into connected pieces, and thin pieces into smaller ones.

    Args:
        part: A part.
        room: Longest side of a piece that shares a patch, in pixels.
        working_size: Side of a patch, as it is seen.
    """
    inside = (part.weights > 0).astype(np.uint8)
    number, labels, found, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    boxes = found[1:, :4].astype(np.int64)  # the first is what is not marked
    boxes[:, 2:] += boxes[:, :2]
    left, top = part.box[:2]
    pieces = []
    for group in group_boxes(boxes, room):
        chosen = np.zeros(number, bool)
        chosen[np.add(group, 1)] = True
        box = _around_all(boxes[group])
        window = _window(box)
        nothing = part.weights.dtype.type(0)
        held = np.where(chosen[labels[window]], part.weights[window], nothing)
        x1, y1, x2, y2 = box
        piece = Part((x1 + left, y1 + top, x2 + left, y2 + top), held)
        is_large = piece.longer_side > room
        pieces += _tiles(piece, room) if is_large and _is_thin(held, working_size) else [piece]
    return pieces


def group_boxes(boxes: Sequence[Box] | np.ndarray, room: int) -> list[list[int]]:
    """Group neighbours of which all fit into a square of ``room`` pixels; larger ones stay alone.

    Returns:
        list: The numbers of the boxes of each group, by place.
    """
    boxes = np.asarray(boxes, np.int64).reshape(-1, 4)
    if not len(boxes):
        return []
    half = max(room // 2, 1)
    small = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) <= half
    cells = (boxes[:, :2] + boxes[:, 2:]) // 2 // half
    keys = np.where(small[:, None], cells, -1 - np.arange(len(boxes))[:, None])
    _, inverse = np.unique(keys, axis=0, return_inverse=True)
    order = inverse.reshape(-1).argsort(kind='stable')
    ends = np.flatnonzero(np.diff(inverse.reshape(-1)[order])) + 1
    groups = [group.tolist() for group in np.split(order, ends)]
    if len(groups) <= _MANY:
        groups = _joined(groups, boxes, room)
    return sorted(groups, key=lambda group: tuple(boxes[group, 1::-1].min(axis=0)))


def merge_parts(parts: Sequence[Part]) -> Part:
    """One part of several."""
    if len(parts) == 1:
        return parts[0]
    box = _around_all(np.array([part.box for part in parts]))
    weights = np.zeros((box[3] - box[1], box[2] - box[0]), parts[0].weights.dtype)
    for part in parts:
        left, top, right, bottom = np.subtract(part.box, (*box[:2], *box[:2]))
        held = weights[top:bottom, left:right]
        np.maximum(held, part.weights, out=held)
    return Part(box, weights)


def _joined(groups: list[list[int]], boxes: np.ndarray, room: int) -> list[list[int]]:
    """Join groups greedily, each with that with which it needs the least room."""
    outer = np.array([_around_all(boxes[group]) for group in groups])
    joined, around = [], np.zeros((0, 4), np.int64)
    for place in np.lexsort((outer[:, 0], outer[:, 1])):
        box = outer[place]
        starts = np.minimum(around[:, :2], box[:2])
        stops = np.maximum(around[:, 2:], box[2:])
        sides = (stops - starts).max(axis=1, initial=0)
        best = int(sides.argmin()) if len(sides) else -1
        if best >= 0 and sides[best] <= room:
            joined[best] += groups[place]
            around[best] = (*starts[best], *stops[best])
        else:
            joined.append(list(groups[place]))
            around = np.vstack([around, box])
    return joined


def _grown(
    masks: CroppedMasks, index: int, pixels: int, union: np.ndarray | None
) -> tuple[Box, np.ndarray]:
    """Box and bool crop of an object, grown or shrunk."""
    box, crop = masks.boxes[index], masks.crop(index)
    if not pixels or not crop.size:
        return box, crop
    wide, padded = _padded(box, crop, abs(pixels) + 1, masks.size)
    if pixels > 0:
        return wide, grow_mask(padded, pixels)
    return wide, grow_mask(union[_window(wide)], pixels) & padded


def _padded(
    box: Box, crop: np.ndarray, pixels: int, size: tuple[int, int]
) -> tuple[Box, np.ndarray]:
    """A larger box, as far as the photo reaches, and the crop in it."""
    left, top, right, bottom = box
    height, width = size
    wide = (
        max(left - pixels, 0),
        max(top - pixels, 0),
        min(right + pixels, width),
        min(bottom + pixels, height),
    )
    padded = np.zeros((wide[3] - wide[1], wide[2] - wide[0]), bool)
    padded[top - wide[1] : bottom - wide[1], left - wide[0] : right - wide[0]] = crop
    return wide, padded


def _is_thin(weights: np.ndarray, working_size: int) -> bool:
    """Whether every pixel is near to what is known."""
    inside = np.pad((weights > 0).astype(np.uint8), 1)
    radius = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_3).max()
    return bool(2 * radius <= _THIN * working_size)


def _tiles(part: Part, side: int) -> Iterator[Part]:
    """Pieces of equal height and width, of at most ``side``, as far as something is in them."""
    left, top, right, bottom = part.box
    starts = [
        np.linspace(0, length, -(-length // side) + 1).round().astype(int)
        for length in (bottom - top, right - left)
    ]
    for y1, y2 in zip(starts[0], starts[0][1:], strict=False):
        for x1, x2 in zip(starts[1], starts[1][1:], strict=False):
            box = (left + x1, top + y1, left + x2, top + y2)
            yield from _tight(tuple(map(int, box)), part.weights[y1:y2, x1:x2])


def _tight(box: Box, weights: np.ndarray) -> list[Part]:
    """A part of the pixels that weigh something; none where none does."""
    (x1, y1, x2, y2), _ = crop_to_box(weights > 0)
    if not x2:
        return []
    left, top = box[:2]
    place = (left + x1, top + y1, left + x2, top + y2)
    return [Part(place, np.ascontiguousarray(weights[y1:y2, x1:x2]))]


def _window(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def _around_all(boxes: np.ndarray) -> Box:
    return (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
