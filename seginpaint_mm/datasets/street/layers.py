"""Each thing drawn alone, put in depth order, and what of it can be seen."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.datasets.street.bicycles import LABELS as BICYCLE_LABELS
from seginpaint_mm.datasets.street.bicycles import draw_bicycle
from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.canvas import Drawing
from seginpaint_mm.datasets.street.furniture import LABELS as FURNITURE_LABELS
from seginpaint_mm.datasets.street.furniture import draw_furniture
from seginpaint_mm.datasets.street.layout import Street
from seginpaint_mm.datasets.street.looks import Look
from seginpaint_mm.datasets.street.people import LABELS as PERSON_LABELS
from seginpaint_mm.datasets.street.people import draw_person
from seginpaint_mm.datasets.street.placement import Placement, front_to_back
from seginpaint_mm.datasets.street.shadows import Sun
from seginpaint_mm.datasets.street.sight import SightLines
from seginpaint_mm.datasets.street.vehicles import LABELS as VEHICLE_LABELS
from seginpaint_mm.datasets.street.vehicles import Light, draw_vehicle

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
    """Lays the layers, given nearest first, over a copy of the base picture (H, W, 3)."""
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
