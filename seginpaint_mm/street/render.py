"""Render a street with everything hidden in it, as a sensor records it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import cv2
import numpy as np

from seginpaint_mm.street import labels
from seginpaint_mm.street.bodies import SHAPES
from seginpaint_mm.street.frontage import draw_frontage, draw_skyline
from seginpaint_mm.street.ground import (
    draw_clouds,
    draw_ground,
    draw_markings,
    draw_repairs,
    ground_texture,
    start_backdrop,
)
from seginpaint_mm.street.layers import (
    Layer,
    Shadow,
    Sun,
    compose,
    compose_labels,
    draw_layers,
    round_footprint,
    shadow_map,
    visible_parts,
)
from seginpaint_mm.street.layout import Street, plan_camera, plan_furniture, plan_street
from seginpaint_mm.street.looks import LOOKS, Look
from seginpaint_mm.street.placement import Camera, SeededDice
from seginpaint_mm.street.traffic import plan_traffic
from seginpaint_mm.street.vehicles import vehicle_footprint


@dataclass(frozen=True)
class StreetObject:
    """One vehicle, person, rider or bicycle.

    Attributes:
        label: Cityscapes label id.
        instance_id: label * 1000 + number, as in the scene's `instance_ids`.
        full_mask: bool (H, W), all of it inside the image, also where hidden.
        visible_mask: bool (H, W), what can be seen of it.
        bbox: (left, top, right, bottom) of the full mask, right and bottom exclusive.
        rgba: uint8 (bottom - top, right - left, 4), its whole appearance in the bbox: B, G, R and
            coverage 0..255 (128 and more is in the full mask).
    """

    label: int
    instance_id: int
    full_mask: np.ndarray
    visible_mask: np.ndarray
    bbox: tuple[int, int, int, int]
    rgba: np.ndarray


@dataclass(frozen=True)
class StreetScene:
    """A rendered street.

    Attributes:
        image: uint8 (H, W, 3), B, G, R.
        background_image: uint8 (H, W, 3), the same street without objects and their shadows.
        label_ids: uint8 (H, W), Cityscapes ids of what is visible.
        background_label_ids: uint8 (H, W), Cityscapes ids of the street without objects.
        instance_ids: uint16 (H, W), label id * 1000 + number for objects, the label id elsewhere.
        lift_objects: Draws every object alone; ask `objects`.
    """

    image: np.ndarray
    background_image: np.ndarray
    label_ids: np.ndarray
    background_label_ids: np.ndarray
    instance_ids: np.ndarray
    lift_objects: Callable[[], tuple[StreetObject, ...]]

    @cached_property
    def objects(self) -> tuple[StreetObject, ...]:
        """Depth order, 0 = front: none is hidden by one that comes later.

        Drawn when first asked for: who only needs the maps does not wait for them.
        """
        return self.lift_objects()


class Sensor:
    """One camera with its settings for one image."""

    def __init__(self, dice: SeededDice, look: Look, height: int, width: int):
        gain, contrast = dice.uniform(*look.gain), dice.uniform(*look.contrast)
        warmth = dice.uniform(*look.warmth)
        self._curve = _curve(gain, contrast, (1.0 - warmth, 1.0, 1.0 + warmth))
        self._falloff = _falloff(dice.uniform(*look.vignette), height, width)
        amplitude = dice.uniform(*look.noise)
        self._noise = cv2.LUT(dice.bytes(height, width, 3), _noise_table(amplitude))

    def expose(self, picture: np.ndarray, top: int = 0, left: int = 0) -> np.ndarray:
        """uint8 (h, w, 3) of the place from (top, left) on -> what the camera records of it."""
        height, width = picture.shape[:2]
        place = slice(top, top + height), slice(left, left + width)
        light = cv2.LUT(picture, self._curve).astype(np.uint16)
        light *= self._falloff[place]
        light >>= 8
        recorded = light.view(np.int16)
        recorded += self._noise[place]
        return np.clip(recorded, 0, 255).astype(np.uint8)


def _curve(gain: float, contrast: float, balance: tuple[float, float, float]) -> np.ndarray:
    """uint8 (256, 1, 3): the response of each channel."""
    level = np.arange(256.0)[:, None] * gain * np.array(balance)
    level = (level - 118.0) * contrast + 118.0
    return np.floor(np.clip(level, 0.0, 255.0) + 0.5).astype(np.uint8)[:, None]


def _falloff(strength: float, height: int, width: int) -> np.ndarray:
    """uint16 (H, W, 3), 256 in the middle, darker in the corners."""
    y = (np.arange(height) + 0.5) / height * 2.0 - 1.0
    x = (np.arange(width) + 0.5) / width * 2.0 - 1.0
    radius = (y * y)[:, None] + (x * x)[None]
    falloff = np.floor(256.0 - 128.0 * strength * radius).astype(np.uint16)
    return cv2.merge([falloff, falloff, falloff])


def _noise_table(amplitude: float) -> np.ndarray:
    """int16 (256,): a random byte -> bell-shaped noise that is below the amplitude in 5 of 6."""
    share = (np.arange(256.0) + 0.5) / 128.0 - 1.0
    bell = share * (0.62 + 0.9 * share * share * share * share) / 0.66
    return np.floor(bell * amplitude * 1.45 + 0.5).astype(np.int16)


# Counts up whenever the bytes of a scene change, so that no data set mixes scenes of two versions.
RENDERER_VERSION = 2
MIN_SIDE = 32
_GROUND_COLOURS = {
    labels.ROAD: ((96, 94, 92), (78, 76, 74), (112, 112, 110), (104, 110, 114)),
    labels.SIDEWALK: ((132, 140, 146), (120, 122, 124), (118, 130, 150), (146, 150, 152)),
    labels.TERRAIN: ((62, 116, 92), (70, 122, 108), (78, 108, 116)),
}
_GROUND = np.isin(np.arange(256), list(_GROUND_COLOURS))


def render_street(
    index: int, *, seed: int = 0, look: str = 'day', size: tuple[int, int] = (256, 512)
) -> StreetScene:
    """Renders one street; equal arguments give equal bytes on every machine.

    Args:
        index: Number of the scene, >= 0.
        seed: Number of the family of scenes, >= 0.
        look: One of LOOKS: 'day' or 'overcast'.
        size: (height, width) in pixels, each at least MIN_SIDE.

    Raises:
        ValueError: An argument is out of its range.
    """
    check_scene(index, seed, look, size)
    style = LOOKS[look]
    key = (seed, index, style.key)
    dice = SeededDice(*key, 0)
    street = plan_street(dice)
    camera = plan_camera(dice, style, street, size)
    sun = Sun(dice, street, style)
    furniture = plan_furniture(SeededDice(*key, 1), street)
    traffic = plan_traffic(SeededDice(*key, 2), street, camera)
    layers = draw_layers([*traffic, *furniture], street, camera, style, sun)
    backdrop, backdrop_labels = _draw_backdrop(street, camera, style, SeededDice(*key, 3))
    sensor = Sensor(SeededDice(*key, 4), style, *size)
    return _assemble(layers, backdrop, backdrop_labels, camera, sun, sensor)


def check_scene(index: int, seed: int, look: str, size: tuple[int, int]) -> None:
    """Checks the arguments of `render_street`.

    Raises:
        ValueError: One is out of its range.
    """
    if index < 0 or seed < 0:
        raise ValueError(f'index and seed must not be negative, but are {index} and {seed}.')
    if look not in LOOKS:
        raise ValueError(f'look is {look!r}, but must be one of {", ".join(LOOKS)}.')
    if len(size) != 2 or min(size) < MIN_SIDE:
        raise ValueError(f'size is {size}, but must be (height, width), each {MIN_SIDE} or more.')


def _draw_backdrop(
    street: Street, camera: Camera, look: Look, dice: SeededDice
) -> tuple[np.ndarray, np.ndarray]:
    """(colours (H, W, 3), label ids (H, W)) of sky, ground and frontage, without any shadow."""
    colours = {label: dice.pick(options) for label, options in _GROUND_COLOURS.items()}
    backdrop = start_backdrop(camera, look, colours[labels.TERRAIN])
    draw_skyline(backdrop, camera, look, dice)
    draw_ground(backdrop, camera, street, colours)
    draw_repairs(backdrop, camera, street, colours[labels.ROAD], dice)
    draw_markings(backdrop, camera, street, dice)
    draw_frontage(backdrop, camera, street, look)
    colour, label_ids = backdrop.finish()
    draw_clouds(colour, label_ids, look, dice)
    top = _first_ground_row(camera)
    texture = ground_texture(camera, label_ids, street.paving, top, dice.integer(0, 4095))
    colour[top:] = np.clip(colour[top:] + texture[:, :, None], 0, 255)
    return colour, label_ids


def _first_ground_row(camera: Camera) -> int:
    return min(int(camera.horizon) + 2, camera.height)


def _assemble(
    layers: list[Layer],
    backdrop: np.ndarray,
    backdrop_labels: np.ndarray,
    camera: Camera,
    sun: Sun,
    sensor: Sensor,
) -> StreetScene:
    standing = [layer for layer in layers if not layer.is_object]
    lasting = sun.buildings(camera) + _shadows(standing, camera, sun)
    passing = _shadows([layer for layer in layers if layer.is_object], camera, sun)
    ground = _GROUND[backdrop_labels]
    shadows = shadow_map(camera, lasting)
    lit = _shade(backdrop, ground, shadows)
    lit_with_objects = _shade(backdrop, ground, np.minimum(shadows, shadow_map(camera, passing)))
    background_label_ids = compose_labels(backdrop_labels, standing)
    parts = visible_parts(layers, camera.height, camera.width)
    numbered = _number(layers)
    instance_ids = background_label_ids.astype(np.uint16)
    for layer, part, instance_id in zip(layers, parts, numbered, strict=True):
        if layer.is_object:
            instance_ids[layer.drawing.box.slices][part] = instance_id
    return StreetScene(
        image=sensor.expose(compose(lit_with_objects, layers)),
        background_image=sensor.expose(compose(lit, standing)),
        label_ids=compose_labels(backdrop_labels, layers),
        background_label_ids=background_label_ids,
        instance_ids=instance_ids,
        lift_objects=partial(_lift_objects, layers, parts, numbered, camera, sensor),
    )


def _shadows(layers: list[Layer], camera: Camera, sun: Sun) -> list[Shadow]:
    footprints = []
    for layer in layers:
        if layer.thing.kind in SHAPES:
            footprints.append((layer.thing, vehicle_footprint(layer.thing, camera, 0.05)))
        else:
            footprints.append((layer.thing, round_footprint(layer.thing, camera)))
    return sun.of_things(footprints)


def _shade(picture: np.ndarray, ground: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """The image (H, W, 3), its ground (H, W) darkened; brightness uint8 (H, W), 255 = not."""
    lit = picture.copy()
    rows = np.flatnonzero(ground.any(axis=1))
    if len(rows):
        below = slice(rows[0], None)
        factor = np.where(ground[below], brightness[below], np.uint8(255))
        darkened = cv2.merge([factor, factor, factor]).astype(np.uint16)
        darkened += 1
        darkened *= picture[below]
        darkened >>= 8
        lit[below] = darkened
    return lit


def _number(layers: list[Layer]) -> list[int]:
    """label * 1000 + a number counted for each label, nearest first; 0 for what is no object."""
    counts: dict[int, int] = {}
    numbers = []
    for layer in layers:
        count = counts.get(layer.label, 0)
        counts[layer.label] = count + 1
        numbers.append(layer.label * 1000 + count if layer.is_object else 0)
    return numbers


def _lift_objects(
    layers: list[Layer],
    parts: list[np.ndarray],
    numbers: list[int],
    camera: Camera,
    sensor: Sensor,
) -> tuple[StreetObject, ...]:
    return tuple(
        _lift(layer, part, instance_id, camera, sensor)
        for layer, part, instance_id in zip(layers, parts, numbers, strict=True)
        if layer.is_object
    )


def _lift(
    layer: Layer, part: np.ndarray, instance_id: int, camera: Camera, sensor: Sensor
) -> StreetObject:
    """The object of a layer, `part` being what can be seen of its solid pixels."""
    full = np.zeros((camera.height, camera.width), bool)
    visible = np.zeros_like(full)
    full[layer.drawing.box.slices] = layer.drawing.solid
    visible[layer.drawing.box.slices] = part
    x, y, width, height = cv2.boundingRect(layer.drawing.solid.view(np.uint8))
    inner = slice(y, y + height), slice(x, x + width)
    left, top = layer.drawing.box.left + x, layer.drawing.box.top + y
    colour, coverage = layer.drawing.colour[inner], layer.drawing.coverage[inner]
    return StreetObject(
        label=layer.label,
        instance_id=instance_id,
        full_mask=full,
        visible_mask=visible,
        bbox=(left, top, left + width, top + height),
        rgba=_appearance(colour, coverage, top, left, sensor),
    )


def _appearance(
    colour: np.ndarray, coverage: np.ndarray, top: int, left: int, sensor: Sensor
) -> np.ndarray:
    """Colour times coverage (h, w, 3), coverage (h, w) -> exposed B, G, R, coverage (h, w, 4)."""
    partial = np.nonzero((coverage > 0) & (coverage < 255))
    pure = colour.copy()
    pure[partial] = np.minimum(colour[partial].astype(int) * 255 // coverage[partial][:, None], 255)
    return cv2.merge([*cv2.split(sensor.expose(pure, top, left)), coverage])
