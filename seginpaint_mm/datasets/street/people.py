"""People, riders and bicycles: flat figures that stand upright and face the camera."""

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.canvas import UNIT_CIRCLE, Box, Colour, Sticker, box_around
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.placement import Placement

LABELS = {'person': labels.PERSON, 'rider': labels.RIDER, 'bicycle': labels.BICYCLE}

_NEAREST = 2.0
_SKIN: tuple[Colour, ...] = ((140, 170, 214), (120, 150, 200), (80, 112, 160), (50, 72, 110))
_HAIR: tuple[Colour, ...] = (
    (30, 34, 44),
    (44, 60, 90),
    (70, 110, 150),
    (120, 124, 128),
    (24, 24, 26),
)
_TOPS: tuple[Colour, ...] = (
    (50, 44, 40), (90, 50, 34), (40, 40, 140), (200, 204, 206), (110, 110, 108), (60, 90, 70),
    (60, 140, 190), (140, 100, 60), (34, 32, 34), (96, 84, 150), (130, 150, 160),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = (
    (90, 62, 44),
    (50, 44, 42),
    (36, 34, 34),
    (110, 130, 140),
    (80, 78, 76),
)


def draw_figure(
    thing: Placement, camera: Camera, sun: tuple[float, float, float], ambient: float
) -> tuple[np.ndarray, Box] | None:
    """Draws one person, rider or bicycle alone; arguments and result as in `draw_vehicle`."""
    if thing.z < _NEAREST:
        return None
    parts = _PARTS[thing.kind](Dice(thing.key), thing)
    scale = camera.focal / thing.z
    foot = camera.project(thing.s, 0.0, thing.z)
    outlines = [points * (scale, -scale) + foot for points, _, _ in parts]
    box = box_around(np.concatenate(outlines), camera.height, camera.width)
    if box.empty:
        return None
    sticker = Sticker(box)
    light = ambient * 0.92 + (1.0 - ambient) * (1.05 - 0.6 * max(sun[2], 0.0))
    for outline, (_, colour, tone) in zip(outlines, parts, strict=True):
        lit = tuple(min(255, int(channel * light * tone + 0.5)) for channel in colour)
        sticker.fill(outline, lit)
    return sticker.finish(), box


Part = tuple[np.ndarray, Colour, float]  # (n, 2) metres right and up, colour, brightness


def _limb(points: list[tuple[float, float]], widths: list[float]) -> np.ndarray:
    """A bent, tapering limb along the points, as one outline."""
    line = np.array(points)
    step = np.diff(line, axis=0)
    step = np.concatenate([step[:1], (step[:-1] + step[1:]) / 2, step[-1:]])
    length = np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1])[:, None]
    normal = np.stack([-step[:, 1], step[:, 0]], axis=1) / length * np.array(widths)[:, None] / 2
    return np.concatenate([line + normal, (line - normal)[::-1]])


def _blob(x: float, y: float, radius_x: float, radius_y: float) -> np.ndarray:
    return UNIT_CIRCLE * (radius_x, radius_y) + (x, y)


def _person(dice: Dice, thing: Placement) -> list[Part]:
    size = dice.uniform(1.5, 1.9) / 1.75 if dice.chance(0.9) else dice.uniform(0.6, 0.8)
    wide = dice.uniform(0.9, 1.2)
    swing = dice.uniform(0.05, 0.3) if dice.chance(0.75) else 0.03
    facing = dice.sign()
    skin, hair = dice.pick(_SKIN), dice.pick(_HAIR)
    top, trousers = dice.pick(_TOPS), dice.pick(_TROUSERS)
    shoe: Colour = (30, 30, 34)
    parts: list[Part] = []
    for sign, tone in ((-1, 0.72), (1, 1.0)):
        foot = sign * swing * facing
        knee = foot * 0.5 + 0.06 * facing
        hip = sign * 0.05
        parts.append(
            (_limb([(hip, 0.9), (knee, 0.48), (foot, 0.06)], [0.19, 0.14, 0.1]), trousers, tone)
        )
        parts.append(
            (
                _limb([(foot - 0.07 * facing, 0.04), (foot + 0.16 * facing, 0.03)], [0.09, 0.06]),
                shoe,
                tone,
            )
        )
    parts.append((_arm(-swing * facing, facing), top, 0.66))
    hem = 0.82 if dice.chance(0.7) else 0.5
    torso = np.array(
        [
            (-0.17, hem),
            (-0.2, 1.2),
            (-0.21, 1.42),
            (-0.07, 1.5),
            (0.07, 1.5),
            (0.21, 1.42),
            (0.2, 1.2),
            (0.17, hem),
        ]
    )
    parts.append((torso, top, 1.0))
    parts.append((torso * (0.45, 1.0) - (0.11 * facing, 0.0), top, 0.78))
    parts.append((_limb([(0.0, 1.45), (0.01 * facing, 1.57)], [0.12, 0.11]), skin, 0.8))
    if dice.chance(0.35):
        pack = _blob(-0.17 * facing, 1.24, 0.13, 0.22)
        parts.append((pack, dice.pick(_TOPS), 0.9))
    parts.append((_arm(swing * facing, facing), top, 0.88))
    parts.append((_blob(swing * facing * 1.0 + 0.04 * facing, 0.84, 0.05, 0.06), skin, 1.0))
    parts.append((_blob(0.02 * facing, 1.63, 0.1, 0.13), skin, 1.0))
    parts.append((_blob(-0.02 * facing, 1.68, 0.11, 0.1), hair, 1.0))
    return [(points * (size * wide, size), colour, tone) for points, colour, tone in parts]


def _arm(hand: float, facing: int) -> np.ndarray:
    return _limb(
        [(0.0, 1.42), (hand * 0.6 - 0.03 * facing, 1.14), (hand + 0.04 * facing, 0.88)],
        [0.13, 0.11, 0.08],
    )


def _ring(x: float, y: float, radius: float, width: float) -> np.ndarray:
    """A wheel's tyre: outline of the outer circle, then of the inner one backwards."""
    outer, inner = UNIT_CIRCLE * radius + (x, y), UNIT_CIRCLE * (radius - width) + (x, y)
    return np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])


def _seen_from_side(thing: Placement) -> bool:
    return abs(thing.turn) > 0.4 and abs(thing.turn) < 2.5


def _bicycle(dice: Dice, thing: Placement) -> list[Part]:
    frame = dice.pick(((40, 36, 34), (50, 50, 150), (140, 80, 40), (190, 190, 188), (70, 110, 60)))
    dark: Colour = (34, 33, 32)
    if not _seen_from_side(thing):
        return [
            (np.array([(-0.035, 0.0), (0.035, 0.0), (0.035, 0.68), (-0.035, 0.68)]), dark, 1.0),
            (np.array([(-0.03, 0.3), (0.03, 0.3), (0.03, 1.0), (-0.03, 1.0)]), frame, 1.0),
            (np.array([(-0.3, 0.98), (0.3, 0.98), (0.28, 1.04), (-0.28, 1.04)]), dark, 1.2),
            (_blob(0.0, 0.42, 0.1, 0.03), dark, 1.4),
        ]
    way = 1.0 if thing.turn > 0 else -1.0
    lines = (
        [(-0.52, 0.34), (-0.12, 0.32)], [(-0.52, 0.34), (-0.18, 0.82)], [(-0.12, 0.32), (-0.22, 0.95)],
        [(-0.12, 0.32), (0.36, 0.8)], [(-0.18, 0.82), (0.36, 0.82)], [(0.36, 0.98), (0.52, 0.34)],
    )  # fmt: skip
    parts: list[Part] = [
        (_ring(-0.52, 0.34, 0.34, 0.06), dark, 1.0),
        (_ring(0.52, 0.34, 0.34, 0.06), dark, 1.0),
    ]
    parts += [(_limb(line, [0.05, 0.05]), frame, 1.0) for line in lines]
    parts.append((_limb([(-0.34, 0.97), (-0.1, 0.97)], [0.09, 0.05]), dark, 1.0))
    parts.append((_limb([(0.28, 1.02), (0.44, 1.0)], [0.05, 0.04]), dark, 1.0))
    return [(points * (way, 1.0), colour, tone) for points, colour, tone in parts]


def _rider(dice: Dice, thing: Placement) -> list[Part]:
    skin, hair = dice.pick(_SKIN), dice.pick(_HAIR)
    top, trousers = dice.pick(_TOPS), dice.pick(_TROUSERS)
    helmet = dice.pick(((40, 40, 40), (200, 200, 200), (50, 60, 190))) if dice.chance(0.5) else hair
    if not _seen_from_side(thing):
        torso = np.array(
            [(-0.16, 0.9), (-0.22, 1.35), (-0.08, 1.5), (0.08, 1.5), (0.22, 1.35), (0.16, 0.9)]
        )
        return [
            (_limb([(-0.1, 0.95), (-0.14, 0.6), (-0.11, 0.2)], [0.18, 0.15, 0.1]), trousers, 0.9),
            (_limb([(0.1, 0.95), (0.14, 0.75), (0.11, 0.38)], [0.18, 0.15, 0.1]), trousers, 0.75),
            (_limb([(-0.19, 1.38), (-0.27, 1.15), (-0.24, 1.0)], [0.11, 0.1, 0.08]), top, 0.85),
            (_limb([(0.19, 1.38), (0.27, 1.15), (0.24, 1.0)], [0.11, 0.1, 0.08]), top, 0.75),
            (torso, top, 1.0),
            (_blob(0.0, 1.62, 0.1, 0.13), skin, 0.95),
            (_blob(0.0, 1.67, 0.11, 0.1), helmet, 1.0),
        ]
    way = 1.0 if thing.turn > 0 else -1.0
    parts: list[Part] = [
        (_limb([(-0.2, 0.98), (0.1, 0.72), (-0.08, 0.36)], [0.18, 0.14, 0.09]), trousers, 0.7),
        (_limb([(-0.2, 0.98), (0.14, 0.62), (-0.06, 0.2)], [0.18, 0.14, 0.09]), trousers, 1.0),
        (_limb([(-0.08, 0.2), (0.12, 0.19)], [0.08, 0.06]), (30, 30, 34), 1.0),
        (_limb([(-0.24, 0.94), (-0.08, 1.3), (0.06, 1.46)], [0.26, 0.3, 0.2]), top, 1.0),
        (_limb([(0.02, 1.4), (0.18, 1.16), (0.36, 1.04)], [0.11, 0.09, 0.07]), top, 0.8),
        (_blob(0.13, 1.6, 0.1, 0.12), skin, 1.0),
        (_blob(0.1, 1.66, 0.12, 0.09), helmet, 1.0),
    ]
    return [(points * (way, 1.0), colour, tone) for points, colour, tone in parts]


_PARTS = {'person': _person, 'rider': _rider, 'bicycle': _bicycle}
