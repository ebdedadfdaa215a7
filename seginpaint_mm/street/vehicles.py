"""Draw cars, vans, buses, lorries and bicycles."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.street import bodies, labels
from seginpaint_mm.street.bodies import Body
from seginpaint_mm.street.canvas import (
    Drawing,
    Part,
    Sticker,
    bar,
    blob,
    box_around,
    draw_cutout,
    fixed_point,
    limb,
    may_be_seen,
    ring,
)
from seginpaint_mm.street.looks import Colour, shade, shade_all
from seginpaint_mm.street.placement import Camera, Placement, rotation
from seginpaint_mm.street.vehicle_shapes import SHAPES

BICYCLE_LABELS = {'bicycle': labels.BICYCLE}

_REACH = 1.2
_FRAMES: tuple[Colour, ...] = (
    (40, 36, 34), (50, 50, 150), (140, 80, 40), (190, 190, 188), (70, 110, 60),
)  # fmt: skip
_DARK: Colour = (34, 33, 32)
_TUBES = (
    ((-0.52, 0.34), (-0.12, 0.32)), ((-0.52, 0.34), (-0.18, 0.82)), ((-0.12, 0.32), (-0.22, 0.95)),
    ((-0.12, 0.32), (0.36, 0.8)), ((-0.18, 0.82), (0.36, 0.82)), ((0.36, 0.98), (0.52, 0.34)),
)  # fmt: skip


def draw_bicycle(
    thing: Placement, camera: Camera, light: float, covered: np.ndarray
) -> Drawing | None:
    """Draws one bicycle alone; see `draw_cutout`."""
    if not may_be_seen(thing, camera, _REACH):
        return None
    frame = thing.dice().pick(_FRAMES)
    parts = _from_side(frame) if thing.sideways else _from_behind(frame)
    way = -1.0 if thing.sideways and thing.turn < 0 else 1.0
    return draw_cutout(parts, thing, camera, light, covered, (way, 1.0))


def _from_side(frame: Colour) -> list[Part]:
    """It heads to the right."""
    return [
        (ring(-0.52, 0.34, 0.34, 0.06), _DARK),
        (ring(0.52, 0.34, 0.34, 0.06), _DARK),
        *((limb(tube, (0.05, 0.05)), frame) for tube in _TUBES),
        (blob(-0.12, 0.31, 0.1, 0.1), _DARK),
        (limb(((-0.34, 0.97), (-0.1, 0.97)), (0.09, 0.05)), _DARK),
        (limb(((0.28, 1.02), (0.44, 1.0)), (0.05, 0.04)), _DARK),
    ]


def _from_behind(frame: Colour) -> list[Part]:
    return [
        (bar(-0.035, 0.0, 0.035, 0.68), _DARK),
        (bar(-0.03, 0.3, 0.03, 1.0), frame),
        (bar(-0.3, 0.98, 0.3, 1.04), _DARK),
        (blob(0.0, 0.42, 0.12, 0.03), _DARK),
        (blob(0.0, 0.62, 0.04, 0.04), (40, 36, 200)),
    ]


LABELS = dict.fromkeys(SHAPES, labels.CAR) | {'truck': labels.TRUCK, 'bus': labels.BUS}

_NEAREST = 0.9  # metres: a vehicle must be wholly behind this depth
_SMALLEST = 36  # fixed-point units (1/32 pixel): lower or narrower details are left out
_PAINTS: tuple[Colour, ...] = (
    (46, 44, 42), (64, 62, 60), (112, 112, 110), (168, 168, 166), (208, 210, 210), (222, 224, 224),
    (120, 62, 30), (96, 44, 24), (36, 34, 132), (44, 40, 168), (60, 84, 52), (98, 124, 140),
    (150, 132, 110), (38, 36, 38), (184, 186, 188), (140, 140, 136), (84, 78, 74), (60, 130, 190),
)  # fmt: skip
_BUS_PAINTS: tuple[Colour, ...] = (
    (40, 180, 220), (50, 46, 190), (206, 208, 210), (150, 100, 50), (90, 150, 80),
)  # fmt: skip
_CARGOS: tuple[Colour, ...] = (
    (206, 210, 212), (180, 186, 190), (150, 96, 40), (60, 66, 176), (90, 150, 90),
)  # fmt: skip
_FIXED: dict[int, Colour] = {
    bodies.TYRE: (34, 33, 32),
    bodies.RIM: (150, 150, 148),
    bodies.TRIM: (44, 42, 40),
    bodies.UNDER: (22, 21, 20),
    bodies.LAMP: (226, 226, 220),
    bodies.TAIL: (40, 36, 176),
    bodies.PLATE: (206, 210, 212),
}


@dataclass(frozen=True)
class Light:
    """Ambient light 0..1, and the direction (x, y, z) to the sun: length 1, or 0 in the shade."""

    ambient: float
    sun: tuple[float, float, float]


def draw_vehicle(
    thing: Placement, camera: Camera, light: Light, covered: np.ndarray
) -> Drawing | None:
    """Draws one vehicle alone.

    Args:
        thing: Where it stands; its kind is one of SHAPES.
        camera: The view.
        light: The light on it.
        covered: bool (H, W), pixels that nearer things hide.

    Returns:
        The drawing, or None where nothing of it can be seen.
    """
    shape = bodies.body(thing.kind)
    sine, cosine = _direction(thing, camera)
    x = camera.world_x(thing.s, thing.z)
    a, w, y = shape.points.T
    depth = thing.z + a * cosine - w * sine
    if depth.min() < _NEAREST:
        return None
    fixed = fixed_point(camera.project_world(x + a * sine + w * cosine, y, depth))
    box = box_around(fixed, camera.height, camera.width)
    if box.empty or covered[box.slices].all():
        return None
    sticker = Sticker(box)
    fixed = sticker.place(fixed)
    shown = _large_enough(shape, fixed)
    colours = _lit_colours(thing, _panel_light(shape, sine, cosine, light))
    starts = shape.starts.tolist()
    for panel in _visible_panels(shape, camera, x, thing.z, sine, cosine):
        for polygon in shape.panels[panel]:
            if not shown[polygon]:
                continue
            points = fixed[starts[polygon] : starts[polygon + 1]]
            fill = sticker.fill_convex if shape.convex[polygon] else sticker.fill
            fill(points, colours[panel][shape.materials[polygon]])
    return sticker.finish()


def vehicle_footprint(thing: Placement, camera: Camera, grow: float) -> np.ndarray:
    """World (x, z) corners (4, 2) of the ground under a vehicle and `grow` metres around it."""
    shape = SHAPES[thing.kind]
    sine, cosine = _direction(thing, camera)
    a = (shape.length / 2 + grow) * np.array([-1.0, 1.0, 1.0, -1.0])
    w = (shape.width / 2 + grow) * np.array([-1.0, -1.0, 1.0, 1.0])
    x = camera.world_x(thing.s, thing.z) + a * sine + w * cosine
    return np.stack([x, thing.z + a * cosine - w * sine], axis=1)


def _direction(thing: Placement, camera: Camera) -> tuple[float, float]:
    """(sin, cos) of the heading: the street's and the vehicle's own turn together."""
    street_sine, street_cosine = camera.heading(thing.z)
    sine, cosine = rotation(thing.turn)
    return sine * street_cosine + cosine * street_sine, cosine * street_cosine - sine * street_sine


def _large_enough(shape: Body, fixed: np.ndarray) -> list[bool]:
    """Whether each polygon is large enough to be worth drawing."""
    starts = shape.starts[:-1]
    size = np.maximum.reduceat(fixed, starts) - np.minimum.reduceat(fixed, starts)
    return (size.min(axis=1) >= _SMALLEST).tolist()


def _visible_panels(
    shape: Body, camera: Camera, x: float, z: float, sine: float, cosine: float
) -> list[int]:
    """Panels that face the camera, the farthest first."""
    eye = np.array([-x * sine - z * cosine, -x * cosine + z * sine, camera.elevation])
    to_eye = eye - shape.centres
    facing = to_eye * shape.normals
    visible = (facing[:, 0] + facing[:, 1] + facing[:, 2] > 0).tolist()
    squares = to_eye * to_eye
    distance = squares[:, 0] + squares[:, 1] + squares[:, 2]
    order = np.argsort(-distance, kind='stable').tolist()
    return [panel for panel in order if visible[panel]]


def _panel_light(shape: Body, sine: float, cosine: float, light: Light) -> np.ndarray:
    """Brightness (K,) of each panel: ambient, more of it from above, and the sun."""
    a, w, y = shape.normals.T
    x, z = a * sine + w * cosine, a * cosine - w * sine
    direct = np.maximum(x * light.sun[0] + y * light.sun[1] + z * light.sun[2], 0.0)
    return light.ambient * (0.88 + 0.24 * y) + (1.0 - light.ambient) * 1.5 * direct


def _lit_colours(thing: Placement, brightness: np.ndarray) -> list[list[Colour]]:
    """For each panel, with its brightness, the colour of each material."""
    dice = thing.dice()
    paint = dice.pick(_BUS_PAINTS if thing.kind == 'bus' else _PAINTS)
    glass = dice.integer(38, 70)
    colours = _FIXED | {
        bodies.PAINT: paint,
        bodies.PAINT_DARK: shade(paint, 0.66),
        bodies.GLASS: (glass + 10, glass + 4, glass),
        bodies.WINDSCREEN: (glass + 40, glass + 30, glass + 20),
        bodies.GLARE: (glass + 48, glass + 40, glass + 32),
        bodies.CARGO: dice.pick(_CARGOS),
    }
    table = [colours[material] for material in range(len(colours))]
    return shade_all(table, brightness[:, None, None])
