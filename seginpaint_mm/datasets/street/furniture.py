"""Street furniture and trees: things that stand on the ground, belong to the background, and hide."""

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.canvas import (
    UNIT_CIRCLE,
    Box,
    Colour,
    Sticker,
    box_around,
    ellipse,
)
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.layout import Side, Street
from seginpaint_mm.datasets.street.placement import Placement

LABELS = {
    'tree': labels.VEGETATION,
    'bush': labels.VEGETATION,
    'lamp': labels.POLE,
    'bollard': labels.POLE,
    'sign': labels.TRAFFIC_SIGN,
    'light': labels.TRAFFIC_LIGHT,
    'bin': labels.STATIC,
}
_NEAREST = 3.0
_STEEL: Colour = (104, 106, 104)


def plan_furniture(dice: Dice, street: Street) -> list[Placement]:
    """Draws the lots for trees, lamps, signs, lights, bollards and bins."""
    things: list[Placement] = []
    for side in street.sides:
        _plan_trees(dice, things, street, side)
        _plan_lamps(dice, things, street, side)
        _plan_small(dice, things, street, side)
    _plan_lights(dice, things, street)
    _plan_gardens(dice, things, street)
    return things


def _add(dice: Dice, things: list[Placement], kind: str, s: float, z: float, half: float) -> None:
    thing = Placement(kind, s, z, 0.0, half, half, dice.integer(0, 1 << 30))
    if z > _NEAREST + 0.5 and not any(thing.overlaps(other, 0.2) for other in things):
        things.append(thing)


def _plan_trees(dice: Dice, things: list[Placement], street: Street, side: Side) -> None:
    if not dice.chance(0.75 if side.verge else 0.3):
        return
    s = side.sign * (side.edge + (side.verge / 2 if side.verge else 0.7))
    if not side.verge and side.pavement < 2.2:
        return
    pitch, z = dice.uniform(7.0, 15.0), dice.uniform(5.0, 18.0)
    while z < 110.0:
        if not street.in_crossing(z, 3.0):
            _add(dice, things, 'tree', s, z, 0.2)
        z += pitch


def _plan_lamps(dice: Dice, things: list[Placement], street: Street, side: Side) -> None:
    if not dice.chance(0.6):
        return
    z = dice.uniform(6.0, 30.0)
    while z < 120.0:
        if not street.in_crossing(z, 1.0):
            _add(dice, things, 'lamp', side.sign * (side.edge + 0.45), z, 0.08)
        z += dice.uniform(20.0, 32.0)


def _plan_small(dice: Dice, things: list[Placement], street: Street, side: Side) -> None:
    for _ in range(dice.integer(0, 4)):
        z = dice.uniform(6.0, 60.0)
        if not street.in_crossing(z, 1.0):
            _add(dice, things, 'sign', side.sign * (side.edge + 0.4), z, 0.06)
    if side.pavement > 1.8 and dice.chance(0.25):
        start = dice.uniform(6.0, 25.0)
        for number in range(dice.integer(3, 9)):
            if not street.in_crossing(start + 1.8 * number, 0.5):
                _add(
                    dice,
                    things,
                    'bollard',
                    side.sign * (side.edge + 0.35),
                    start + 1.8 * number,
                    0.07,
                )
    if side.pavement and dice.chance(0.3):
        outer = side.edge + side.verge + side.pavement
        _add(dice, things, 'bin', side.sign * (outer - 0.5), dice.uniform(6.0, 30.0), 0.35)


def _plan_lights(dice: Dice, things: list[Placement], street: Street) -> None:
    for z0, _ in street.crossings[:1]:
        if dice.chance(0.5):
            for side in street.sides:
                _add(dice, things, 'light', side.sign * (side.edge + 0.5), z0 - 1.0, 0.08)


def _plan_gardens(dice: Dice, things: list[Placement], street: Street) -> None:
    for block in street.blocks:
        if block.kind == 'building':
            continue
        front = street.sides[0 if block.sign < 0 else 1].front
        for _ in range(dice.integer(0, 3)):
            z = dice.uniform(block.z0 + 1.0, block.z1)
            kind = 'bush' if dice.chance(0.35) else 'tree'
            _add(dice, things, kind, block.sign * (front + dice.uniform(2.5, 8.0)), z, 0.3)


def draw_furniture(
    thing: Placement, camera: Camera, light: float
) -> tuple[np.ndarray, Box, np.ndarray] | None:
    """Draws one thing alone.

    Args:
        thing: Where it stands; its kind is one of LABELS.
        camera: The view.
        light: Brightness, 1 = full sun.

    Returns:
        (layer (h, w, 4), box), or None where nothing of it is in the picture.
    """
    if thing.z < _NEAREST:
        return None
    parts = _PARTS[thing.kind](Dice(thing.key), thing)
    scale = camera.focal / thing.z
    foot = camera.project(thing.s, 0.0, thing.z)
    outlines = [points * (scale, -scale) + foot for points, _ in parts]
    box = box_around(
        np.concatenate([points.reshape(-1, 2) for points in outlines]), camera.height, camera.width
    )
    if box.empty:
        return None
    sticker = Sticker(box)
    for outline, (_, colour) in zip(outlines, parts, strict=True):
        lit = tuple(min(255, int(channel * light + 0.5)) for channel in colour)
        if outline.ndim == 3:
            sticker.paint(outline, lit)
        else:
            sticker.fill(outline, lit)
    return sticker.finish(), box


Part = tuple[np.ndarray, Colour]  # (n, 2) or many (m, n, 2) metres right and up, colour


def _bar(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _tree(dice: Dice, thing: Placement) -> list[Part]:
    height = dice.uniform(5.0, 10.5)
    spread, bare = height * dice.uniform(0.24, 0.36), height * dice.uniform(0.22, 0.36)
    trunk = 0.1 + height * 0.012
    green = (dice.integer(34, 60), dice.integer(78, 118), dice.integer(58, 96))
    bark: Colour = (52, 62, 74)
    top = height - bare
    stem = np.array(
        [
            (-trunk, 0.0),
            (trunk, 0.0),
            (trunk * 0.6, bare + 0.5 * top),
            (-trunk * 0.6, bare + 0.5 * top),
        ]
    )
    parts: list[Part] = [(stem, bark), (stem * (0.4, 1.0) + (trunk * 0.5, 0.0), (40, 48, 58))]
    return parts + _foliage(dice, (0.0, bare + top * 0.55), (spread, top * 0.52), green)


def _bush(dice: Dice, thing: Placement) -> list[Part]:
    width, height = dice.uniform(0.6, 1.6), dice.uniform(0.8, 2.2)
    green = (dice.integer(34, 60), dice.integer(74, 112), dice.integer(58, 96))
    return _foliage(dice, (0.0, height * 0.5), (width, height * 0.5), green)


def _foliage(
    dice: Dice, centre: tuple[float, float], radius: tuple[float, float], green: Colour
) -> list[Part]:
    """A crown: lobes that make its outline, dark ones first, then leaves in three tones."""
    parts: list[Part] = [(ellipse(*centre, radius[0] * 0.8, radius[1] * 0.8), _tone(green, 0.66))]
    for _ in range(14):
        offset = UNIT_CIRCLE[dice.integer(0, 15)] * dice.uniform(0.45, 0.75) * radius
        size = dice.uniform(0.24, 0.42) * (radius[0] + radius[1]) / 2
        lobe = ellipse(centre[0] + offset[0], centre[1] + offset[1], size, size * 0.85)
        parts.append((lobe, _tone(green, 0.74 + 0.2 * offset[1] / radius[1])))
    for factor, lift, count in ((0.52, -0.2, 60), (0.95, 0.1, 70), (1.25, 0.3, 60)):
        parts.append((_leaves(dice, centre, radius, lift, count), _tone(green, factor)))
    return parts


def _leaves(dice: Dice, centre, radius, lift: float, count: int) -> np.ndarray:
    """Small clumps (count, 6, 2) scattered over the crown, their middle raised by `lift` radii."""
    spots = dice.uniforms(-1.0, 1.0, 2 * count).reshape(count, 2)
    spots = spots * (1.0 - 0.3 * np.abs(spots[:, ::-1])) * (0.85, 0.8 - abs(lift) * 0.5) + (
        0.0,
        lift,
    )
    size = (radius[0] + radius[1]) * dice.uniforms(0.02, 0.06, count)
    hexagon = UNIT_CIRCLE[[0, 3, 5, 8, 11, 13]]
    return hexagon[None] * size[:, None, None] + (spots * radius + centre)[:, None]


def _tone(colour: Colour, factor: float) -> Colour:
    return tuple(min(255, int(channel * factor + 0.5)) for channel in colour)


def _lamp(dice: Dice, thing: Placement) -> list[Part]:
    height, reach = dice.uniform(5.5, 8.5), dice.uniform(0.8, 1.8)
    way = -1.0 if thing.s > 0 else 1.0
    return [
        (_bar(-0.07, 0.0, 0.07, height), _STEEL),
        (_bar(0.02, 0.0, 0.07, height), _tone(_STEEL, 0.7)),
        (_bar(-0.05, height - 0.08, reach, height) * (way, 1.0), _STEEL),
        (_bar(reach - 0.5, height - 0.2, reach + 0.1, height - 0.02) * (way, 1.0), (180, 184, 186)),
    ]


def _bollard(dice: Dice, thing: Placement) -> list[Part]:
    return [
        (_bar(-0.06, 0.0, 0.06, 0.95), (70, 70, 70)),
        (_bar(0.02, 0.0, 0.06, 0.95), (46, 46, 46)),
        (_bar(-0.06, 0.72, 0.06, 0.86), (196, 198, 200)),
    ]


def _sign(dice: Dice, thing: Placement) -> list[Part]:
    post: Part = (_bar(-0.035, 0.0, 0.035, 2.3), _STEEL)
    blue, red, white = (168, 84, 20), (40, 36, 190), (226, 228, 230)
    face = dice.integer(0, 4)
    if face == 0:
        return [post, (ellipse(0.0, 2.5, 0.32, 0.32), red), (ellipse(0.0, 2.5, 0.23, 0.23), white)]
    if face == 1:
        return [post, (ellipse(0.0, 2.5, 0.32, 0.32), blue), (_bar(-0.06, 2.34, 0.06, 2.66), white)]
    if face == 2:
        triangle = np.array([(-0.4, 2.2), (0.4, 2.2), (0.0, 2.88)])
        return [post, (triangle, red), ((triangle - (0.0, 2.43)) * 0.62 + (0.0, 2.43), white)]
    if face == 3:
        return [post, (_bar(-0.3, 2.2, 0.3, 2.8), blue), (_bar(-0.12, 2.3, 0.12, 2.7), white)]
    diamond = np.array([(-0.42, 2.5), (0.0, 2.08), (0.42, 2.5), (0.0, 2.92)])
    return [post, (diamond, white), ((diamond - (0.0, 2.5)) * 0.7 + (0.0, 2.5), (40, 190, 226))]


def _light(dice: Dice, thing: Placement) -> list[Part]:
    lit = dice.integer(0, 2)
    parts: list[Part] = [
        (_bar(-0.06, 0.0, 0.06, 3.3), (84, 86, 84)),
        (_bar(-0.2, 2.5, 0.2, 3.5), (30, 30, 30)),
    ]
    for number, colour in enumerate(((60, 60, 230), (50, 190, 240), (120, 220, 70))):
        shown = colour if number == lit else _tone(colour, 0.3)
        parts.append((ellipse(0.0, 3.32 - 0.31 * number, 0.11, 0.12), shown))
    return parts


def _bin(dice: Dice, thing: Placement) -> list[Part]:
    colour = dice.pick(((60, 66, 60), (120, 70, 40), (60, 150, 170), (70, 90, 60)))
    return [
        (np.array([(-0.24, 0.06), (0.24, 0.06), (0.3, 1.0), (-0.3, 1.0)]), colour),
        (_bar(-0.33, 0.96, 0.33, 1.08), _tone(colour, 1.3)),
        (_bar(0.08, 0.06, 0.26, 0.96), _tone(colour, 0.75)),
    ]


_PARTS = {
    'tree': _tree,
    'bush': _bush,
    'lamp': _lamp,
    'bollard': _bollard,
    'sign': _sign,
    'light': _light,
    'bin': _bin,
}
