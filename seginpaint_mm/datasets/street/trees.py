"""Trees and bushes: crowns made of lobes and many small leaves."""

from functools import cache

import numpy as np

from seginpaint_mm.datasets.street.canvas import UNIT_CIRCLE
from seginpaint_mm.datasets.street.colours import shade, shade_all
from seginpaint_mm.datasets.street.cutout import Part
from seginpaint_mm.datasets.street.dice import Dice, SeededDice
from seginpaint_mm.datasets.street.looks import Colour

_BARK: Colour = (52, 62, 74)
_LEAF = UNIT_CIRCLE[[1, 4, 9, 13]]
_CROWNS = 12  # different crowns; each is stretched, coloured and mirrored anew
_LOBES = 13
_MOST_LEAVES = 90  # of one tone
_TONES = ((0.5, -0.15), (0.8, 0.0), (1.05, 0.12), (1.3, 0.3))  # brightness, lift in radii
_CROWN_TONES = np.array(
    [*(0.62 + 0.012 * number for number in range(_LOBES + 1)), *(tone for tone, _ in _TONES)]
)[:, None]


def tree(dice: Dice, scale: float) -> list[Part]:
    """A tree of 5 to 10 metres; scale is in pixels per metre, more show more leaves."""
    height = dice.uniform(5.0, 10.5)
    spread, bare = height * dice.uniform(0.22, 0.36), height * dice.uniform(0.2, 0.34)
    crown = height - bare
    half = 0.1 + height * 0.012
    fork = bare + 0.5 * crown
    stem = np.array([(-half, 0.0), (half, 0.0), (half * 0.6, fork), (-half * 0.6, fork)])
    shaded = stem * (0.4, 1.0) + (half * 0.5, 0.0)
    centre, radius = (0.0, bare + crown * 0.55), (spread, crown * 0.52)
    return [(stem, _BARK), (shaded, shade(_BARK, 0.7)), *_crown(dice, centre, radius, scale)]


def bush(dice: Dice, scale: float) -> list[Part]:
    """A bush of 1 to 2 metres; scale as in `tree`."""
    width, height = dice.uniform(0.6, 1.6), dice.uniform(0.8, 2.2)
    return _crown(dice, (0.0, height * 0.5), (width, height * 0.5), scale)


def _crown(
    dice: Dice, centre: tuple[float, float], radius: tuple[float, float], scale: float
) -> list[Part]:
    """Lobes that make the outline, the lower ones darker, and over them leaves in four tones."""
    yellow = dice.uniform(0.0, 1.0)
    green = (int(42 + 14 * yellow), int(82 + 26 * yellow), int(56 + 34 * yellow))
    lobes, leaves = _unit_crown(dice.integer(0, _CROWNS - 1))
    stretch = np.array((radius[0] * dice.sign(), radius[1]))
    count = min(_MOST_LEAVES, 8 + int((radius[0] + radius[1]) * scale * 0.45))
    outlines = [*(lobes * stretch + centre), *(leaves[:, :count] * stretch + centre)]
    colours = shade_all([green] * len(outlines), _CROWN_TONES)
    return list(zip(outlines, colours, strict=True))


@cache
def _unit_crown(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A crown of radius 1: lobes (14, 16, 2) from low to high, leaves (4, 90, 4, 2)."""
    dice = SeededDice(3, number)
    reach = dice.uniforms(0.45, 0.75, _LOBES)[:, None]
    middles = UNIT_CIRCLE[np.arange(_LOBES) * 5 % 16] * reach
    middles = middles[np.argsort(middles[:, 1], kind='stable')]
    sizes = dice.uniforms(0.26, 0.42, _LOBES)[:, None, None]
    lobes = UNIT_CIRCLE[None] * sizes * (1.0, 0.9) + middles[:, None]
    leaves = np.stack([_unit_leaves(dice, lift) for _, lift in _TONES])
    return np.concatenate([UNIT_CIRCLE[None] * 0.8, lobes]), leaves


def _unit_leaves(dice: SeededDice, lift: float) -> np.ndarray:
    """Small clumps (90, 4, 2) scattered over a crown of radius 1, raised by `lift`."""
    lots = dice.uniforms(-1.0, 1.0, 4, _MOST_LEAVES)
    spots = lots[:2].T
    spots = spots * (1.0 - 0.35 * np.abs(spots[:, ::-1])) * (0.9, 0.88 - abs(lift) * 0.5)
    sizes = 0.024 + 0.032 * np.abs(lots[2])
    stretch = np.stack([1.0 + 0.5 * lots[3], 1.0 - 0.4 * lots[3]], axis=1) * sizes[:, None]
    return _LEAF[None] * stretch[:, None] + (spots + np.array([0.0, lift]))[:, None]
