"""Draw walls and the facades of houses."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.street.canvas import Backdrop, fixed_point
from seginpaint_mm.street.looks import Colour, Look, shade, shade_through_air
from seginpaint_mm.street.placement import Camera, SeededDice


@dataclass(frozen=True)
class Wall:
    """A wall over the world line (x0, z0)-(x1, z1).

    Attributes:
        camera: The view.
        x0, z0, x1, z1: Its ends.
        length: Its length in metres, from (x0, z0).
        near: The first metre that is far enough in front of the camera to be drawn.
        start: The first metre that is in the image; it is `length` or more where none is.
        light: Brightness of the light on it.
    """

    camera: Camera
    x0: float
    z0: float
    x1: float
    z1: float
    length: float
    near: float
    start: float
    light: float

    @property
    def pixels_per_metre(self) -> float:
        """The scale of its nearest visible part."""
        return self.camera.focal / (self.z0 + (self.z1 - self.z0) * self.start / self.length)

    @property
    def highest(self) -> float:
        """The metres above the ground above which nothing of it is in the image."""
        return self.camera.elevation + self.camera.horizon * self.z1 / self.camera.focal

    def points(self, along: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Metres along and up, one shape (...) -> pixels (..., 2)."""
        share = along / self.length
        x = self.x0 + (self.x1 - self.x0) * share
        z = self.z0 + (self.z1 - self.z0) * share
        return self.camera.project_world(x, y, z)

    def outline(self, height: float) -> np.ndarray:
        """The pixels (4, 2) of its visible part."""
        along = np.array([self.start, self.length, self.length, self.start])
        return self.points(along, np.array([0.0, 0.0, height, height]))


class WallPainter:
    """Draws a wall: its outline at once, then rectangles on it, collected and drawn in turn.

    Args:
        wall: The wall.
        look: Gives the haze.
    """

    def __init__(self, wall: Wall, look: Look):
        self.wall = wall
        self._look = look
        self._depth = max(wall.z0, 0.0) + 4.0
        self._rectangles: list[np.ndarray] = []
        self._colours: list[Colour] = []

    def fill(self, backdrop: Backdrop, outline: np.ndarray, colour: Colour, label: int) -> None:
        """Fills the wall's outline, pixels (n, 2), in its light, and labels it."""
        backdrop.fill(outline, self._lit([colour])[0], label)

    def band(self, y0: float, y1: float, colour: Colour) -> None:
        """Adds a rectangle over the whole length."""
        self.add(np.array([[self.wall.start, self.wall.length, y0, y1]]), colour)

    def row(self, lefts: np.ndarray, width: float, y0: float, y1: float, colour: Colour) -> None:
        """Adds rectangles of one width beside each other."""
        rectangles = np.empty((len(lefts), 4))
        rectangles[:, 0] = lefts
        rectangles[:, 1] = lefts + width
        rectangles[:, 2] = y0
        rectangles[:, 3] = y1
        self.add(rectangles, colour)

    def add(self, rectangles: np.ndarray, colour: Colour) -> None:
        """Adds rectangles (n, 4) in metres: from, to along the wall, from, to above the ground."""
        if len(rectangles):
            self._rectangles.append(rectangles)
            self._colours.append(colour)

    def draw(self, backdrop: Backdrop) -> None:
        """Draws everything added."""
        if not self._rectangles:
            return
        stacked = np.concatenate(self._rectangles)
        corners = self.wall.points(stacked[:, [0, 1, 1, 0]], stacked[:, [2, 2, 3, 3]])
        polygons = fixed_point(corners)
        first = 0
        for rectangles, colour in zip(self._rectangles, self._lit(self._colours), strict=True):
            backdrop.paint(polygons[first : first + len(rectangles)], colour)
            first += len(rectangles)

    def _lit(self, colours: list[Colour]) -> list[list[int]]:
        """The colours in the wall's light and haze."""
        return shade_through_air(colours, self.wall.light, self._look, self._depth)


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
    """Of rectangles on a wall, those that are at least partly in the image."""
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
