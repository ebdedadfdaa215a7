"""Sky, ground, pavements, side streets and road markings."""

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.camera import FAR, NEAR, Camera
from seginpaint_mm.datasets.street.canvas import SCALE, Backdrop
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.layout import Side, Street
from seginpaint_mm.datasets.street.looks import Colour, Look

CURB_HEIGHT = 0.13
_REACH = 70.0  # metres that side streets and lawns reach sideways
_GRASS: Colour = (62, 118, 96)
_CURB: Colour = (158, 164, 166)
_PAINT: Colour = (214, 220, 222)


def draw_sky(backdrop: Backdrop, camera: Camera, look: Look) -> None:
    """Fills everything with the sky's gradient, from the zenith to the horizon."""
    rows = camera.height * SCALE
    share = np.clip((np.arange(rows) + 0.5) / (camera.horizon * SCALE), 0.0, 1.0)[:, None]
    colours = np.array(look.zenith) * (1.0 - share) + np.array(look.skyline) * share
    backdrop.fill_rows(np.floor(colours + 0.5).astype(np.uint8), labels.SKY)


def draw_ground(
    backdrop: Backdrop, camera: Camera, street: Street, colours: dict[int, Colour]
) -> None:
    """Lawn, pavements, verges, curbs, road and side streets, all of them flat but for the curbs.

    Args:
        backdrop: The surface to draw on.
        camera: The view.
        street: The plan.
        colours: Colour of each ground label id (road, sidewalk, terrain).
    """
    depths = ground_depths()
    _strip(backdrop, camera, depths, -_REACH, _REACH, colours[labels.TERRAIN], labels.TERRAIN)
    for side in street.sides:
        _draw_side(backdrop, camera, depths, side, colours)
    half = street.half_width
    _strip(backdrop, camera, depths, -half, half, colours[labels.ROAD], labels.ROAD)
    for z0, z1 in street.crossings:
        _draw_crossing(backdrop, camera, street, z0, z1, colours)
    for side in street.sides:
        if side.pavement:
            _draw_curbs(backdrop, camera, street, side)


def ground_depths() -> np.ndarray:
    """Depths at which long strips are sampled, closer together near the camera."""
    return NEAR + (FAR - NEAR) * (np.arange(25) / 24.0) * (np.arange(25) / 24.0)


def draw_markings(backdrop: Backdrop, camera: Camera, street: Street, dice: Dice) -> None:
    """Lane marks, edge lines, parking lines, the crosswalk and stop lines."""
    half = street.half_width
    paint = _PAINT if dice.chance(0.8) else (150, 158, 160)
    if half > 3.6 and dice.chance(0.85):
        _dashes(backdrop, camera, street, 0.0, paint, solid=dice.chance(0.25))
    if half > 6.2 and dice.chance(0.7):
        for lane in (-half / 2, half / 2):
            _dashes(backdrop, camera, street, lane, paint, solid=False)
    for side in street.sides:
        if side.parking in ('lane', 'bays') and dice.chance(0.5):
            inset = 2.1 if side.parking == 'lane' else 4.6
            _dashes(backdrop, camera, street, side.sign * (half - inset), paint, solid=True)
        elif dice.chance(0.3):
            _dashes(backdrop, camera, street, side.sign * (half - 0.35), paint, solid=True)
    if street.zebra is not None and street.zebra > 4.0:
        _draw_zebra(backdrop, camera, street, street.zebra, paint)


def _strip(
    backdrop: Backdrop,
    camera: Camera,
    depths: np.ndarray,
    s0: float,
    s1: float,
    colour: Colour,
    label: int,
    height: float = 0.0,
) -> None:
    left = camera.project(s0, height, depths)
    right = camera.project(s1, height, depths)
    backdrop.fill(np.concatenate([left, right[::-1]]), colour, label)


def _draw_side(
    backdrop: Backdrop,
    camera: Camera,
    depths: np.ndarray,
    side: Side,
    colours: dict[int, Colour],
) -> None:
    start = side.edge + side.verge
    if side.verge:
        edges = (side.sign * side.edge, side.sign * start)
        _strip(backdrop, camera, depths, *edges, colours[labels.TERRAIN], labels.TERRAIN)
    if side.pavement:
        edges = (side.sign * start, side.sign * (start + side.pavement))
        _strip(backdrop, camera, depths, *edges, colours[labels.SIDEWALK], labels.SIDEWALK)


def _draw_crossing(
    backdrop: Backdrop,
    camera: Camera,
    street: Street,
    z0: float,
    z1: float,
    colours: dict[int, Colour],
) -> None:
    for side in street.sides:
        if side.pavement:
            walk = colours[labels.SIDEWALK]
            ends = side.sign * side.edge, side.sign * _REACH
            depths = np.array([max(z0 - side.pavement, NEAR), z1 + side.pavement])
            _strip(backdrop, camera, depths, *ends, walk, labels.SIDEWALK)
    depths = np.array([z0, z1])
    _strip(backdrop, camera, depths, -_REACH, _REACH, colours[labels.ROAD], labels.ROAD)


def _draw_curbs(backdrop: Backdrop, camera: Camera, street: Street, side: Side) -> None:
    """The curb's vertical face and its top, between the side streets; both belong to the pavement."""
    edge = side.sign * side.edge
    top = side.sign * (side.edge + 0.18)
    starts = [NEAR, *(z1 for _, z1 in street.crossings)]
    ends = [*(z0 for z0, _ in street.crossings), FAR]
    for start, end in zip(starts, ends, strict=True):
        if end <= start:
            continue
        z = start + (end - start) * (np.arange(13) / 12.0) * (np.arange(13) / 12.0)
        foot, head = camera.project(edge, 0.0, z), camera.project(edge, CURB_HEIGHT, z)
        back = camera.project(top, CURB_HEIGHT, z)
        face = tuple(channel * 3 // 5 for channel in _CURB)
        backdrop.fill(np.concatenate([foot, head[::-1]]), face, labels.SIDEWALK)
        backdrop.fill(np.concatenate([head, back[::-1]]), _CURB, labels.SIDEWALK)


def _dashes(
    backdrop: Backdrop, camera: Camera, street: Street, s: float, paint: Colour, *, solid: bool
) -> None:
    length, pitch = (3.0, 3.0) if solid else (3.0, 7.0)
    starts = NEAR + pitch * np.arange(int(90.0 / pitch))
    clear = [not street.in_crossing(float(z) + length / 2, length / 2) for z in starts]
    starts = starts[np.array(clear)]
    if not len(starts):
        return
    z = np.stack([starts, starts + length, starts + length, starts], axis=1)
    across = s + np.array([-0.07, -0.07, 0.07, 0.07])
    backdrop.paint(camera.project(across[None], 0.0, z), paint)


def _draw_zebra(
    backdrop: Backdrop, camera: Camera, street: Street, z: float, paint: Colour
) -> None:
    bars = np.arange(-street.half_width + 0.4, street.half_width - 0.6, 1.0)
    across = bars[:, None] + np.array([0.0, 0.0, 0.5, 0.5])
    along = np.array([z, z + 3.2, z + 3.2, z])[None]
    backdrop.paint(camera.project(across, 0.0, along), paint)
