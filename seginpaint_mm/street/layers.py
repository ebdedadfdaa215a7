"""The layers of a street, and the shadows that objects cast."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from seginpaint_mm.street.canvas import SCALE, SHIFT, UNIT, UNIT_CIRCLE, Drawing, fixed_point
from seginpaint_mm.street.furniture import LABELS as FURNITURE_LABELS
from seginpaint_mm.street.furniture import draw_furniture
from seginpaint_mm.street.layout import SightLines, Street
from seginpaint_mm.street.looks import Look
from seginpaint_mm.street.people import LABELS as PERSON_LABELS
from seginpaint_mm.street.people import draw_person
from seginpaint_mm.street.placement import FAR, NEAR, Camera, Dice, Placement, front_to_back
from seginpaint_mm.street.vehicles import BICYCLE_LABELS as BICYCLE_LABELS
from seginpaint_mm.street.vehicles import LABELS as VEHICLE_LABELS
from seginpaint_mm.street.vehicles import Light, draw_bicycle, draw_vehicle

Shadow = tuple[int, np.ndarray]  # brightness 0..256, world (x, z) outline (n, 2)

_HEIGHTS = {
    'truck': 3.0, 'bus': 2.9, 'van': 2.0, 'suv': 1.6, 'person': 1.7, 'rider': 1.7, 'bicycle': 1.0,
}  # fmt: skip
_CAR_HEIGHT = 1.4
_SMALLEST_CONTACT = 0.15  # metres: what stands on less has no shadow of its own right under it
_CONTACT_RINGS = ((1.3, 0.3), (1.16, 0.65), (1.02, 1.0))  # size, share of the contact shadow


class Sun:
    """Where the sun is and what it casts.

    Attributes:
        direction: Unit vector (x, y, z) towards the sun.
    """

    def __init__(self, dice: Dice, street: Street, look: Look):
        x, y, z = (
            -street.sun * dice.uniform(0.35, 0.9),
            dice.uniform(0.75, 1.25),
            dice.uniform(-0.7, 0.5),
        )
        length = math.sqrt(x * x + y * y + z * z)
        self.direction = (x / length, y / length, z / length)
        self._slope = (-x / y, -z / y)
        self._street = street
        self._look = look
        self._blocks = [
            block
            for block in street.blocks
            if block.kind == 'building' and block.sign == -street.sun
        ]

    @property
    def casts(self) -> bool:
        """Whether there are shadows other than right under things."""
        return self._look.sun_shadow < 256

    def in_shade(self, s: float, z: float) -> bool:
        """Whether a building's shadow lies on this place of the street."""
        if not self.casts:
            return False
        return any(
            block.z0 < z < block.z1
            and abs(s - block.sign * self._front(block.sign)) < self._reach(block)
            for block in self._blocks
        )

    def buildings(self, camera: Camera) -> list[Shadow]:
        """Shadows of the buildings on the sunny side."""
        if not self.casts:
            return []
        shadows = []
        for block in self._blocks:
            s0 = block.sign * self._front(block.sign)
            s1 = s0 - block.sign * self._reach(block)
            slant = self._slope[1] * block.height * 0.7
            z0, z1 = max(block.z0, NEAR), min(block.z1, FAR)
            s = np.array([s0, s1, s1, s0])
            z = np.maximum(np.array([z0, z0 + slant, z1 + slant, z1]), NEAR)
            shadows.append((self._look.sun_shadow, np.stack([camera.world_x(s, z), z], axis=1)))
        return shadows

    def of_things(self, footprints: list[tuple[Placement, np.ndarray]]) -> list[Shadow]:
        """Shadows that things cast, each given with its world footprint (n, 2)."""
        shadows = []
        for thing, footprint in footprints:
            if self.casts and not self.in_shade(thing.s, thing.z):
                height = _HEIGHTS.get(thing.kind, _CAR_HEIGHT)
                top = footprint + np.array([self._slope[0] * height, self._slope[1] * height])
                shadows.append((self._look.sun_shadow, _hull(np.concatenate([footprint, top]))))
            if thing.half_s < _SMALLEST_CONTACT:
                continue
            middle = (footprint[: len(footprint) // 2] + footprint[len(footprint) // 2 :])[:1] / 2
            outwards = footprint - middle
            for grow, share in _CONTACT_RINGS:
                level = 256 - int((256 - self._look.contact_shadow) * share)
                shadows.append((level, middle + outwards * grow))
        return shadows

    def _front(self, sign: int) -> float:
        return self._street.sides[0 if sign < 0 else 1].front

    def _reach(self, block) -> float:
        return abs(self._slope[0]) * block.height * 0.7


def round_footprint(thing: Placement, camera: Camera) -> np.ndarray:
    """World (x, z) outline (16, 2) of the ground under a thing that is not a vehicle."""
    middle = (camera.world_x(thing.s, thing.z), thing.z)
    return UNIT_CIRCLE * (thing.half_s, thing.half_z) + middle


def shadow_map(camera: Camera, shadows: list[Shadow]) -> np.ndarray:
    """uint8 (H, W): brightness of the ground, 255 = not shadowed."""
    brightness = np.full((camera.height, camera.width), 255, np.uint8)
    if not shadows:
        return brightness
    top = min(max(int(camera.horizon), 0), camera.height - 1)
    rows = camera.height - top
    canvas = np.full((rows * SCALE, camera.width * SCALE), 255, np.uint8)
    outlines = np.concatenate([outline for _, outline in shadows])
    depth = np.maximum(outlines[:, 1], NEAR)
    points = fixed_point(camera.project_world(outlines[:, 0], 0.0, depth))
    points[:, 1] -= top * UNIT
    ends = np.cumsum([len(outline) for _, outline in shadows])
    polygons = np.split(points, ends[:-1])
    levels = np.array([level for level, _ in shadows])
    for number in np.argsort(-levels, kind='stable').tolist():
        level = min(int(levels[number]), 255)
        cv2.fillPoly(canvas, [polygons[number]], level, cv2.LINE_8, SHIFT)
    brightness[top:] = cv2.resize(canvas, (camera.width, rows), interpolation=cv2.INTER_AREA)
    return brightness


def _hull(points: np.ndarray) -> np.ndarray:
    """Convex outline of world points, on a grid of 1/1024 metre: the same on every machine."""
    grid = np.floor(points * 1024.0 + 0.5).astype(np.int32)
    return cv2.convexHull(grid)[:, 0].astype(np.float64) / 1024.0


_SMALLEST_OBJECT = 12  # pixels that can be seen

_LABELS = VEHICLE_LABELS | PERSON_LABELS | BICYCLE_LABELS | FURNITURE_LABELS
_DRAW_FLAT = (
    dict.fromkeys(PERSON_LABELS, draw_person)
    | dict.fromkeys(BICYCLE_LABELS, draw_bicycle)
    | dict.fromkeys(FURNITURE_LABELS, draw_furniture)
)


@dataclass(frozen=True)
class Layer:
    """One drawn thing: where it stands, its Cityscapes label id, whether it is foreground."""

    thing: Placement
    label: int
    is_object: bool
    drawing: Drawing


def draw_layers(
    things: list[Placement], street: Street, camera: Camera, look: Look, sun: Sun
) -> list[Layer]:
    """Draws every thing alone; returns those that can be seen, nearest first.

    Objects of which too little can be seen are left out; what they hid comes into view.
    """
    sight = SightLines(street, camera)
    things = [thing for thing in things if sight.reach(thing)]
    covered = np.zeros((camera.height, camera.width), bool)
    covered_by_furniture = np.zeros_like(covered)
    layers = []
    for index in front_to_back(things, camera.offset):
        thing = things[index]
        is_object = thing.kind not in FURNITURE_LABELS
        drawing = _draw(thing, camera, look, sun, covered if is_object else covered_by_furniture)
        if drawing is None:
            continue
        place = covered[drawing.box.slices]
        if is_object and np.count_nonzero(drawing.solid & ~place) < _SMALLEST_OBJECT:
            continue
        place |= drawing.solid
        if not is_object:
            covered_by_furniture[drawing.box.slices] |= drawing.solid
        layers.append(Layer(thing, _LABELS[thing.kind], is_object, drawing))
    return layers


def visible_parts(layers: list[Layer], height: int, width: int) -> list[np.ndarray]:
    """For each layer, nearest first: bool (h, w) of its box, where nothing nearer covers it."""
    taken = np.zeros((height, width), bool)
    parts = []
    for layer in layers:
        place = taken[layer.drawing.box.slices]
        parts.append(layer.drawing.solid & ~place)
        place |= layer.drawing.solid
    return parts


def compose(base: np.ndarray, layers: list[Layer]) -> np.ndarray:
    """Lays the layers, given nearest first, over a copy of the base image (H, W, 3)."""
    picture = base.copy()
    for layer in reversed(layers):
        layer.drawing.lay_over(picture)
    return picture


def compose_labels(base: np.ndarray, layers: list[Layer]) -> np.ndarray:
    """The same for label ids (H, W)."""
    label_ids = base.copy()
    for layer in reversed(layers):
        label_ids[layer.drawing.box.slices][layer.drawing.solid] = layer.label
    return label_ids


def _draw(
    thing: Placement, camera: Camera, look: Look, sun: Sun, covered: np.ndarray
) -> Drawing | None:
    shaded = sun.in_shade(thing.s, thing.z)
    if thing.kind in VEHICLE_LABELS:
        light = Light(look.ambient, (0.0, 0.0, 0.0) if shaded else sun.direction)
        return draw_vehicle(thing, camera, light, covered)
    brightness = look.ambient if shaded else 1.0
    return _DRAW_FLAT[thing.kind](thing, camera, brightness, covered)
