"""The sides of the street: buildings, hedges, walls, fences, and the far skyline."""

import numpy as np

from seginpaint_mm.street import labels
from seginpaint_mm.street.canvas import Backdrop
from seginpaint_mm.street.facade import Wall, WallPainter, paint_facade, plan_facade
from seginpaint_mm.street.layout import Block, Street
from seginpaint_mm.street.looks import Colour, Look, shade, shade_through_air
from seginpaint_mm.street.placement import FAR, NEAR, Camera, SeededDice

_ROOFS: tuple[Colour, ...] = ((58, 66, 116), (70, 74, 84), (56, 60, 70), (70, 86, 132))
_FAR_WALLS: tuple[Colour, ...] = ((170, 190, 206), (150, 156, 160), (120, 140, 170))
_HEDGES: tuple[Colour, ...] = ((46, 86, 62), (42, 100, 70), (58, 96, 84))
_WALLS: tuple[Colour, ...] = ((128, 140, 150), (84, 98, 142), (160, 166, 168))
_FENCES: tuple[Colour, ...] = ((70, 92, 112), (92, 94, 92), (60, 84, 62))
_DEPTH = 11.0  # metres a building reaches back from the street


def draw_skyline(backdrop: Backdrop, camera: Camera, look: Look, dice: SeededDice) -> None:
    """Far houses and trees along the horizon."""
    u = -0.05 * camera.width
    while u < camera.width * 1.05:
        step = camera.focal * dice.uniform(0.02, 0.07)
        green = dice.chance(0.5)
        top = camera.horizon - dice.uniform(5.0, 16.0) * camera.focal / FAR
        bottom = camera.horizon + camera.focal * camera.elevation / FAR
        peak = top - (0.008 * camera.focal if green else 0.0)
        outline = [(u, bottom), (u, top), (u + step / 2, peak), (u + step, top), (u + step, bottom)]
        colour = (74, 96, 78) if green else dice.pick(_FAR_WALLS)
        label = labels.VEGETATION if green else labels.BUILDING
        backdrop.fill(np.array(outline), shade_through_air([colour], 0.8, look, FAR)[0], label)
        u += step


def draw_frontage(backdrop: Backdrop, camera: Camera, street: Street, look: Look) -> None:
    """All blocks, the farthest first."""
    for block in sorted(street.blocks, key=lambda block: -block.z0):
        if block.z1 <= NEAR + 0.2 or block.kind == 'lawn':
            continue
        front = street.sides[0 if block.sign < 0 else 1].front
        sunny = street.sun == block.sign
        light = look.ambient + (1.0 - look.ambient) * (1.1 if sunny else 0.05)
        wall = _street_wall(camera, block, front, light)
        if wall.start >= wall.length:
            continue
        if block.kind == 'building':
            _draw_building(backdrop, block, front, wall, look)
        else:
            _draw_low(backdrop, block, wall, look)


def _street_wall(camera: Camera, block: Block, front: float, light: float) -> Wall:
    s = block.sign * front
    x0, x1 = camera.world_x(s, block.z0), camera.world_x(s, block.z1)
    length = block.z1 - block.z0
    near = max(0.0, NEAR - block.z0)
    start = max(near, _entry(camera, block, x0, x1) * length)
    return Wall(camera, x0, block.z0, x1, block.z1, length, near, start, light)


def _entry(camera: Camera, block: Block, x0: float, x1: float) -> float:
    """Share of a street's wall after which it is inside the image's left or right edge."""
    edge = 0.0 if block.sign < 0 else float(camera.width)
    slope = (edge - camera.centre) / camera.focal
    across = (x1 - x0) - slope * (block.z1 - block.z0)
    return (slope * block.z0 - x0) / across if across * block.sign < 0 else 0.0


def _end_wall(wall: Wall, sign: int, length: float, light: float) -> Wall:
    """The wall that faces the camera, from the near end of the street's wall outwards."""
    x1 = wall.x0 + sign * length
    return Wall(wall.camera, wall.x0, wall.z0, x1, wall.z0, length, 0.0, 0.0, light)


def _draw_building(backdrop: Backdrop, block: Block, front: float, wall: Wall, look: Look) -> None:
    dice = SeededDice(block.key)
    style = plan_facade(dice, block.height)
    rise = dice.uniform(1.8, 4.2) if dice.chance(0.7) else 0.3
    roof = shade_through_air([dice.pick(_ROOFS)], wall.light, look, max(block.z0, 0.0) + 5.0)
    _draw_roof(backdrop, wall, block, front, rise, roof[0])
    if block.z0 > NEAR and block.end_shows:
        end = _end_wall(wall, block.sign, _DEPTH, 0.9 * look.ambient + 0.12)
        painter = WallPainter(end, look)
        gable = end.points(
            np.array([0.0, _DEPTH, _DEPTH, _DEPTH / 2, 0.0]),
            np.array([0.0, 0.0, block.height, block.height + rise, block.height]),
        )
        painter.fill(backdrop, gable, style.plaster, labels.BUILDING)
        if dice.chance(0.7):
            paint_facade(painter, style, dice)
            painter.draw(backdrop)
    painter = WallPainter(wall, look)
    painter.fill(backdrop, wall.outline(block.height), style.plaster, labels.BUILDING)
    paint_facade(painter, style, dice)
    painter.draw(backdrop)


def _draw_roof(
    backdrop: Backdrop, wall: Wall, block: Block, front: float, rise: float, colour: Colour
) -> None:
    """The slope of the roof that faces the street."""
    z0, z1 = max(block.z0, NEAR), block.z1
    eave, ridge = block.sign * (front - 0.3), block.sign * (front + _DEPTH / 2)
    s = np.array([eave, eave, ridge, ridge])
    y = block.height + np.array([0.0, 0.0, rise, rise])
    points = wall.camera.project(s, y, np.array([z0, z1, z1, z0]))
    backdrop.fill(points, colour, labels.BUILDING)


def _draw_low(backdrop: Backdrop, block: Block, wall: Wall, look: Look) -> None:
    """A hedge, wall or fence."""
    dice = SeededDice(block.key)
    colours, label = {
        'hedge': (_HEDGES, labels.VEGETATION),
        'wall': (_WALLS, labels.WALL),
        'fence': (_FENCES, labels.FENCE),
    }[block.kind]
    colour = dice.pick(colours)
    painter = WallPainter(wall, look)
    if block.z0 > NEAR:
        end = _end_wall(wall, block.sign, 1.0, wall.light)
        painter.fill(backdrop, end.outline(block.height), shade(colour, 0.85), label)
    painter.fill(backdrop, wall.outline(block.height), colour, label)
    painter.band(block.height * 0.88, block.height, shade(colour, 1.18))
    if block.kind == 'hedge':
        painter.band(0.0, block.height * 0.25, shade(colour, 0.7))
    elif wall.pixels_per_metre > 12.0:
        gaps = np.arange(wall.start + 0.2, wall.length - 0.2, 0.5 if block.kind == 'fence' else 3.0)
        painter.row(gaps, 0.12, 0.1, block.height * 0.86, shade(colour, 0.6))
    painter.draw(backdrop)
