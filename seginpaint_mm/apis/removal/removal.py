"""Which objects are removed, and the square patches in which a network fills them."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from seginpaint_mm.apis.mask_sources import MaskSource
from seginpaint_mm.apis.mask_sources.objects import LOOK_SIZE
from seginpaint_mm.apis.removal.parts import Part, group_boxes, merge_parts, split_part
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import Box

MARGIN, WORKING_SIZE = 0.25, 512
# Of an object that a network finds: the best mask that a head of 28x28 can give leaves 0.7 % of it,
# grown by this 0.1 % (configs/maskopt/README.md); what remains is continued into the hole (Fig. 1).
FOUND_GROWTH = '0.6%'
FORMATS = ('png', 'jpg')
_LEAST = {'feather': 0, 'margin': 0, 'working_size': 32, 'look_size': 32}


@dataclass(frozen=True, kw_only=True)
class Removal:
    """Which objects are removed from images, and how. Objects named in several ways add up.

    A class that an image does not have is passed over where something else is named that it has.
    Of images in which a network finds the objects, without any name, click, box or number nothing
    is removed: the result tells what there is, with the numbers.

    Attributes:
        classes: Names; of each the highest-scoring object.
        all_of: Names; all objects of each.
        clicks: (x, y) in pixels of the upright image; the highest-scoring object there.
        boxes: (x1, y1, x2, y2) in the same; the object that fits best.
        ids: Numbers of objects, from 1 on, as in the images and files of an earlier call.
        grow: Pixels that masks are grown by, or a share of the longer side of each object's box,
            such as ``'2%'``; negative ones shrink them. None: ``'0.6%'`` for what a network finds,
            whose masks leave a rim of the object, and 0 for what a user has marked.
        shadow: Also remove the shadow at each object's foot, see :func:`with_shadows`.
        feather: Width in pixels, outside the mask, in which the painting passes into the image.
        margin: What is seen around an object at least, as a share of the longer side of its box;
            less where the object fits into the working size only with less.
        working_size: Side in pixels of the squares that the inpainter sees, where the image is as
            large. Only objects that do not fit into it are reduced, see
            :mod:`seginpaint_mm.apis.removal.removal`.
        look_size: Greatest side at which the panoptic network of an :class:`ObjectRemover` sees
            whole images; larger ones are reduced.
        min_score: What that network is less sure of is left out, beside what it leaves out itself.
        picture_format: Of the result: ``'png'``, which loses nothing, or ``'jpg'``.
        before: A network whose masks of the same objects are written too: that before the mask was
            optimised.

    Raises:
        UserError: when a number is too small or none, a box has no inside, or there is no such
            format.
    """

    classes: Sequence[str] = ()
    all_of: Sequence[str] = ()
    clicks: Sequence[tuple[int, int]] = ()
    boxes: Sequence[tuple[float, float, float, float]] = ()
    ids: Sequence[int] = ()
    grow: int | str | None = None
    shadow: bool = False
    feather: int = 3
    margin: float = MARGIN
    working_size: int = WORKING_SIZE
    look_size: int = LOOK_SIZE
    min_score: float = 0.0
    picture_format: str = 'png'
    before: MaskSource | None = None

    def __post_init__(self) -> None:
        for name in ('classes', 'all_of', 'ids'):
            value = getattr(self, name)
            alone = isinstance(value, str) or not isinstance(value, Iterable)
            object.__setattr__(self, name, (value,) if alone else tuple(value))
        object.__setattr__(self, 'ids', tuple(_whole('ids', number) for number in self.ids))
        for name in ('feather', 'margin', 'working_size', 'look_size', 'min_score'):
            object.__setattr__(self, name, read_number(name, getattr(self, name)))
        for name, sides in (('clicks', 2), ('boxes', 4)):
            object.__setattr__(self, name, _places(name, getattr(self, name), sides))
        if self.grow is not None:
            object.__setattr__(self, 'grow', read_growth(self.grow))
        self._check()

    def _check(self) -> None:
        for name, least in _LEAST.items():
            if not least <= getattr(self, name) < math.inf:
                raise UserError(f'{name} must be at least {least}, not {getattr(self, name)}.')
        if not 0 <= self.min_score <= 1:
            raise UserError(f'min_score must be from 0 to 1, not {self.min_score}.')
        for left, top, right, bottom in self.boxes:
            if left >= right or top >= bottom:
                raise UserError(
                    f'A box is x1, y1, x2, y2 with x1 < x2 and y1 < y2, not '
                    f'{(left, top, right, bottom)}.'
                )
        if self.picture_format not in FORMATS:
            raise UserError(
                f'Images are written as {" or ".join(FORMATS)}, not as {self.picture_format!r}.'
            )

    def grown_by(self, boxes: Sequence[Sequence[int]], *, found: bool) -> list[int]:
        """Return the pixels by which objects grow.

        Args:
            boxes: Of the objects, (x1, y1, x2, y2).
            found: Whether a network found them, or a user has marked them.
        """
        grow = self.grow
        if grow is None:
            grow = FOUND_GROWTH if found else 0
        if not isinstance(grow, str):
            return [grow] * len(boxes)
        share = float(grow.removesuffix('%')) / 100
        return [round(share * max(box[2] - box[0], box[3] - box[1])) for box in boxes]

    def requests(self) -> list[dict]:
        """As :func:`seginpaint_mm.models.maskopt.choosing.choose` takes them."""
        named = {
            'class': self.classes,
            'all': self.all_of,
            'click': self.clicks,
            'box': self.boxes,
            'id': self.ids,
        }
        return [{kind: value} for kind, values in named.items() for value in values]


def read_number(name: str, value: object) -> float:
    """A real number of Python's or NumPy's, also one as a text, e.g. of a web form.

    Raises:
        UserError: when it is none.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UserError(f'{name} is a number, not {value!r}.') from None
    return int(number) if number.is_integer() else number


def _whole(name: str, value: object) -> int:
    number = read_number(name, value)
    if not isinstance(number, int):
        raise UserError(f'{name} are whole numbers, not {value!r}.')
    return number


def read_growth(value: int | str) -> int | str:
    """Pixels as a whole number, or a share of the object as a text such as ``'2%'``.

    Raises:
        UserError: when it is neither.
    """
    text = str(value).strip()
    try:
        if text.endswith('%') and math.isfinite(float(text[:-1])):
            return text
        if float(text).is_integer():
            return int(float(text))
    except ValueError:
        pass
    raise UserError(
        f"grow is a whole number of pixels, or a share of the object such as '2%', not {value!r}."
    )


def _places(name: str, given: Sequence, sides: int) -> tuple[tuple[float, ...], ...]:
    """Clicks or boxes, each of so many finite numbers; a single one may come without a list."""
    several = list(given) if isinstance(given, Iterable) else [given]
    if several and not hasattr(several[0], '__len__'):
        several = [several]
    for place in several:
        try:
            is_place = len(place) == sides and all(math.isfinite(side) for side in place)
        except TypeError:  # texts, None
            is_place = False
        if not is_place:
            raise UserError(f'{name} are of {sides} finite numbers each, not {place}.')
    return tuple(tuple(place) for place in several)


_LEAST_MARGIN = 8  # pixels
_SLIVER = 1e-3  # of a pixel: OpenCV leaves out what is less of it in a cell
_BAND = 64  # rows
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
            for axis, side in enumerate(self.size):
                to_fill = _any_in_cells(to_fill, axis, side)
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
        below = picture[top:bottom, left:right]
        colours = self.on_part(painted, cv2.INTER_CUBIC)
        for row in range(0, bottom - top, _BAND):  # as floats, whole photos would not fit
            band = np.s_[row : row + _BAND]
            inside = weights[band] > 0
            share = weights[band][inside].astype(np.float32)[:, None]
            mixed = share * colours[band][inside] + (1 - share) * below[band][inside]
            below[band][inside] = mixed.round().astype(picture.dtype)

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


def _any_in_cells(mask: np.ndarray, axis: int, number: int) -> np.ndarray:
    """Reduce an axis to ``number`` cells: whether any pixel lies in each, as INTER_AREA weighs."""
    length = mask.shape[axis]
    starts = np.arange(number) * (length / number)
    ends = np.minimum(starts + length / number, length)
    first = np.ceil(starts).astype(int)
    first = np.where(first - starts > _SLIVER, first - 1, first)
    last = np.floor(ends).astype(int)
    last = np.where(ends - last > _SLIVER, last + 1, last)
    lines = mask if axis == 0 else mask.T
    cells = [lines[a:b].any(axis=0) for a, b in zip(first, last, strict=True)]
    return np.stack(cells, axis=axis)


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
