"""Trees and bushes: crowns made of lobes and many small leaves."""

import numpy as np

from seginpaint_mm.datasets.street.canvas import UNIT_CIRCLE
from seginpaint_mm.datasets.street.colours import shade
from seginpaint_mm.datasets.street.cutout import Part, blob
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.looks import Colour

_BARK: Colour = (52, 62, 74)
_LEAF = UNIT_CIRCLE[[0, 3, 6, 8, 11, 14]]


def tree(dice: Dice) -> list[Part]:
    """A tree of 5 to 10 metres."""
    height = dice.uniform(5.0, 10.5)
    spread, bare = height * dice.uniform(0.22, 0.36), height * dice.uniform(0.2, 0.34)
    crown = height - bare
    half = 0.1 + height * 0.012
    fork = bare + 0.5 * crown
    stem = np.array([(-half, 0.0), (half, 0.0), (half * 0.6, fork), (-half * 0.6, fork)])
    shaded = stem * (0.4, 1.0) + (half * 0.5, 0.0)
    centre, radius = (0.0, bare + crown * 0.55), (spread, crown * 0.52)
    return [(stem, _BARK), (shaded, shade(_BARK, 0.7)), *_foliage(dice, centre, radius, 150)]


def bush(dice: Dice) -> list[Part]:
    """A bush of 1 to 2 metres."""
    width, height = dice.uniform(0.6, 1.6), dice.uniform(0.8, 2.2)
    return _foliage(dice, (0.0, height * 0.5), (width, height * 0.5), 60)


def _foliage(
    dice: Dice, centre: tuple[float, float], radius: tuple[float, float], leaves: int
) -> list[Part]:
    """Lobes that make the outline, the lower ones darker, and over them leaves in four tones."""
    yellow = dice.uniform(0.0, 1.0)
    green = (int(42 + 14 * yellow), int(82 + 26 * yellow), int(56 + 34 * yellow))
    parts: list[Part] = [(blob(*centre, radius[0] * 0.8, radius[1] * 0.8), shade(green, 0.62))]
    mean = (radius[0] + radius[1]) / 2
    for number in range(13):
        reach, size = dice.uniform(0.45, 0.75), dice.uniform(0.24, 0.42) * mean
        x, y = (UNIT_CIRCLE[number * 5 % 16] * reach * radius).tolist()
        tone = shade(green, 0.72 + 0.22 * y / radius[1])
        parts.append((blob(centre[0] + x, centre[1] + y, size, size * 0.85), tone))
    for tone, lift in ((0.5, -0.15), (0.8, 0.0), (1.05, 0.12), (1.3, 0.3)):
        parts.append((_leaves(dice, centre, radius, lift, leaves), shade(green, tone)))
    return parts


def _leaves(dice: Dice, centre, radius, lift: float, count: int) -> np.ndarray:
    """Small clumps (count, 6, 2) scattered over the crown, their middle raised by `lift` radii."""
    lots = dice.uniforms(-1.0, 1.0, 4 * count).reshape(4, count)
    spots = lots[:2].T
    spots = spots * (1.0 - 0.35 * np.abs(spots[:, ::-1])) * (0.9, 0.88 - abs(lift) * 0.5)
    middles = (spots + (0.0, lift)) * radius + centre
    sizes = (radius[0] + radius[1]) * (0.012 + 0.016 * np.abs(lots[2]))
    stretch = np.stack([1.0 + 0.5 * lots[3], 1.0 - 0.4 * lots[3]], axis=1) * sizes[:, None]
    return _LEAF[None] * stretch[:, None] + middles[:, None]
