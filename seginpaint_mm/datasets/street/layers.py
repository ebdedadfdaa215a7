"""Each thing drawn alone, put in depth order, and what of it can be seen."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.datasets.street.bicycles import LABELS as BICYCLE_LABELS
from seginpaint_mm.datasets.street.bicycles import draw_bicycle
from seginpaint_mm.datasets.street.camera import NEAR, Camera
from seginpaint_mm.datasets.street.canvas import Box, lay_over
from seginpaint_mm.datasets.street.furniture import LABELS as FURNITURE_LABELS
from seginpaint_mm.datasets.street.furniture import draw_furniture
from seginpaint_mm.datasets.street.layout import Street
from seginpaint_mm.datasets.street.looks import Look
from seginpaint_mm.datasets.street.people import LABELS as PERSON_LABELS
from seginpaint_mm.datasets.street.people import draw_person
from seginpaint_mm.datasets.street.placement import Placement, front_to_back
from seginpaint_mm.datasets.street.shadows import Sun
from seginpaint_mm.datasets.street.vehicles import LABELS as VEHICLE_LABELS
from seginpaint_mm.datasets.street.vehicles import Light, draw_vehicle

_SMALLEST_OBJECT = 12  # pixels that must be visible; objects with fewer are left out of the scene

_LABELS = VEHICLE_LABELS | PERSON_LABELS | BICYCLE_LABELS | FURNITURE_LABELS
_DRAW_FLAT = (
    dict.fromkeys(PERSON_LABELS, draw_person)
    | dict.fromkeys(BICYCLE_LABELS, draw_bicycle)
    | dict.fromkeys(FURNITURE_LABELS, draw_furniture)
)


@dataclass(frozen=True)
class Layer:
    """One drawn thing.

    Attributes:
        thing: Where it stands.
        label: Cityscapes label id.
        picture: uint8 (h, w, 4), colour times coverage, and coverage.
        box: Its place in the picture.
        solid: bool (h, w), where it covers at least half a pixel.
        is_object: Whether it is foreground.
    """

    thing: Placement
    label: int
    picture: np.ndarray
    box: Box
    solid: np.ndarray
    is_object: bool


def draw_layers(
    traffic: list[Placement],
    furniture: list[Placement],
    street: Street,
    camera: Camera,
    look: Look,
    sun: Sun,
) -> list[Layer]:
    """Draws every thing alone; returns those that can be seen, nearest first."""
    things = [thing for thing in [*traffic, *furniture] if _in_sight(thing, street, camera)]
    if not things:
        return []
    layers = []
    for index in front_to_back(things, camera.offset):
        layer = _draw(things[index], camera, look, sun)
        if layer is not None:
            layers.append(layer)
    return _without_hidden(layers, camera)


def visible_parts(layers: list[Layer], height: int, width: int) -> list[np.ndarray]:
    """For each layer, nearest first: bool (h, w) of its box, where nothing nearer covers it."""
    taken = np.zeros((height, width), bool)
    parts = []
    for layer in layers:
        place = taken[layer.box.slices]
        parts.append(layer.solid & ~place)
        place |= layer.solid
    return parts


def compose(base: np.ndarray, layers: list[Layer]) -> np.ndarray:
    """Lays the layers, given nearest first, over a copy of the base picture (H, W, 3)."""
    picture = base.copy()
    for layer in reversed(layers):
        lay_over(picture, layer.picture, layer.box)
    return picture


def compose_labels(base: np.ndarray, layers: list[Layer]) -> np.ndarray:
    """The same for label ids (H, W)."""
    label_ids = base.copy()
    for layer in reversed(layers):
        label_ids[layer.box.slices][layer.solid] = layer.label
    return label_ids


def _draw(thing: Placement, camera: Camera, look: Look, sun: Sun) -> Layer | None:
    shaded = sun.in_shade(thing.s, thing.z)
    if thing.kind in VEHICLE_LABELS:
        light = (
            Light(look.ambient, (0.0, 0.0, 0.0)) if shaded else Light(look.ambient, sun.direction)
        )
        drawn = draw_vehicle(thing, camera, light)
    else:
        drawn = _DRAW_FLAT[thing.kind](thing, camera, look.ambient if shaded else 1.0)
    if drawn is None:
        return None
    picture, box = drawn
    is_object = thing.kind not in FURNITURE_LABELS
    return Layer(thing, _LABELS[thing.kind], picture, box, picture[:, :, 3] >= 128, is_object)


def _in_sight(thing: Placement, street: Street, camera: Camera) -> bool:
    """Whether no frontage stands between the camera and the thing, as it may where the street bends."""
    z = NEAR + (thing.z - NEAR) * (np.arange(16) / 16.0)
    if thing.z <= NEAR:
        return False
    bearing = camera.world_x(thing.s, thing.z) / thing.z
    left = camera.world_x(-street.sides[0].front, z) / z
    right = camera.world_x(street.sides[1].front, z) / z
    if abs(thing.s) > street.sides[0 if thing.s < 0 else 1].front:
        return True
    return bool(left.max() < bearing < right.min())


def _without_hidden(layers: list[Layer], camera: Camera) -> list[Layer]:
    """Leaves out objects of which too little can be seen; what they hid comes into view."""
    taken = np.zeros((camera.height, camera.width), bool)
    kept = []
    for layer in layers:
        place = taken[layer.box.slices]
        if layer.is_object and np.count_nonzero(layer.solid & ~place) < _SMALLEST_OBJECT:
            continue
        place |= layer.solid
        kept.append(layer)
    return kept
