"""Street furniture and trees: they stand on the ground, hide things, and are background."""

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.canvas import Drawing
from seginpaint_mm.datasets.street.colours import shade
from seginpaint_mm.datasets.street.cutout import Part, bar, blob, draw_cutout, may_be_seen
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.looks import Colour
from seginpaint_mm.datasets.street.placement import Placement
from seginpaint_mm.datasets.street.trees import bush, tree

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
