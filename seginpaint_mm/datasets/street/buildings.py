"""What lines the street: buildings with windows, hedges, walls, fences, and the far skyline."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.camera import FAR, NEAR, Camera
from seginpaint_mm.datasets.street.canvas import Backdrop, Colour
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.layout import Block, Street
from seginpaint_mm.datasets.street.looks import Look

_PLASTERS: tuple[Colour, ...] = (
    (188, 206, 216), (170, 198, 216), (150, 180, 204), (206, 212, 214), (178, 184, 186),
    (112, 150, 186), (92, 104, 158), (84, 92, 132), (140, 168, 178), (186, 190, 178),
    (132, 138, 144), (196, 190, 182), (120, 176, 208), (160, 170, 196),
)  # fmt: skip
_ROOFS: tuple[Colour, ...] = ((58, 66, 116), (70, 74, 84), (56, 60, 70), (70, 86, 132))
_SHOPS: tuple[Colour, ...] = (
    (60, 60, 170), (150, 92, 40), (70, 120, 60), (52, 52, 58), (60, 170, 206), (190, 186, 180),
)  # fmt: skip
_GLASS: tuple[Colour, ...] = ((82, 74, 66), (118, 106, 92), (58, 54, 50), (156, 146, 132))
_DEPTH = 16.0  # metres a building reaches back from the street


@dataclass(frozen=True)
class Wall:
    """A vertical wall over the world line (x0, z0)-(x1, z1), `length` metres long.

    `start` is the first metre that is in front of the camera.
    """

    camera: Camera
    x0: float
    z0: float
    x1: float
    z1: float
    length: float
    start: float

    def points(self, along: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Metres along and up, one shape (...) -> pixels (..., 2)."""
        share = along / self.length
        x = self.x0 + (self.x1 - self.x0) * share
        z = self.z0 + (self.z1 - self.z0) * share
        return self.camera.project_world(x, y, z)

    def rectangle(self, a0: float, a1: float, y0: float, y1: float) -> np.ndarray:
        """The pixels (4, 2) of a rectangle on the wall."""
        return self.points(np.array([a0, a1, a1, a0]), np.array([y0, y0, y1, y1]))

    def grid(self, lefts: np.ndarray, width: float, y0: float, y1: float) -> np.ndarray:
        """The pixels (n, 4, 2) of equal rectangles in a row."""
        along = lefts[:, None] + np.array([0.0, width, width, 0.0])
        return self.points(along, np.array([y0, y0, y1, y1])[None])


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, brighter or darker."""
    return tuple(min(255, int(channel * factor + 0.5)) for channel in colour)


def hazy(colour: Colour, look: Look, z: float) -> Colour:
    """The colour as seen through z metres of air."""
    share = z / (z + look.haze_distance)
    return tuple(
        int(channel + (haze - channel) * share + 0.5)
        for channel, haze in zip(colour, look.skyline, strict=True)
    )


def draw_skyline(backdrop: Backdrop, camera: Camera, look: Look, dice: Dice) -> None:
    """Far houses and trees along the horizon."""
    u = -0.05 * camera.width
    while u < camera.width * 1.05:
        step = camera.focal * dice.uniform(0.02, 0.07)
        green = dice.chance(0.5)
        height = dice.uniform(5.0, 16.0) * camera.focal / FAR
        colour = (74, 96, 78) if green else dice.pick(_PLASTERS)
        top = camera.horizon - height
        bottom = camera.horizon + 0.01 * camera.focal
        peak = top - (height * 0.25 if green else 0.0)
        outline = [(u, bottom), (u, top), (u + step / 2, peak), (u + step, top), (u + step, bottom)]
        label = labels.VEGETATION if green else labels.BUILDING
        backdrop.fill(np.array(outline), hazy(shade(colour, 0.8), look, FAR), label)
        u += step


def draw_frontage(backdrop: Backdrop, camera: Camera, street: Street, look: Look) -> None:
    """All blocks, the farthest first."""
    for block in sorted(street.blocks, key=lambda block: -block.z0):
        if block.z1 <= NEAR + 0.2:
            continue
        front = street.sides[0 if block.sign < 0 else 1].front
        draw = _DRAW[block.kind]
        draw(backdrop, camera, block, front, look, street.sun, Dice(block.key))


def _street_wall(camera: Camera, block: Block, front: float) -> Wall:
    s = block.sign * front
    length = block.z1 - block.z0
    start = max(0.0, NEAR - block.z0)
    x0, x1 = camera.world_x(s, block.z0), camera.world_x(s, block.z1)
    return Wall(camera, x0, block.z0, x1, block.z1, length, start)


def _end_wall(camera: Camera, block: Block, front: float) -> Wall | None:
    if block.z0 <= NEAR:
        return None
    s = block.sign * front
    x0 = camera.world_x(s, block.z0)
    return Wall(camera, x0, block.z0, x0 + block.sign * _DEPTH, block.z0, _DEPTH, 0.0)


def _light(look: Look, sunny: bool) -> float:
    return look.ambient + (1.0 - look.ambient) * (1.1 if sunny else 0.05)


def _draw_building(
    backdrop: Backdrop,
    camera: Camera,
    block: Block,
    front: float,
    look: Look,
    sun: int,
    dice: Dice,
) -> None:
    plaster, roof = dice.pick(_PLASTERS), dice.pick(_ROOFS)
    street_light = _light(look, sun == block.sign)
    end_light = 0.5 * (street_light + _light(look, True)) * 0.94
    wall = _street_wall(camera, block, front)
    _draw_roof(backdrop, camera, block, front, hazy(shade(roof, street_light), look, block.z0 + 5))
    end = _end_wall(camera, block, front)
    style = _plan_facade(dice, plaster)
    if end is not None:
        _draw_facade(backdrop, end, block, style, end_light, look, Dice(block.key, 1))
    _draw_facade(backdrop, wall, block, style, street_light, look, Dice(block.key, 2))


@dataclass(frozen=True)
class Facade:
    """What all walls of one building share, lengths in metres."""

    plaster: Colour
    trim: Colour
    ground_floor: float
    storey: float
    pitch: float
    window_width: float
    window_height: float
    shop: bool
    bands: bool


def _plan_facade(dice: Dice, plaster: Colour) -> Facade:
    pitch = dice.uniform(1.8, 3.6)
    return Facade(
        plaster=plaster,
        trim=shade(plaster, 1.22 if dice.chance(0.7) else 0.66),
        ground_floor=dice.uniform(3.2, 4.4),
        storey=dice.uniform(2.7, 3.5),
        pitch=pitch,
        window_width=pitch * dice.uniform(0.36, 0.72),
        window_height=dice.uniform(1.2, 1.9),
        shop=dice.chance(0.45),
        bands=dice.chance(0.5),
    )


def _draw_facade(
    backdrop: Backdrop,
    wall: Wall,
    block: Block,
    style: Facade,
    light: float,
    look: Look,
    dice: Dice,
) -> None:
    def tone(colour: Colour, factor: float = 1.0) -> Colour:
        return hazy(shade(colour, light * factor), look, max(block.z0, 0.0) + 4.0)

    outline = wall.rectangle(wall.start, wall.length, 0.0, block.height)
    backdrop.fill(outline, tone(style.plaster), labels.BUILDING)
    plinth = wall.rectangle(wall.start, wall.length, 0.0, 0.6)
    backdrop.paint(plinth[None], tone(style.plaster, 0.62))
    cornice = wall.rectangle(wall.start, wall.length, block.height - 0.35, block.height)
    backdrop.paint(cornice[None], tone(style.trim, 0.9))
    columns = _columns(wall, style)
    if len(columns):
        _draw_storeys(backdrop, wall, block, style, columns, tone, dice)
        if style.shop and block.height > style.ground_floor:
            _draw_shops(backdrop, wall, style, tone, dice)
        else:
            _draw_ground_floor(backdrop, wall, style, columns, tone, dice)


def _columns(wall: Wall, style: Facade) -> np.ndarray:
    count = int((wall.length - 0.8) / style.pitch)
    margin = (wall.length - count * style.pitch + style.pitch - style.window_width) / 2
    lefts = margin + style.pitch * np.arange(max(count, 0))
    return lefts[lefts > wall.start + 0.1]


def _draw_storeys(backdrop, wall, block, style, columns, tone, dice) -> None:
    y = style.ground_floor
    while y + style.window_height + 0.5 < block.height:
        if style.bands:
            band = wall.rectangle(wall.start, wall.length, y - 0.05, y + 0.15)
            backdrop.paint(band[None], tone(style.trim, 0.95))
        _draw_windows(backdrop, wall, style, columns, y + 0.6, tone, dice)
        y += style.storey


def _draw_windows(backdrop, wall, style, columns, sill, tone, dice) -> None:
    width, top = style.window_width, sill + style.window_height
    frames = wall.grid(columns - 0.12, width + 0.24, sill - 0.1, top + 0.12)
    backdrop.paint(frames, tone(style.trim))
    panes = wall.grid(columns, width, sill, top)
    lots = dice.uniforms(0.0, 1.0, len(columns))
    main, odd = dice.pick(_GLASS), dice.pick(_GLASS)
    backdrop.paint(panes, tone(main))
    if (lots < 0.3).any():
        backdrop.paint(panes[lots < 0.3], tone(odd))
    upper = wall.grid(columns, width, top - 0.3, top)
    backdrop.paint(upper, tone(main, 0.6))
    curtained = columns[lots > 0.72]
    if len(curtained):
        backdrop.paint(wall.grid(curtained, width * 0.45, sill, top), tone((196, 200, 202), 0.85))
    bars = wall.grid(columns + width / 2 - 0.04, 0.08, sill, top)
    backdrop.paint(bars, tone(style.trim))


def _draw_shops(backdrop, wall, style, tone, dice) -> None:
    sign = dice.pick(_SHOPS)
    top = style.ground_floor - 0.25
    band = wall.rectangle(wall.start, wall.length, top - 0.65, top)
    backdrop.paint(band[None], tone(sign))
    lefts = np.arange(0.5, wall.length - 3.2, 3.6)
    lefts = lefts[lefts > wall.start]
    if not len(lefts):
        return
    backdrop.paint(wall.grid(lefts, 3.1, 0.15, top - 0.75), tone(shade(sign, 0.5)))
    backdrop.paint(wall.grid(lefts + 0.12, 2.86, 0.5, top - 0.85), tone(dice.pick(_GLASS)))
    goods = wall.grid(lefts + 0.3, 1.1, 0.5, 1.5)
    backdrop.paint(goods, tone(dice.pick(_SHOPS), 0.7))


def _draw_ground_floor(backdrop, wall, style, columns, tone, dice) -> None:
    door = dice.integer(0, len(columns) - 1)
    others = np.delete(columns, door)
    if len(others):
        _draw_windows(backdrop, wall, style, others, 1.1, tone, dice)
    width = min(style.window_width, 1.5)
    frame = wall.grid(columns[door : door + 1] - 0.15, width + 0.3, 0.0, 2.75)
    leaf = wall.grid(columns[door : door + 1], width, 0.0, 2.55)
    backdrop.paint(frame, tone(style.trim))
    backdrop.paint(leaf, tone(dice.pick(((40, 52, 84), (54, 70, 50), (64, 60, 58), (90, 80, 60)))))


def _draw_roof(
    backdrop: Backdrop, camera: Camera, block: Block, front: float, colour: Colour
) -> None:
    z0, z1 = max(block.z0, NEAR), block.z1
    rise = 2.2 + (block.key % 7) * 0.35
    if block.key % 5 == 0:
        rise = 0.5
    eave, ridge = block.sign * (front - 0.3), block.sign * (front + 4.0)
    s = np.array([eave, eave, ridge, ridge])
    y = np.array([block.height, block.height, block.height + rise, block.height + rise])
    points = camera.project(s, y, np.array([z0, z1, z1, z0]))
    backdrop.fill(points, colour, labels.BUILDING)


def _draw_low(backdrop, camera, block, front, look, sun, dice, colour, label) -> None:
    lit = _light(look, sun == block.sign)
    wall = _street_wall(camera, block, front)
    end = _end_wall(camera, block, front)
    tone = hazy(shade(colour, lit), look, max(block.z0, 0.0) + 4.0)
    if end is not None:
        side = end.rectangle(0.0, 1.0, 0.0, block.height)
        backdrop.fill(side, shade(tone, 0.85), label)
    backdrop.fill(wall.rectangle(wall.start, wall.length, 0.0, block.height), tone, label)
    lip = wall.rectangle(wall.start, wall.length, block.height * 0.88, block.height)
    backdrop.paint(lip[None], shade(tone, 1.18))


def _draw_hedge(backdrop, camera, block, front, look, sun, dice) -> None:
    colour = (46, 84 + dice.integer(0, 30), 62)
    _draw_low(backdrop, camera, block, front, look, sun, dice, colour, labels.VEGETATION)


def _draw_wall(backdrop, camera, block, front, look, sun, dice) -> None:
    colour = dice.pick(((128, 140, 150), (84, 98, 142), (160, 166, 168)))
    _draw_low(backdrop, camera, block, front, look, sun, dice, colour, labels.WALL)


def _draw_fence(backdrop, camera, block, front, look, sun, dice) -> None:
    colour = dice.pick(((70, 92, 112), (92, 94, 92), (60, 84, 62)))
    _draw_low(backdrop, camera, block, front, look, sun, dice, colour, labels.FENCE)
    wall = _street_wall(camera, block, front)
    gaps = np.arange(wall.start + 0.2, wall.length - 0.2, 0.4)
    dark = hazy(shade(colour, 0.55), look, max(block.z0, 0.0) + 4.0)
    backdrop.paint(wall.grid(gaps, 0.12, 0.1, block.height * 0.86), dark)


def _draw_lawn(backdrop, camera, block, front, look, sun, dice) -> None:
    """Nothing stands here: the lawn that the ground already shows."""


_DRAW = {
    'building': _draw_building,
    'hedge': _draw_hedge,
    'wall': _draw_wall,
    'fence': _draw_fence,
    'lawn': _draw_lawn,
}
