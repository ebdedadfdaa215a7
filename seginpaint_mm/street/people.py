"""People and riders."""

import numpy as np

from seginpaint_mm.street import labels
from seginpaint_mm.street.canvas import Drawing, Part, bar, blob, draw_cutout, limb, may_be_seen
from seginpaint_mm.street.looks import Colour, shade
from seginpaint_mm.street.placement import Camera, Dice, Placement

LABELS = {'person': labels.PERSON, 'rider': labels.RIDER}

_REACH = 1.2
_SKIN: tuple[Colour, ...] = ((140, 170, 214), (120, 150, 200), (80, 112, 160), (50, 72, 110))
_HAIR: tuple[Colour, ...] = (
    (30, 34, 44), (44, 60, 90), (70, 110, 150), (120, 124, 128), (24, 24, 26),
)  # fmt: skip
_TOPS: tuple[Colour, ...] = (
    (50, 44, 40), (90, 50, 34), (40, 40, 140), (200, 204, 206), (110, 110, 108), (60, 90, 70),
    (60, 140, 190), (140, 100, 60), (34, 32, 34), (96, 84, 150), (130, 150, 160),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = (
    (90, 62, 44), (50, 44, 42), (36, 34, 34), (110, 130, 140), (80, 78, 76),
)  # fmt: skip
_HELMETS: tuple[Colour, ...] = ((40, 40, 40), (200, 200, 200), (50, 60, 190))
_SHOE: Colour = (30, 30, 34)


def draw_person(
    thing: Placement, camera: Camera, light: float, covered: np.ndarray
) -> Drawing | None:
    """Draws one person or rider alone; see `draw_cutout`."""
    if not may_be_seen(thing, camera, _REACH):
        return None
    dice = thing.dice()
    if thing.kind == 'person':
        parts, stretch = _person(dice)
    elif thing.sideways:
        parts, stretch = _rider_from_side(dice), (1.0 if thing.turn > 0 else -1.0, 1.0)
    else:
        parts, stretch = _rider_from_behind(dice), (1.0, 1.0)
    return draw_cutout(parts, thing, camera, light, covered, stretch)


def _person(dice: Dice) -> tuple[list[Part], tuple[float, float]]:
    """A person of 1.75 metres who walks to the right, and how to stretch it."""
    size = dice.uniform(0.86, 1.08) if dice.chance(0.9) else dice.uniform(0.6, 0.8)
    wide = size * dice.uniform(0.9, 1.2) * dice.sign()
    swing = dice.uniform(0.06, 0.3) if dice.chance(0.75) else 0.04
    top, trousers, skin = dice.pick(_TOPS), dice.pick(_TROUSERS), dice.pick(_SKIN)
    hem = 0.82 if dice.chance(0.7) else 0.52
    parts: list[Part] = [(_arm(-swing), shade(top, 0.66))]
    for foot, hip, tone in ((-swing, -0.06, 0.7), (swing, 0.06, 1.0)):
        leg = limb(((hip, 0.92), (foot * 0.55 + 0.05, 0.48), (foot, 0.06)), (0.19, 0.15, 0.1))
        shoe = limb(((foot - 0.06, 0.045), (foot + 0.17, 0.03)), (0.09, 0.06))
        parts += [(leg, shade(trousers, tone)), (shoe, _SHOE)]
    torso = [(0.17, hem), (0.18, 1.1), (0.21, 1.4), (0.08, 1.5), (-0.08, 1.5), (-0.21, 1.4)]
    torso += [(-0.18, 1.1), (-0.17, hem)]
    shaded = [(-0.02, hem), (-0.04, 1.2), (-0.06, 1.5), (-0.21, 1.4), (-0.18, 1.1), (-0.17, hem)]
    parts += [(np.array(torso), top), (np.array(shaded), shade(top, 0.76))]
    if dice.chance(0.35):
        parts.append((blob(-0.18, 1.22, 0.13, 0.22), dice.pick(_TOPS)))
    parts.append((limb(((0.0, 1.44), (0.02, 1.56)), (0.12, 0.11)), shade(skin, 0.75)))
    parts += [(_arm(swing), shade(top, 0.9)), (blob(swing + 0.04, 0.84, 0.05, 0.07), skin)]
    if dice.chance(0.3):
        parts.append((bar(swing - 0.1, 0.42, swing + 0.2, 0.8), dice.pick(_TOPS)))
    parts += _head(0.02, 1.63, skin, dice.pick(_HAIR))
    return parts, (wide, size)


def _arm(hand: float) -> np.ndarray:
    return limb(((0.0, 1.42), (hand * 0.6 - 0.03, 1.14), (hand + 0.04, 0.88)), (0.14, 0.11, 0.08))


def _head(x: float, y: float, skin: Colour, hair: Colour) -> list[Part]:
    """A head that looks to the right."""
    return [
        (blob(x - 0.02, y + 0.01, 0.11, 0.14), hair),
        (blob(x + 0.02, y - 0.02, 0.085, 0.12), skin),
        (blob(x - 0.02, y + 0.08, 0.105, 0.075), hair),
    ]


def _rider_from_behind(dice: Dice) -> list[Part]:
    top, trousers, skin = dice.pick(_TOPS), dice.pick(_TROUSERS), dice.pick(_SKIN)
    torso = [(-0.16, 0.9), (-0.22, 1.35), (-0.08, 1.5), (0.08, 1.5), (0.22, 1.35), (0.16, 0.9)]
    shaded = [(0.02, 0.9), (0.02, 1.5), (0.08, 1.5), (0.22, 1.35), (0.16, 0.9)]
    leg, arm = (0.18, 0.15, 0.1), (0.11, 0.1, 0.08)
    return [
        (limb(((-0.1, 0.95), (-0.14, 0.6), (-0.11, 0.2)), leg), shade(trousers, 0.95)),
        (limb(((0.1, 0.95), (0.14, 0.75), (0.11, 0.38)), leg), shade(trousers, 0.75)),
        (blob(-0.11, 0.16, 0.06, 0.06), _SHOE),
        (blob(0.11, 0.34, 0.06, 0.06), _SHOE),
        (limb(((-0.19, 1.38), (-0.27, 1.15), (-0.24, 1.0)), arm), shade(top, 0.85)),
        (limb(((0.19, 1.38), (0.27, 1.15), (0.24, 1.0)), arm), shade(top, 0.7)),
        (np.array(torso), top),
        (np.array(shaded), shade(top, 0.8)),
        *_rider_head(dice, 0.0, 1.62, skin),
    ]


def _rider_from_side(dice: Dice) -> list[Part]:
    """A rider who heads to the right."""
    top, trousers, skin = dice.pick(_TOPS), dice.pick(_TROUSERS), dice.pick(_SKIN)
    leg = (0.18, 0.14, 0.09)
    return [
        (limb(((-0.2, 0.98), (0.1, 0.72), (-0.08, 0.36)), leg), shade(trousers, 0.7)),
        (limb(((-0.2, 0.98), (0.14, 0.62), (-0.06, 0.2)), leg), trousers),
        (limb(((-0.08, 0.2), (0.12, 0.19)), (0.08, 0.06)), _SHOE),
        (limb(((-0.24, 0.94), (-0.08, 1.3), (0.06, 1.46)), (0.26, 0.3, 0.2)), top),
        (limb(((-0.28, 0.94), (-0.17, 1.3), (0.0, 1.5)), (0.1, 0.12, 0.1)), shade(top, 0.75)),
        (limb(((0.02, 1.4), (0.18, 1.16), (0.36, 1.04)), (0.11, 0.09, 0.07)), shade(top, 0.85)),
        *_rider_head(dice, 0.13, 1.6, skin),
    ]


def _rider_head(dice: Dice, x: float, y: float, skin: Colour) -> list[Part]:
    if not dice.chance(0.5):
        return _head(x, y, skin, dice.pick(_HAIR))
    helmet = dice.pick(_HELMETS)
    return [(blob(x, y, 0.1, 0.13), skin), (blob(x - 0.02, y + 0.07, 0.13, 0.09), helmet)]
