"""Draw the ground with its texture, and the sky."""

from functools import cache, lru_cache

import cv2
import numpy as np

from seginpaint_mm.street import labels
from seginpaint_mm.street.canvas import SCALE, UNIT_CIRCLE, Backdrop, fixed_point
from seginpaint_mm.street.layout import Side, Street
from seginpaint_mm.street.looks import Colour, Look, shade
from seginpaint_mm.street.placement import FAR, NEAR, Camera, Dice, SeededDice

_HEIGHT, _WIDTH = 128, 512  # texels; both directions repeat


def draw_clouds(colour: np.ndarray, label_ids: np.ndarray, look: Look, dice: Dice) -> None:
    """Mixes clouds into the sky of an image (H, W, 3) uint8, in place; label_ids is (H, W)."""
    cover = int(dice.uniform(0.0, 1.0) * look.cloudiness)
    shift_y, shift_x = dice.integer(0, _HEIGHT - 1), dice.integer(0, _WIDTH - 1)
    sky = label_ids == labels.SKY
    rows = np.flatnonzero(sky.any(axis=1))
    if not len(rows):
        return
    height, width = label_ids.shape
    row = (np.arange(rows[-1] + 1) * (2 * _HEIGHT) // height + shift_y) % _HEIGHT
    column = (np.arange(width) * _WIDTH // width + shift_x) % _WIDTH
    above = slice(0, rows[-1] + 1)
    share = (_noise() * cover >> 9).astype(np.int16)[row[:, None], column]
    share *= sky[above]
    mixed = np.subtract(np.array(look.cloud, np.int16), colour[above], dtype=np.int16)
    mixed *= cv2.merge([share, share, share])
    mixed >>= 7
    colour[above] += mixed.astype(np.uint8)  # modulo 256, as a negative change needs


@cache
def _noise() -> np.ndarray:
    """int32 (128, 512), 0..256: where clouds are and how dense."""
    dice = SeededDice(4)
    total = np.zeros((_HEIGHT, _WIDTH), np.int32)
    for size, weight in ((32, 8), (16, 5), (8, 3), (4, 2)):
        spots = dice.bytes(_HEIGHT * 2 // size, _WIDTH // size).astype(np.int32)
        total += weight * _smooth(np.kron(spots, np.ones((size // 2, size), np.int32)), size)
    return np.clip((total // 18 - 118) * 6, 0, 256).astype(np.int32)


def _smooth(noise: np.ndarray, size: int) -> np.ndarray:
    """Box blur, twice, over size // 2 rows and size columns; it wraps around."""
    for _ in range(2):
        for axis, length in ((0, size // 2), (1, size)):
            noise = sum(np.roll(noise, step, axis) for step in range(length)) // length
    return noise


_SIDE = 256  # texels in a tile
_TEXEL = 0.04  # metres
_PATCH_SIDE = 128
_PATCH_TEXEL = 0.5
_ASPHALT, _COBBLES, _SLABS, _GRASS = range(4)


def ground_texture(
    camera: Camera, label_ids: np.ndarray, paving: str, top: int, shift: int
) -> np.ndarray:
    """Brightness to add to each ground pixel.

    Args:
        camera: The view.
        label_ids: uint8 (H, W).
        paving: 'asphalt' or 'cobbles', the road's surface.
        top: First row to compute; it lies below the horizon.
        shift: Moves the pattern, any non-negative integer.

    Returns:
        int16 (H - top, W); 0 where the label is not a ground label.
    """
    depth = camera.focal * camera.elevation / (np.arange(top, camera.height) + 0.5 - camera.horizon)
    tiles = np.full(256, 4, np.int32)
    tiles[labels.ROAD] = _COBBLES if paving == 'cobbles' else _ASPHALT
    tiles[labels.SIDEWALK] = _SLABS
    tiles[labels.TERRAIN] = _GRASS
    tile = tiles[label_ids[top:]]
    fine = _gather(_tiles(), tile, camera, depth, _TEXEL, _SIDE, shift)
    fine = fine * _fade(depth, 9.0) >> 8
    coarse = _gather(_patches(), tile, camera, depth, _PATCH_TEXEL, _PATCH_SIDE, shift)
    return (fine + (coarse * _fade(depth, 60.0) >> 8)).astype(np.int16)


def _fade(depth: np.ndarray, half: float) -> np.ndarray:
    """int32 (rows, 1), 256 near the camera, 128 at `half` metres."""
    return (256.0 / (1.0 + (depth / half) * (depth / half))).astype(np.int32)[:, None]


def _gather(
    texture: np.ndarray,
    tile: np.ndarray,
    camera: Camera,
    depth: np.ndarray,
    texel: float,
    side: int,
    shift: int,
) -> np.ndarray:
    """Looks up each ground pixel's texel; texture int32 (tiles, side, side)."""
    step = depth / camera.focal / texel
    start = (0.5 - camera.centre) * step + (camera.offset - camera.bend * depth * depth) / texel
    start = np.floor((start + shift) * 65536.0).astype(np.int64).astype(np.int32)
    step = np.floor(step * 65536.0).astype(np.int32)
    columns = start[:, None] + step[:, None] * np.arange(camera.width, dtype=np.int32)
    columns = (columns >> 16) & (side - 1)
    rows = (np.floor(depth / texel).astype(np.int32) + shift) & (side - 1)
    return np.take(texture.reshape(-1), (tile * side + rows[:, None]) * side + columns)


@lru_cache(maxsize=1)
def _tiles() -> np.ndarray:
    """int32 (5, 256, 256): asphalt, cobbles, slabs, grass, nothing."""
    dice = SeededDice(1)
    grain = (dice.bytes(4, _SIDE, _SIDE).astype(np.int32) - 128) // 6
    y, x = np.mgrid[0:_SIDE, 0:_SIDE]
    shifted = x + (y // 4 % 2) * 2
    stones = (shifted // 4) * 64 + y // 4
    cobbles = (_hash(stones) - 128) // 8 + grain[1] // 2
    cobbles[(shifted % 4 == 0) | (y % 4 == 0)] -= 34
    slabs = (_hash((x // 16) * 97 + y // 16) - 128) // 14 + grain[2] // 3
    slabs[(x % 16 == 0) | (y % 16 == 0)] -= 30
    return np.stack([grain[0], cobbles, slabs, grain[3] * 2, np.zeros_like(slabs)]).astype(np.int32)


@lru_cache(maxsize=1)
def _patches() -> np.ndarray:
    """int32 (5, 128, 128): large stains for each kind of ground."""
    dice = SeededDice(2)
    noise = sum(
        np.kron(
            dice.bytes(4, 128 // size, 128 // size).astype(np.int32) - 128,
            np.ones((1, size, size), np.int32),
        )
        for size in (1, 2, 4, 8)
    )
    noise = (noise + np.roll(noise, 1, axis=1) + np.roll(noise, 1, axis=2)) // 3
    scale = np.array([26, 30, 30, 18])[:, None, None]
    return np.concatenate([noise // scale, np.zeros_like(noise[:1])]).astype(np.int32)


def _hash(numbers: np.ndarray) -> np.ndarray:
    """0..255 for each integer."""
    return (numbers * 40503 + (numbers * 40503 >> 7)) & 255


CURB_HEIGHT = 0.13
_REACH = 70.0  # metres that side streets and lawns reach sideways
_CURB: Colour = (158, 164, 166)
_PAINT: Colour = (214, 220, 222)


def start_backdrop(camera: Camera, look: Look, lawn: Colour) -> Backdrop:
    """The sky's gradient down to the horizon, and lawn below."""
    rows = np.arange(camera.height * SCALE) + 0.5
    share = np.minimum(rows / (camera.horizon * SCALE), 1.0)[:, None]
    colours = np.array(look.zenith) * (1.0 - share) + np.array(look.skyline) * share
    above = rows < camera.horizon * SCALE
    colours[~above] = lawn
    row_labels = np.where(above, np.uint8(labels.SKY), np.uint8(labels.TERRAIN))
    return Backdrop(np.floor(colours + 0.5).astype(np.uint8), row_labels, camera.width)


def draw_ground(
    backdrop: Backdrop, camera: Camera, street: Street, colours: dict[int, Colour]
) -> None:
    """Pavements, verges, curbs, road and side streets, all of them flat but for the curbs.

    Args:
        backdrop: The surface to draw on.
        camera: The view.
        street: The plan.
        colours: Colour of each ground label id (road, sidewalk, terrain).
    """
    depths = ground_depths()
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


def draw_repairs(
    backdrop: Backdrop, camera: Camera, street: Street, asphalt: Colour, dice: Dice
) -> None:
    """Patches of other asphalt, and manhole covers."""
    for _ in range(dice.integer(0, 5)):
        s, z = dice.uniform(-street.half_width, street.half_width - 1.0), dice.uniform(4.0, 40.0)
        length, width = dice.uniform(1.0, 9.0), dice.uniform(0.5, 2.2)
        right = min(s + width, street.half_width)
        colour = shade(asphalt, dice.uniform(0.8, 1.12))
        depths = np.array([z, z, z + length, z + length])
        corners = camera.project(np.array([s, right, right, s]), 0.0, depths)
        backdrop.paint(fixed_point(corners)[None], colour)
    for _ in range(dice.integer(0, 4)):
        s = dice.uniform(0.4 - street.half_width, street.half_width - 0.4)
        z = dice.uniform(4.0, 30.0)
        for radius, tone in ((0.36, 0.6), (0.31, 0.8)):
            circle = UNIT_CIRCLE * radius
            cover = camera.project(circle[:, 0] + s, 0.0, circle[:, 1] + z)
            backdrop.paint(fixed_point(cover)[None], shade(asphalt, tone))


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
) -> None:
    left = camera.project(s0, 0.0, depths)
    right = camera.project(s1, 0.0, depths)
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
    """The curb's face and its top, between the side streets; both belong to the pavement."""
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
    backdrop.paint(fixed_point(camera.project(across[None], 0.0, z)), paint)


def _draw_zebra(
    backdrop: Backdrop, camera: Camera, street: Street, z: float, paint: Colour
) -> None:
    bars = np.arange(-street.half_width + 0.4, street.half_width - 0.6, 1.0)
    across = bars[:, None] + np.array([0.0, 0.0, 0.5, 0.5])
    along = np.array([z, z + 3.2, z + 3.2, z])[None]
    backdrop.paint(fixed_point(camera.project(across, 0.0, along)), paint)
