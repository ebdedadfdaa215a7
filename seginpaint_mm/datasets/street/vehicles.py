"""Cars, vans, trucks and buses: a body's panels turned, lit and projected."""

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.bodies import (
    CARGO,
    GLASS,
    LAMP,
    PAINT,
    PAINT_DARK,
    PLATE,
    RIM,
    SHAPES,
    TAIL,
    TRIM,
    TYRE,
    UNDER,
    WINDSCREEN,
    body,
)  # fmt: skip
from seginpaint_mm.datasets.street.camera import Camera, rotation
from seginpaint_mm.datasets.street.canvas import Box, Colour, Sticker, box_around
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.placement import Placement

LABELS = dict.fromkeys(SHAPES, labels.CAR) | {'truck': labels.TRUCK, 'bus': labels.BUS}

_NEAREST = 0.9  # metres: a vehicle must be wholly behind this depth
_PAINTS: tuple[Colour, ...] = (
    (40, 38, 36), (64, 62, 60), (112, 112, 110), (168, 168, 166), (214, 216, 216), (226, 228, 228),
    (120, 62, 30), (96, 44, 24), (36, 34, 132), (44, 40, 168), (60, 84, 52), (98, 124, 140),
    (150, 132, 110), (30, 28, 30), (190, 192, 194), (60, 130, 190),
)  # fmt: skip
_CARGOS: tuple[Colour, ...] = (
    (206, 210, 212),
    (180, 186, 190),
    (150, 96, 40),
    (60, 66, 176),
    (90, 150, 90),
)
_FIXED: dict[int, Colour] = {
    TYRE: (34, 33, 32),
    RIM: (150, 150, 148),
    TRIM: (40, 38, 36),
    UNDER: (22, 21, 20),
    LAMP: (232, 232, 226),
    TAIL: (40, 36, 176),
    PLATE: (214, 218, 220),
}


def draw_vehicle(
    thing: Placement, camera: Camera, sun: tuple[float, float, float], ambient: float
) -> tuple[np.ndarray, Box] | None:
    """Draws one vehicle alone.

    Args:
        thing: Where it stands; its kind is one of SHAPES.
        camera: The view.
        sun: Direction to the sun (x, y, z), length 1.
        ambient: Light that does not come from the sun, 0..1.

    Returns:
        (layer (h, w, 4), box), or None where nothing of it is in the picture.
    """
    shape = body(thing.kind)
    sine, cosine = _direction(thing, camera)
    x = camera.world_x(thing.s, thing.z)
    l, w, y = shape.points.T
    px, pz = x + l * sine + w * cosine, thing.z + l * cosine - w * sine
    if pz.min() < _NEAREST:
        return None
    pixels = camera.project_world(px, y, pz)
    box = box_around(pixels, camera.height, camera.width)
    if box.empty:
        return None
    order = _visible_panels(shape, camera, x, thing.z, sine, cosine)
    light = _panel_light(shape, sine, cosine, sun, ambient)
    colours = _colours(Dice(thing.key))
    sticker = Sticker(box)
    fixed = sticker.fixed_point(pixels)
    for panel in order:
        for polygon in shape.panels[panel]:
            start, stop = shape.spans[polygon]
            colour = colours[shape.materials[polygon]]
            sticker.fill_fixed(fixed[start:stop], _lit(colour, light[panel]))
    return sticker.finish(), box


def vehicle_footprint(thing: Placement, camera: Camera, grow: float) -> np.ndarray:
    """World (x, z) corners (4, 2) of the ground under a vehicle, larger by `grow` metres all around."""
    shape = SHAPES[thing.kind]
    sine, cosine = _direction(thing, camera)
    l = (shape.length / 2 + grow) * np.array([-1.0, 1.0, 1.0, -1.0])
    w = (shape.width / 2 + grow) * np.array([-1.0, -1.0, 1.0, 1.0])
    x = camera.world_x(thing.s, thing.z) + l * sine + w * cosine
    return np.stack([x, thing.z + l * cosine - w * sine], axis=1)


def _direction(thing: Placement, camera: Camera) -> tuple[float, float]:
    """(sin, cos) of the heading: the street's and the vehicle's own turn together."""
    street_sine, street_cosine = camera.heading(thing.z)
    sine, cosine = rotation(thing.turn)
    return sine * street_cosine + cosine * street_sine, cosine * street_cosine - sine * street_sine


def _visible_panels(
    shape, camera: Camera, x: float, z: float, sine: float, cosine: float
) -> list[int]:
    """Panels that face the camera, the farthest first."""
    eye_l, eye_w = -x * sine - z * cosine, -x * cosine + z * sine
    to_eye = np.array([eye_l, eye_w, camera.elevation]) - shape.centres
    facing = to_eye * shape.normals
    visible = facing[:, 0] + facing[:, 1] + facing[:, 2] > 0
    squares = to_eye * to_eye
    distance = squares[:, 0] + squares[:, 1] + squares[:, 2]
    order = np.argsort(-distance, kind='stable')
    return [int(panel) for panel in order if visible[panel]]


def _panel_light(shape, sine: float, cosine: float, sun, ambient: float) -> list[float]:
    """Light on each panel: ambient, more from above, and the sun."""
    l, w, y = shape.normals.T
    length = np.sqrt(l * l + w * w + y * y)
    nx, nz, ny = (l * sine + w * cosine) / length, (l * cosine - w * sine) / length, y / length
    direct = np.maximum(nx * sun[0] + ny * sun[1] + nz * sun[2], 0.0)
    light = ambient * (0.86 + 0.24 * ny) + (1.0 - ambient) * 1.5 * direct
    return light.tolist()


def _colours(dice: Dice) -> dict[int, Colour]:
    paint = dice.pick(_PAINTS)
    glass = dice.integer(38, 74)
    return _FIXED | {
        PAINT: paint,
        PAINT_DARK: tuple(channel * 5 // 8 for channel in paint),
        GLASS: (glass + 10, glass + 4, glass),
        WINDSCREEN: (glass + 44, glass + 34, glass + 24),
        CARGO: dice.pick(_CARGOS),
    }


def _lit(colour: Colour, light: float) -> Colour:
    return tuple(min(255, int(channel * light + 0.5)) for channel in colour)
