"""A vertical wall and the rectangles on it, projected all at once."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.canvas import Backdrop, fixed_point
from seginpaint_mm.datasets.street.colours import shade_through_air
from seginpaint_mm.datasets.street.looks import Colour, Look


@dataclass(frozen=True)
class Wall:
    """A wall over the world line (x0, z0)-(x1, z1).

    Attributes:
        camera: The view.
        x0, z0, x1, z1: Its ends.
        length: Its length in metres, from (x0, z0).
        near: The first metre that is far enough in front of the camera to be drawn.
        start: The first metre that is in the picture; it is `length` or more where none is.
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
        """The metres above the ground above which nothing of it is in the picture."""
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
