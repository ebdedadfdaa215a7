"""``Removal``: which objects are removed from images, and how."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seginpaint_mm.apis.mask_sources import MaskSource
from seginpaint_mm.apis.mask_sources.objects import LOOK_SIZE
from seginpaint_mm.errors import UserError

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
        feather: Width in pixels, outside the mask, in which the painting passes into the image.
        margin: What is seen around an object at least, as a share of the longer side of its box;
            less where the object fits into the working size only with less.
        working_size: Side in pixels of the squares that the inpainter sees, where the image is as
            large. Only objects that do not fit into it are reduced, see
            :mod:`seginpaint_mm.apis.removal.patches`.
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
