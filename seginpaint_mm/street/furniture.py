"""Draw trees, signs, lamps and other street furniture."""

from functools import cache

import numpy as np

from seginpaint_mm.street import labels
from seginpaint_mm.street.canvas import (
    UNIT_CIRCLE,
    Drawing,
    Part,
    bar,
    blob,
    draw_cutout,
    may_be_seen,
)
from seginpaint_mm.street.looks import Colour, shade, shade_all
from seginpaint_mm.street.placement import Camera, Dice, Placement, SeededDice

_BARK: Colour = (52, 62, 74)
_LEAF = UNIT_CIRCLE[[1, 4, 9, 13]]
_CROWNS = 12  # different crowns; each use varies size, colour and side
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


LABELS = {
    'tree': labels.VEGETATION,
    'bush': labels.VEGETATION,
    'lamp': labels.POLE,
    'bollard': labels.POLE,
    'sign': labels.TRAFFIC_SIGN,
    'light': labels.TRAFFIC_LIGHT,
    'bin': labels.STATIC,
}
_REACH = {'tree': 5.0, 'bush': 2.5, 'lamp': 2.2}
_STEEL: Colour = (104, 106, 104)


def draw_furniture(
    thing: Placement, camera: Camera, light: float, covered: np.ndarray
) -> Drawing | None:
    """Draws one thing alone; see `draw_cutout`."""
    if not may_be_seen(thing, camera, _REACH.get(thing.kind, 0.7)):
        return None
    dice = thing.dice()
    if thing.kind in _GREEN:
        parts = _GREEN[thing.kind](dice, camera.focal / thing.z)
    else:
        parts = _PARTS[thing.kind](dice)
    way = -1.0 if thing.kind == 'lamp' and thing.s > 0 else 1.0
    return draw_cutout(parts, thing, camera, light, covered, (way, 1.0))


def _lamp(dice: Dice) -> list[Part]:
    height, reach = dice.uniform(5.5, 8.5), dice.uniform(0.8, 1.8)
    return [
        (bar(-0.07, 0.0, 0.07, height), _STEEL),
        (bar(0.02, 0.0, 0.07, height), shade(_STEEL, 0.7)),
        (bar(-0.05, height - 0.08, reach, height), _STEEL),
        (bar(reach - 0.5, height - 0.2, reach + 0.1, height - 0.02), (180, 184, 186)),
    ]


def _bollard(dice: Dice) -> list[Part]:
    return [
        (bar(-0.06, 0.0, 0.06, 0.95), (70, 70, 70)),
        (bar(0.02, 0.0, 0.06, 0.95), (46, 46, 46)),
        (bar(-0.06, 0.72, 0.06, 0.86), (196, 198, 200)),
    ]


def _sign(dice: Dice) -> list[Part]:
    post: Part = (bar(-0.035, 0.0, 0.035, 2.3), _STEEL)
    blue, red, white = (168, 84, 20), (40, 36, 190), (226, 228, 230)
    face = dice.integer(0, 4)
    if face == 0:
        return [post, (blob(0.0, 2.5, 0.32, 0.32), red), (blob(0.0, 2.5, 0.23, 0.23), white)]
    if face == 1:
        return [post, (blob(0.0, 2.5, 0.32, 0.32), blue), (bar(-0.06, 2.34, 0.06, 2.66), white)]
    if face == 2:
        triangle = np.array([(-0.4, 2.2), (0.4, 2.2), (0.0, 2.88)])
        return [post, (triangle, red), ((triangle - (0.0, 2.43)) * 0.62 + (0.0, 2.43), white)]
    if face == 3:
        return [post, (bar(-0.3, 2.2, 0.3, 2.8), blue), (bar(-0.12, 2.3, 0.12, 2.7), white)]
    diamond = np.array([(-0.42, 2.5), (0.0, 2.08), (0.42, 2.5), (0.0, 2.92)])
    return [post, (diamond, white), ((diamond - (0.0, 2.5)) * 0.7 + (0.0, 2.5), (40, 190, 226))]


def _light(dice: Dice) -> list[Part]:
    lit = dice.integer(0, 2)
    parts: list[Part] = [
        (bar(-0.06, 0.0, 0.06, 3.3), (84, 86, 84)),
        (bar(-0.2, 2.5, 0.2, 3.5), (30, 30, 30)),
    ]
    for number, colour in enumerate(((60, 60, 230), (50, 190, 240), (120, 220, 70))):
        shown = colour if number == lit else shade(colour, 0.3)
        parts.append((blob(0.0, 3.32 - 0.31 * number, 0.11, 0.12), shown))
    return parts


def _bin(dice: Dice) -> list[Part]:
    colour = dice.pick(((60, 66, 60), (120, 70, 40), (60, 150, 170), (70, 90, 60)))
    return [
        (np.array([(-0.24, 0.06), (0.24, 0.06), (0.3, 1.0), (-0.3, 1.0)]), colour),
        (bar(-0.33, 0.96, 0.33, 1.08), shade(colour, 1.3)),
        (bar(0.08, 0.06, 0.26, 0.96), shade(colour, 0.75)),
    ]


_GREEN = {'tree': tree, 'bush': bush}
_PARTS = {
    'lamp': _lamp,
    'bollard': _bollard,
    'sign': _sign,
    'light': _light,
    'bin': _bin,
}
