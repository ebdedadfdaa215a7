"""Square patches of a large photo around its holes, and their order.

A hole is made of parts: what one object covers, or one connected piece of it. A part whose longer
side fits into the working size is seen at the photo's own resolution, with so much around it that
the patch has the working size. Parts that are near to each other share a patch only where it keeps
that resolution. Larger parts are reduced, each by itself, unless they are thin (a wire, a net,
scattered specks): those are cut into pieces that fit.

Patches that overlap are painted one after the other, the one with the smallest part first: each
sees what was painted before, and as holes all that is still to be painted. Patches that do not
overlap are of one round and may be painted at once, with the same result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from seginpaint_mm.apis.removal.parts import Part, group_boxes, merge_parts, split_part
from seginpaint_mm.geometry.masks import Box

_LEAST_MARGIN = 8  # pixels
_LEAST_SHARE = 1 / 16  # of a part's longer side, around one that is not reduced


@dataclass(frozen=True)
class Patch:
    """A part of a hole, and the square of the photo that an inpainter receives to fill it.

    Attributes:
        box: What is seen: a square, as far as the photo reaches.
        size: (height, width) in which it is seen, that of the box or less.
        part: The pixels that are painted.
        round: Patches of round k are painted after those of earlier rounds.
    """

    box: Box
    size: tuple[int, int]
    part: Part
    round: int = 0

    def cut(self, image: np.ndarray) -> np.ndarray:
        """What is seen of a photo as it was painted so far, (H, W, C): (h, w, C) of its type."""
        left, top, right, bottom = self.box
        colours = image[top:bottom, left:right]
        if colours.shape[:2] != self.size:
            colours = cv2.resize(colours, self.size[::-1], interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(colours)

    def cut_hole(self, hole: np.ndarray) -> np.ndarray:
        """What is still to be painted, bool (H, W), as it is seen: uint8 (h, w), 1 = to be filled.

        Of a reduced patch every pixel is that a pixel of the hole lies in.
        """
        left, top, right, bottom = self.box
        to_fill = hole[top:bottom, left:right]
        if to_fill.shape != self.size:
            shares = cv2.resize(
                to_fill.astype(np.float32), self.size[::-1], interpolation=cv2.INTER_AREA
            )
            to_fill = shares > 0
        return to_fill.astype(np.uint8)

    def cut_classes(self, classes: np.ndarray) -> np.ndarray:
        """Classes, uint8 (H, W), as they are seen: (h, w), of the nearest pixels."""
        left, top, right, bottom = self.box
        seen = classes[top:bottom, left:right]
        return cv2.resize(seen, self.size[::-1], interpolation=cv2.INTER_NEAREST)

    def paste(self, picture: np.ndarray, painted: np.ndarray) -> None:
        """Put what was painted into its place; only pixels of the part are touched.

        Args:
            picture: (H, W, C) of whole numbers, written to.
            painted: (h, w, C) of the same type, the patch as it was seen, filled.
        """
        (left, top, right, bottom), weights = self.part.box, self.part.weights
        below, here = picture[top:bottom, left:right], weights > 0
        share = weights[here].astype(np.float32)[:, None]
        mixed = share * self.on_part(painted, cv2.INTER_CUBIC)[here] + (1 - share) * below[here]
        below[here] = mixed.round().astype(picture.dtype)

    def on_part(self, seen: np.ndarray, way: int) -> np.ndarray:
        """What was made of the patch, (h, w, ...), on the pixels of the part's box.

        Args:
            seen: At the size in which the patch is seen.
            way: OpenCV's interpolation, where that is reduced.
        """
        (left, top, right, bottom), (x1, y1, x2, y2) = self.part.box, self.box
        if self.size != (y2 - y1, x2 - x1):
            seen = cv2.resize(seen, (x2 - x1, y2 - y1), interpolation=way)
        return seen[top - y1 : bottom - y1, left - x1 : right - x1]

    def fill(self, hole: np.ndarray) -> None:
        """Take the part out of what is still to be painted, bool (H, W)."""
        left, top, right, bottom = self.part.box
        hole[top:bottom, left:right] &= self.part.weights == 0


def plan_patches(
    parts: Sequence[Part], shape: tuple[int, int], margin: float, working_size: int
) -> tuple[Patch, ...]:
    """Plan the patches that fill all parts, in their order.

    Args:
        parts: No pixel is of two of them.
        shape: (height, width) of the photo.
        margin: What is seen around a part at least, as a share of its longer side; less around one
            that fits into the working size only with less.
        working_size: Side of the patches as they are seen, as far as the photo reaches.
    """
    room = _room(margin, working_size)
    pieces = []
    for part in parts:
        pieces += [part] if _fits(part, working_size) else split_part(part, room, working_size)
    merged = [
        merge_parts([pieces[number] for number in group])
        for group in group_boxes([piece.box for piece in pieces], room)
    ]
    merged.sort(key=lambda part: (part.longer_side, part.box[1], part.box[0]))
    return _in_rounds([_around(part, shape, margin, working_size) for part in merged])


def rounds_of(patches: Sequence[Patch]) -> Iterator[list[Patch]]:
    """The patches of each round, in turn."""
    for number in range(1 + max((patch.round for patch in patches), default=-1)):
        yield [patch for patch in patches if patch.round == number]


def sees_nothing(patches: Sequence[Patch], hole: np.ndarray) -> bool:
    """Whether a patch is all hole, bool (H, W), when its turn comes."""
    hole = hole.copy()
    for patch in patches:
        if patch.cut_hole(hole).all():
            return True
        patch.fill(hole)
    return False


def _fits(part: Part, working_size: int) -> bool:
    """Whether a part is seen at the photo's own resolution."""
    return _with_margin(part.longer_side, _LEAST_SHARE) <= working_size


def _with_margin(length: int, share: float) -> int:
    return length + 2 * max(_LEAST_MARGIN, round(share * length))


def _room(margin: float, working_size: int) -> int:
    """The longest side that, with its margin, fits into the working size."""
    room = max(1, min(int(working_size / (1 + 2 * margin)), working_size - 2 * _LEAST_MARGIN))
    while room > 1 and _with_margin(room, margin) > working_size:  # what rounding adds
        room -= 1
    return room


def _around(part: Part, shape: tuple[int, int], margin: float, working_size: int) -> Patch:
    side = working_size
    if not _fits(part, working_size):
        side = max(working_size, _with_margin(part.longer_side, margin))
    left, top, right, bottom = part.box
    x1, x2 = _range(left, right, side, shape[1])
    y1, y2 = _range(top, bottom, side, shape[0])
    factor = min(1.0, working_size / max(x2 - x1, y2 - y1))
    size = (max(1, round((y2 - y1) * factor)), max(1, round((x2 - x1) * factor)))
    return Patch((x1, y1, x2, y2), size, part)


def _range(start: int, stop: int, side: int, whole: int) -> tuple[int, int]:
    """A range of ``side`` pixels, or all, with another in its middle, as far as that goes."""
    side = min(side, whole)
    first = min(max((start + stop - side) // 2, 0), whole - side)
    return first, first + side


def _in_rounds(patches: Sequence[Patch]) -> tuple[Patch, ...]:
    boxes = np.array([patch.box for patch in patches]).reshape(-1, 4)
    rounds = np.zeros(len(patches), np.int64)
    for number, (left, top, right, bottom) in enumerate(boxes):
        earlier = boxes[:number]
        meets = (earlier[:, 0] < right) & (earlier[:, 2] > left)
        meets &= (earlier[:, 1] < bottom) & (earlier[:, 3] > top)
        rounds[number] = 1 + rounds[:number][meets].max(initial=-1)
    return tuple(
        replace(patch, round=int(number)) for patch, number in zip(patches, rounds, strict=True)
    )
