"""What of a large photo an inpainter sees: patches around the holes, and how they are put back."""

from dataclasses import dataclass

import cv2
import numpy as np

Box = tuple[int, int, int, int]  # x1, y1, x2, y2; right and bottom exclusive
_LEAST_MARGIN = 8  # pixels


@dataclass(frozen=True)
class Patch:
    """A part of a picture as an inpainter sees it.

    Attributes:
        box: Its place in the picture.
        image: BGR uint8 (h, w, 3), perhaps reduced.
        hole: uint8 (h, w), 1 = to be filled: every pixel that a pixel of the hole lies in.
    """

    box: Box
    image: np.ndarray
    hole: np.ndarray


def cut_patches(
    image: np.ndarray, hole: np.ndarray, margin: float, working_size: int
) -> tuple[Patch, ...]:
    """Patches that hold the parts of a hole and what is around them; none overlap.

    Args:
        image: BGR uint8 (H, W, 3).
        hole: bool (H, W), not empty.
        margin: Around each part, as a share of its box's sides.
        working_size: Patches are at least so large in both directions, as far as the picture goes,
            and are reduced to it where their longer side is longer.
    """
    boxes = find_boxes(hole, margin, working_size)
    return tuple(_cut(image, hole, box, working_size) for box in boxes)


def find_boxes(hole: np.ndarray, margin: float, least: int) -> list[Box]:
    """Boxes around the parts of a hole (bool H,W); those that would meet become one."""
    boxes = [_widen(box, margin, least, hole.shape) for box in _parts(hole)]
    number = 0
    while number != len(boxes):  # two that become one may meet a third
        number = len(boxes)
        covered = np.zeros(hole.shape, np.uint8)
        for left, top, right, bottom in boxes:
            covered[top:bottom, left:right] = 1
        boxes = _parts(covered)
    return boxes


def paste_patch(picture: np.ndarray, painted: np.ndarray, box: Box, weights: np.ndarray) -> None:
    """Put a painting into its place; pixels of weight 0 are not touched.

    Args:
        picture: BGR uint8 (H, W, 3), written to.
        painted: BGR uint8 (h, w, 3), a patch, perhaps reduced.
        box: The patch's place.
        weights: float32 (H, W) in [0, 1], share of the painting.
    """
    left, top, right, bottom = box
    below, weight = picture[top:bottom, left:right], weights[top:bottom, left:right]
    size = (right - left, bottom - top)
    if painted.shape[1::-1] != size:
        painted = cv2.resize(painted, size, interpolation=cv2.INTER_CUBIC)
    share = weight[weight > 0][:, None]
    mixed = share * painted[weight > 0] + (1 - share) * below[weight > 0]
    below[weight > 0] = mixed.round().astype(np.uint8)


def _parts(mask: np.ndarray) -> list[Box]:
    """Boxes of what hangs together, also across corners."""
    *_, found, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return [
        (left, top, left + width, top + height)
        for left, top, width, height, _ in found[1:].tolist()  # the first is what is not marked
    ]


def _widen(box: Box, margin: float, least: int, shape: tuple[int, int]) -> Box:
    sides = []
    for start, stop, whole in ((box[0], box[2], shape[1]), (box[1], box[3], shape[0])):
        length = stop - start
        wanted = max(length + 2 * max(_LEAST_MARGIN, round(margin * length)), least)
        wanted = min(wanted, whole)
        first = min(max(start - (wanted - length) // 2, 0), whole - wanted)
        sides.append((first, first + wanted))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


def _cut(image: np.ndarray, hole: np.ndarray, box: Box, working_size: int) -> Patch:
    left, top, right, bottom = box
    colours, to_fill = image[top:bottom, left:right], hole[top:bottom, left:right]
    factor = working_size / max(to_fill.shape)
    if factor < 1:
        size = tuple(max(1, round(side * factor)) for side in to_fill.shape[::-1])
        colours = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
        shares = cv2.resize(to_fill.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        to_fill = shares > 0
    return Patch(box, np.ascontiguousarray(colours), to_fill.astype(np.uint8))
