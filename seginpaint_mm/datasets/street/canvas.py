"""Drawing surfaces, twice the picture's size, so that edges come out smooth and exactly repeatable.

All shapes are polygons of float pixels, rounded once to OpenCV's fixed point; from there on everything
is integer arithmetic.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from seginpaint_mm.datasets.street.looks import Colour

SCALE = 2
_SHIFT = 4
_ONE = float(SCALE << _SHIFT)


def fixed_point(points: np.ndarray, left: int, top: int) -> np.ndarray:
    """Float pixels (..., 2) -> int32 fixed point on a canvas that starts at (left, top)."""
    half = 0.5 - (1 << _SHIFT) / 2
    shifted = points * _ONE
    shifted[..., 0] += half - left * _ONE
    shifted[..., 1] += half - top * _ONE
    return np.floor(shifted, out=shifted).astype(np.int32)


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
    low, high = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
    return Box(
        max(math.floor(low[0]) - 1, 0),
        max(math.floor(low[1]) - 1, 0),
        min(math.floor(high[0]) + 2, width),
        min(math.floor(high[1]) + 2, height),
    )


class Backdrop:
    """Colours and label ids of everything that nothing stands in front of: sky, ground, buildings."""

    def __init__(self, height: int, width: int):
        self._colour = np.zeros((height * SCALE, width * SCALE, 3), np.uint8)
        self._labels = np.zeros((height * SCALE, width * SCALE), np.uint8)

    def fill_rows(self, colours: np.ndarray, label: int) -> None:
        """Fills the surface: colours (height * SCALE, 3) uint8, one a row, all with one label id."""
        self._colour = cv2.repeat(colours[:, None], 1, self._labels.shape[1])
        self._labels[:] = label

    def fill(self, polygon: np.ndarray, colour: Colour, label: int) -> None:
        """Fills one polygon (n, 2) and labels it."""
        points = [fixed_point(polygon, 0, 0)]
        cv2.fillPoly(self._colour, points, colour, cv2.LINE_8, _SHIFT)
        cv2.fillPoly(self._labels, points, label, cv2.LINE_8, _SHIFT)

    def paint(self, polygons: np.ndarray, colour: Colour) -> None:
        """Fills polygons (m, n, 2) that do not overlap each other; the label ids stay as they are."""
        self.paint_fixed(fixed_point(polygons, 0, 0), colour)

    def fixed_point(self, points: np.ndarray) -> np.ndarray:
        """Float pixels (..., 2) in this surface's fixed point."""
        return fixed_point(points, 0, 0)

    def paint_fixed(self, polygons: np.ndarray, colour: Colour) -> None:
        """The same for polygons that are already in this surface's fixed point."""
        cv2.fillPoly(self._colour, list(polygons), colour, cv2.LINE_8, _SHIFT)

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

    def fixed_point(self, points: np.ndarray) -> np.ndarray:
        """Float pixels (..., 2) in this surface's fixed point."""
        return fixed_point(points, self._box.left, self._box.top)

    def fill_fixed(self, polygons: np.ndarray, colour: Colour) -> None:
        """Fills one polygon (n, 2), or many (m, n, 2) that leave holes where they overlap."""
        outlines = [polygons] if polygons.ndim == 2 else list(polygons)
        cv2.fillPoly(self._bgra, outlines, (*colour, 255), cv2.LINE_8, _SHIFT)

    def fill_convex(self, polygon: np.ndarray, colour: Colour) -> None:
        """Fills one convex polygon (n, 2) in fixed point; faster."""
        cv2.fillConvexPoly(self._bgra, polygon, (*colour, 255), cv2.LINE_8, _SHIFT)

    def finish(self) -> np.ndarray:
        """(h, w, 4) uint8 of the box: colour times coverage, and coverage 0..255."""
        height, width = self._bgra.shape[:2]
        size = (width // SCALE, height // SCALE)
        return cv2.resize(self._bgra, size, interpolation=cv2.INTER_AREA)


def lay_over(picture: np.ndarray, layer: np.ndarray, box: Box) -> None:
    """Lays a finished sticker (h, w, 4) over its box of the picture (H, W, 3) uint8, in place."""
    part = picture[box.slices]
    blue, green, red, coverage = cv2.split(layer)
    kept = cv2.merge([coverage, coverage, coverage]).astype(np.uint16)
    kept += kept >> 7
    np.subtract(256, kept, out=kept)
    kept *= part
    kept >>= 8
    cv2.add(kept.astype(np.uint8), cv2.merge([blue, green, red]), dst=part)


def _unit_circle() -> np.ndarray:
    quarter = [(1.0, 0.0), (0.92388, 0.38268), (0.70711, 0.70711), (0.38268, 0.92388)]
    points = np.array(quarter)
    turns = [points]
    for _ in range(3):
        points = np.stack([-points[:, 1], points[:, 0]], axis=1)
        turns.append(points)
    return np.concatenate(turns)


UNIT_CIRCLE = _unit_circle()  # written out: libm's cosine differs in its last bit between machines
