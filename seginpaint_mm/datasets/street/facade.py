"""Façades: storeys of windows, balconies, shops, doors and awnings."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.datasets.street.colours import shade
from seginpaint_mm.datasets.street.dice import SeededDice
from seginpaint_mm.datasets.street.looks import Colour
from seginpaint_mm.datasets.street.wall import Wall, WallPainter

_PLASTERS: tuple[Colour, ...] = (
    (188, 206, 216), (170, 198, 216), (150, 180, 204), (206, 212, 214), (178, 184, 186),
    (112, 150, 186), (92, 104, 158), (84, 92, 132), (140, 168, 178), (186, 190, 178),
    (132, 138, 144), (196, 190, 182), (120, 176, 208), (160, 170, 196), (150, 156, 150),
)  # fmt: skip
_SHOPS: tuple[Colour, ...] = (
    (60, 60, 170), (150, 92, 40), (70, 120, 60), (52, 52, 58), (60, 170, 206), (190, 186, 180),
)  # fmt: skip
_DOORS: tuple[Colour, ...] = ((40, 52, 84), (54, 70, 50), (64, 60, 58), (90, 80, 60))
_GLASS: tuple[Colour, ...] = ((82, 74, 66), (118, 106, 92), (58, 54, 50), (150, 140, 128))
_CURTAIN: Colour = (168, 172, 174)
_FINE_SCALE = 24.0  # pixels per metre below which windows have no curtains and balconies
_DETAIL_SCALE = 12.0  # pixels per metre below which windows have no frames
_FAR_SCALE = 5.0  # pixels per metre below which there are no windows


@dataclass(frozen=True)
class Facade:
    """What all walls of one building share; lengths in metres."""

    height: float
    plaster: Colour
    trim: Colour
    glass: Colour
    other_glass: Colour
    ground_floor: float
    storey: float
    pitch: float
    window_width: float
    window_height: float
    shop: Colour | None
    bands: bool
    balconies: bool


def plan_facade(dice: SeededDice, height: float) -> Facade:
    """Draws the lots for a building."""
    pitch = dice.uniform(1.8, 3.6)
    plaster = dice.pick(_PLASTERS)
    return Facade(
        height=height,
        plaster=plaster,
        trim=shade(plaster, 1.2 if dice.chance(0.7) else 0.68),
        glass=dice.pick(_GLASS),
        other_glass=dice.pick(_GLASS),
        ground_floor=dice.uniform(3.2, 4.4),
        storey=dice.uniform(2.7, 3.5),
        pitch=pitch,
        window_width=pitch * dice.uniform(0.36, 0.72),
        window_height=dice.uniform(1.2, 1.9),
        shop=dice.pick(_SHOPS) if dice.chance(0.45) else None,
        bands=dice.chance(0.5),
        balconies=dice.chance(0.25),
    )


def paint_facade(painter: WallPainter, style: Facade, dice: SeededDice) -> None:
    """Everything on a wall, from the plinth to the cornice."""
    scale = painter.wall.pixels_per_metre
    painter.band(0.0, 0.6, shade(style.plaster, 0.66))
    painter.band(style.height - 0.35, style.height, shade(style.trim, 0.94))
    if scale < _FAR_SCALE:
        return
    detailed, fine = scale > _DETAIL_SCALE, scale > _FINE_SCALE
    columns = _columns(painter, style)
    top = min(style.height - style.window_height - 0.5, painter.wall.highest)
    sills = np.arange(style.ground_floor + 0.6, top, style.storey)
    if style.bands and detailed:
        for sill in sills.tolist():
            painter.band(sill - 0.65, sill - 0.45, shade(style.trim, 0.95))
    _paint_windows(painter, style, columns, sills, dice, detailed, fine)
    if style.balconies and fine:
        _paint_balconies(painter, style, columns, sills)
    if style.shop is not None:
        _paint_shops(painter, style, style.shop, dice)
    elif len(columns):
        _paint_ground_floor(painter, style, columns, dice, detailed, fine)


def _columns(painter: WallPainter, style: Facade) -> np.ndarray:
    """Left edges of the window columns that are in front of the camera."""
    wall = painter.wall
    count = int((wall.length - 0.8) / style.pitch)
    margin = (wall.length - count * style.pitch + style.pitch - style.window_width) / 2
    lefts = margin + style.pitch * np.arange(max(count, 0))
    return _visible(lefts, style.window_width, wall)


def _visible(lefts: np.ndarray, width: float, wall: Wall) -> np.ndarray:
    """Of rectangles on a wall, those that are at least partly in the picture."""
    return lefts[(lefts > wall.near) & (lefts + width > wall.start)]


def _paint_windows(
    painter: WallPainter,
    style: Facade,
    columns: np.ndarray,
    sills: np.ndarray,
    dice: SeededDice,
    detailed: bool,
    fine: bool,
) -> None:
    """A window at each column above each sill."""
    lots = dice.uniforms(0.0, 1.0, len(columns) * len(sills))
    panes = np.empty((len(lots), 4))
    panes[:, 0] = np.tile(columns, len(sills))
    panes[:, 2] = np.repeat(sills, len(columns))
    panes[:, 1] = panes[:, 0] + style.window_width
    panes[:, 3] = panes[:, 2] + style.window_height
    if detailed:
        painter.add(panes + np.array([-0.12, 0.12, -0.1, 0.12]), style.trim)
    painter.add(panes, style.glass)
    painter.add(panes[lots < 0.3], style.other_glass)
    if detailed:
        bars = panes.copy()
        bars[:, 0] += style.window_width / 2 - 0.04
        bars[:, 1] = bars[:, 0] + 0.08
        painter.add(bars, style.trim)
    if not fine:
        return
    lintels = panes.copy()
    lintels[:, 2] = panes[:, 3] - 0.3
    painter.add(lintels, shade(style.glass, 0.6))
    curtains = panes[lots > 0.72]
    curtains[:, 1] -= style.window_width * 0.55
    painter.add(curtains, _CURTAIN)
    sills_below = panes + np.array([-0.16, 0.16, -0.2, 0.0])
    sills_below[:, 3] = panes[:, 2] - 0.1
    painter.add(sills_below, shade(style.plaster, 0.7))


def _paint_balconies(
    painter: WallPainter, style: Facade, columns: np.ndarray, sills: np.ndarray
) -> None:
    """A slab and a railing under every second column."""
    for sill in sills.tolist():
        lefts = columns[::2] - 0.3
        width = style.window_width + 0.6
        painter.row(lefts, width, sill - 0.6, sill + 0.35, shade(style.trim, 0.8))
        painter.row(lefts, width, sill - 0.75, sill - 0.6, shade(style.plaster, 0.5))


def _paint_shops(painter: WallPainter, style: Facade, sign: Colour, dice: SeededDice) -> None:
    """Shop windows under a sign that runs along the whole wall."""
    wall = painter.wall
    top = style.ground_floor - 0.25
    painter.band(top - 0.65, top, sign)
    lefts = np.arange(0.5, wall.length - 3.2, 3.6)
    lefts = _visible(lefts, 3.1, wall)
    if not len(lefts):
        return
    lettering = lefts[::3] + 0.6
    painter.row(
        lettering, 1.9, top - 0.48, top - 0.18, shade(sign, 0.45 if sum(sign) > 400 else 2.2)
    )
    painter.row(lefts, 3.1, 0.15, top - 0.75, shade(sign, 0.5))
    painter.row(lefts + 0.12, 2.86, 0.5, top - 0.85, style.glass)
    painter.row(lefts + 0.3, 1.1, 0.5, 1.5, shade(dice.pick(_SHOPS), 0.7))
    painter.row(lefts + 1.7, 0.5, 0.9, 1.9, shade(dice.pick(_SHOPS), 0.8))
    if dice.chance(0.4):
        painter.row(lefts, 3.1, top - 1.3, top - 0.6, shade(sign, 1.25))


def _paint_ground_floor(
    painter: WallPainter,
    style: Facade,
    columns: np.ndarray,
    dice: SeededDice,
    detailed: bool,
    fine: bool,
) -> None:
    """Windows and one door."""
    door = dice.integer(0, len(columns) - 1)
    others = np.delete(columns, door)
    _paint_windows(painter, style, others, np.array([1.1]), dice, detailed, fine)
    width = min(style.window_width, 1.5)
    at = columns[door : door + 1]
    painter.row(at - 0.15, width + 0.3, 0.0, 2.75, style.trim)
    painter.row(at, width, 0.0, 2.55, dice.pick(_DOORS))
    painter.row(at + width * 0.2, width * 0.6, 1.7, 2.3, style.glass)
