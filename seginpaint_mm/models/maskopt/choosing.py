"""Which of an image's segments are to be removed: by truth, name, click, box or number."""

from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Protocol

import torch
from torch import Tensor

from seginpaint_mm.models.maskopt.segments import Segments

REQUESTS = ('class', 'all', 'click', 'box', 'id')
_SIDES = {'click': 2, 'box': 4}
MEASURES = ('iou', 'covered')


class Choosable(Protocol):
    """What can be chosen from: n objects of an image, e.g. :class:`Segments`.

    Attributes:
        labels: int64 n, of the names.
        scores: float n in [0, 1].
        size: (height, width) of the image.
    """

    labels: Tensor
    scores: Tensor
    size: tuple[int, int]

    def __len__(self) -> int: ...

    def at(self, x: int, y: int) -> Tensor:
        """The probability of each at a pixel, float n in [0, 1]."""

    def box_overlaps(self, box: tuple[int, int, int, int]) -> Tensor:
        """Intersection over union of each with a box x1, y1, x2, y2, float n."""


class AbsentClassError(ValueError):
    """A class that the network knows is not in the image; ``name`` is its."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


def overlaps(segments: Segments, mask: Tensor, measure: str = 'iou') -> Tensor:
    """How much each segment overlaps a mask, float n in [0, 1].

    Args:
        segments: n of them.
        mask: bool H,W.
        measure: ``'iou'``: intersection over union. ``'covered'``: the share of the mask that a
            segment covers, however large the segment is.
    """
    found = (segments.probabilities.detach() >= 0.5).flatten(1)
    intersection = (found & mask.flatten()).sum(dim=1)
    if measure == 'covered':
        return intersection / mask.sum().clamp(min=1)
    union = found.sum(dim=1) + mask.sum() - intersection
    return intersection / union.clamp(min=1)


def choose(segments: Choosable, request: dict, names: Sequence[str], where: str) -> Tensor:
    """Return the indices, int64, of the things that a user wants removed.

    Args:
        segments: The things of the image.
        request: One of ``{'class': 'person'}``, the highest-scoring of that class;
            ``{'all': 'person'}``, all of that class; ``{'click': (x, y)}``, the highest-scoring
            thing at that pixel; ``{'box': (x1, y1, x2, y2)}``, the thing that fits it best;
            ``{'id': 3}``, the number of a thing, from 1. The value may be a list of these; for
            boxes and clicks it is a list of fours or pairs.
        names: Of the labels.
        where: The image, for errors.

    Raises:
        AbsentClassError: when nothing is of a known class.
        ValueError: when the request is of another kind, or nothing else fits it.
    """
    if len(request) != 1 or next(iter(request)) not in REQUESTS:
        raise ValueError(
            f'{where}: what is to be removed must be one of {", ".join(REQUESTS)}, not {request}.'
        )
    (kind, value), finders = next(iter(request.items())), _FINDERS
    chosen = [finders[kind](segments, item, names, where) for item in _items(kind, value, where)]
    return torch.unique(torch.cat(chosen))


def _items(kind: str, value: object, where: str) -> list:
    several = [value] if isinstance(value, (str, int)) else list(value)
    sides = _SIDES.get(kind)
    if sides and several and not hasattr(several[0], '__len__'):
        several = [tuple(several)]
    if not several or (sides and any(len(item) != sides for item in several)):
        numbers = f', each of {sides} numbers' if sides else ''
        raise ValueError(f'{where}: {kind!r} needs one or more{numbers}, not {value!r}.')
    return several


def _all(segments: Choosable, name: str, names: Sequence[str], where: str) -> Tensor:
    if name not in names:
        raise ValueError(f'{where}: {no_class(name, names)}')
    found = (segments.labels == names.index(name)).nonzero().flatten()
    if not len(found):
        sentence = f'{where}: no {name} was found; {there_are(segments, names)}.'
        raise AbsentClassError(name, sentence)
    return found


def no_class(name: str, names: Sequence[str]) -> str:
    """That a name is none of ``names``, and what may be meant, for a sentence."""
    near = get_close_matches(name, names, 1)
    known = ', '.join(filter(None, names))
    if near:
        advice = f'did you mean {near[0]!r}?'
    else:
        advice = f'known are {known}.' if known else 'no object here has a name.'
    return f'there is no class {name!r}; {advice}'


def there_are(segments: Choosable, names: Sequence[str]) -> str:
    """How many there are of each class, for a sentence."""
    counts = Counter(names[label] or 'object' for label in segments.labels.tolist())
    listed = ', '.join(f'{number} {name}' for name, number in sorted(counts.items()))
    return f'there {"is" if len(segments) == 1 else "are"} {listed or "no objects"}'


def _surest(segments: Choosable, name: str, names: Sequence[str], where: str) -> Tensor:
    found = _all(segments, name, names, where)
    return found[segments.scores[found].argmax()][None]


def _clicked(
    segments: Choosable, place: tuple[int, int], names: Sequence[str], where: str
) -> Tensor:
    x, y = (int(side) for side in place)
    height, width = segments.size
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(f'{where}: the click at {(x, y)} is outside its {width}x{height} pixels.')
    there = segments.at(x, y)
    if not (there >= 0.5).any():
        raise ValueError(
            f'{where}: nothing was found at the click at {(x, y)}; click on an object.'
        )
    return (there * segments.scores).argmax()[None]


def _boxed(segments: Choosable, box: tuple[float, ...], names: Sequence[str], where: str) -> Tensor:
    fits = segments.box_overlaps(tuple(round(float(side)) for side in box))
    if not len(fits) or not fits.max() > 0:
        raise ValueError(f'{where}: nothing was found in the box {tuple(box)}.')
    return fits.argmax()[None]


def _numbered(segments: Choosable, number: int, names: Sequence[str], where: str) -> Tensor:
    if not 1 <= number <= len(segments):
        raise ValueError(
            f'{where}: there is no object {number}, counted from 1; {there_are(segments, names)}.'
        )
    return segments.labels.new_tensor([number - 1])


_FINDERS: dict[str, Callable[[Choosable, object, Sequence[str], str], Tensor]] = {
    'class': _surest,
    'all': _all,
    'click': _clicked,
    'box': _boxed,
    'id': _numbered,
}
