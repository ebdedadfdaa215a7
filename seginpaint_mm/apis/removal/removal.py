"""``Removal``: what is to be removed from pictures, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

from seginpaint_mm.apis.given_masks import MaskSource
from seginpaint_mm.apis.selected_objects import LOOK_SIZE
from seginpaint_mm.errors import UserError

FORMATS = ('png', 'jpg')
_LEAST = {'feather': 0, 'margin': 0, 'working_size': 32, 'look_size': 32}


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What is to be removed from pictures, and how. What is named in several ways is added up.

    Attributes:
        classes: Names; of each the object that is surest.
        all_of: Names; all objects of each.
        clicks: (x, y) in pixels of the upright picture; the surest object there.
        boxes: (x1, y1, x2, y2) in the same; the object that fits best.
        ids: Numbers of objects, from 1 on, as in the pictures and files of an earlier call.
        grow: Pixels that masks are grown by; negative ones shrink them.
        feather: Width in pixels, outside the mask, in which the painting passes into the picture.
        margin: What is seen around a mask, as a share of the sides of its box.
        working_size: Side in pixels of what the inpainter sees at least, where the picture has it;
            longer sides are reduced to it.
        look_size: The same for the panoptic network of an :class:`ObjectRemover`, which sees whole
            pictures, reduced where a side is longer.
        min_score: What that network is less sure of is left out, beside what it leaves out itself.
        picture_format: Of the result: ``'png'``, which loses nothing, or ``'jpg'``.
        before: A network whose masks of the same objects are written too: that before the mask was
            optimised.

    Raises:
        UserError: when a number is too small, or there is no such format.
    """

    classes: Sequence[str] = ()
    all_of: Sequence[str] = ()
    clicks: Sequence[tuple[int, int]] = ()
    boxes: Sequence[tuple[float, float, float, float]] = ()
    ids: Sequence[int] = ()
    grow: int = 0
    feather: int = 3
    margin: float = 0.5
    working_size: int = 512
    look_size: int = LOOK_SIZE
    min_score: float = 0.0
    picture_format: str = 'png'
    before: MaskSource | None = None

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise UserError(f'{name} must be at least {least}, not {getattr(self, name)}.')
        if self.picture_format not in FORMATS:
            raise UserError(
                f'Pictures are written as {" or ".join(FORMATS)}, not as {self.picture_format!r}.'
            )

    def requests(self) -> list[dict]:
        """As :func:`seginpaint_mm.models.maskopt.choosing.choose` takes them."""
        named = {
            'class': self.classes,
            'all': self.all_of,
            'click': self.clicks,
            'box': self.boxes,
            'id': self.ids,
        }
        return [{kind: list(values)} for kind, values in named.items() if values]
