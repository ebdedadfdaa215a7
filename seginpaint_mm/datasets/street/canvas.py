"""Drawing surfaces, twice the picture's size, so that edges come out smooth and exactly repeatable.

All shapes are polygons of float pixels, rounded once to OpenCV's fixed point; from there on everything
is integer arithmetic.
"""

from dataclasses import dataclass

import cv2
import numpy as np

Colour = tuple[int, int, int]  # B, G, R, each 0..255

SCALE = 2
_SHIFT = 4
_LIMIT = float(1 << 24)  # fixed-point coordinates stay well inside int32


def fixed_point(points: np.ndarray, left: int, top: int) -> np.ndarray:
    """Float pixels (..., 2) -> int32 fixed-point coordinates on a canvas that starts at (left, top)."""
    one = float(SCALE << _SHIFT)
    shifted = (points - (left, top)) * one - (1 << _SHIFT) / 2
    return np.floor(np.clip(shifted, -_LIMIT, _LIMIT) + 0.5).astype(np.int32)


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: columns left..right-1, rows top..bottom-1."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of this box in an (H, W, ...) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def box_around(points: np.ndarray, height: int, width: int) -> Box:
    """The box of all points (..., 2) with one pixel to spare, cut to the picture."""
    flat = points.reshape(-1, 2)
    low = np.floor(np.clip(flat.min(axis=0), -1e6, 1e6)).astype(int) - 1
    high = np.floor(np.clip(flat.max(axis=0), -1e6, 1e6)).astype(int) + 2
    return Box(
        max(int(low[0]), 0),
        max(int(low[1]), 0),
        min(int(high[0]), width),
        min(int(high[1]), height),
    )


class Backdrop:
    """Colours and label ids of everything that nothing stands in front of: sky, ground, buildings."""

    def __init__(self, height: int, width: int):
        self._colour = np.zeros((height * SCALE, width * SCALE, 3), np.uint8)
        self._labels = np.zeros((height * SCALE, width * SCALE), np.uint8)

    def fill_rows(self, colours: np.ndarray, label: int) -> None:
        """Fills the surface: colours (height * SCALE, 3) uint8, one a row, all with one label id."""
        self._colour[:] = colours[:, None]
        self._labels[:] = label

    def fill(self, polygon: np.ndarray, colour: Colour, label: int) -> None:
        """Fills one polygon (n, 2) and labels it."""
        points = [fixed_point(polygon, 0, 0)]
        cv2.fillPoly(self._colour, points, colour, cv2.LINE_8, _SHIFT)
        cv2.fillPoly(self._labels, points, label, cv2.LINE_8, _SHIFT)

    def paint(self, polygons: np.ndarray, colour: Colour) -> None:
        """Fills polygons (m, n, 2) that do not overlap each other; the label ids stay as they are."""
        cv2.fillPoly(self._colour, list(fixed_point(polygons, 0, 0)), colour, cv2.LINE_8, _SHIFT)

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """(colours (H, W, 3), label ids (H, W)), both uint8, at the picture's size."""
        height, width = self._labels.shape
        size = (width // SCALE, height // SCALE)
        colour = cv2.resize(self._colour, size, interpolation=cv2.INTER_AREA)
        return colour, np.ascontiguousarray(self._labels[::SCALE, ::SCALE])


class Sticker:
    """A transparent surface over one box of the picture, for a thing that can be lifted off."""

    def __init__(self, box: Box):
        self._box = box
        height, width = box.bottom - box.top, box.right - box.left
        self._bgra = np.zeros((height * SCALE, width * SCALE, 4), np.uint8)

    def fill(self, polygon: np.ndarray, colour: Colour) -> None:
        """Fills one polygon (n, 2) of float pixels, opaque."""
        self.fill_fixed(fixed_point(polygon, self._box.left, self._box.top), colour)

    def fill_fixed(self, polygon: np.ndarray, colour: Colour) -> None:
        """Fills one polygon (n, 2) already in this surface's fixed point, opaque."""
        cv2.fillPoly(self._bgra, [polygon], (*colour, 255), cv2.LINE_8, _SHIFT)

    def fixed_point(self, points: np.ndarray) -> np.ndarray:
        """Float pixels (..., 2) in this surface's fixed point."""
        return fixed_point(points, self._box.left, self._box.top)

    def paint(self, polygons: np.ndarray, colour: Colour) -> None:
        """Fills polygons (m, n, 2); where an even number of them overlap nothing is drawn."""
        points = list(fixed_point(polygons, self._box.left, self._box.top))
        cv2.fillPoly(self._bgra, points, (*colour, 255), cv2.LINE_8, _SHIFT)

    def finish(self) -> np.ndarray:
        """(h, w, 4) uint8 of the box: colour times coverage, and coverage 0..255."""
        height, width = self._bgra.shape[:2]
        size = (width // SCALE, height // SCALE)
        return cv2.resize(self._bgra, size, interpolation=cv2.INTER_AREA)


def lay_over(picture: np.ndarray, layer: np.ndarray, box: Box) -> None:
    """Lays a finished sticker (h, w, 4) over its box of the picture (H, W, 3) uint8, in place."""
    part = picture[box.slices]
    coverage = layer[:, :, 3:].astype(np.uint16)
    coverage += coverage >> 7
    kept = (part * (256 - coverage) >> 8).astype(np.uint8)
    cv2.add(kept, np.ascontiguousarray(layer[:, :, :3]), dst=part)


def ellipse(centre_u: float, centre_v: float, radius_u: float, radius_v: float) -> np.ndarray:
    """An upright ellipse as a 16-sided polygon (16, 2) of float pixels."""
    return UNIT_CIRCLE * (radius_u, radius_v) + (centre_u, centre_v)


def _unit_circle() -> np.ndarray:
    quarter = [(1.0, 0.0), (0.92388, 0.38268), (0.70711, 0.70711), (0.38268, 0.92388)]
    points = np.array(quarter)
    turns = [points]
    for _ in range(3):
        points = np.stack([-points[:, 1], points[:, 0]], axis=1)
        turns.append(points)
    return np.concatenate(turns)


UNIT_CIRCLE = _unit_circle()  # written out: libm's cosine differs in its last bit between machines
