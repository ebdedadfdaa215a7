"""Drawing surfaces, twice the picture's size, so that edges are smooth and exactly repeatable.

All shapes are polygons of float pixels that `fixed_point` rounds once to OpenCV's fixed point; from
there on everything is integer arithmetic.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from seginpaint_mm.datasets.street.looks import Colour

SCALE = 2
SHIFT = 4
UNIT = SCALE << SHIFT  # fixed-point units of one pixel of the picture


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Float pixels (..., 2) -> int32 fixed point, in which pixel centres are whole."""
    scaled = points * float(UNIT)
    scaled += 0.5 - (1 << SHIFT) / 2
    return np.floor(scaled, out=scaled).astype(np.int32)


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: columns left..right-1, rows top..bottom-1."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of this box in an (H, W, ...) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def box_around(points: np.ndarray, height: int, width: int) -> Box:
    """The box of fixed points (n, 2) with a pixel to spare, cut to a height x width picture."""
    x, y, w, h = cv2.boundingRect(points)
    return Box(
        max(x // UNIT - 1, 0),
        max(y // UNIT - 1, 0),
        min((x + w) // UNIT + 2, width),
        min((y + h) // UNIT + 2, height),
    )


class Backdrop:
    """Colours and label ids of everything that nothing stands behind: sky, ground, buildings.

    Args:
        row_colours: uint8 (H * SCALE, 3), to begin with, one for each row of the surface.
        row_labels: uint8 (H * SCALE,), label ids to begin with.
        width: Width of the picture.
    """

    def __init__(self, row_colours: np.ndarray, row_labels: np.ndarray, width: int):
        size = (width * SCALE, len(row_labels))
        self._colour = cv2.resize(row_colours[:, None], size, interpolation=cv2.INTER_NEAREST)
        self._labels = np.repeat(row_labels, size[0]).reshape(size[::-1])

    def fill(self, polygon: np.ndarray, colour: Colour, label: int) -> None:
        """Fills one polygon (n, 2) of float pixels, and labels it."""
        points = [fixed_point(polygon)]
        cv2.fillPoly(self._colour, points, colour, cv2.LINE_8, SHIFT)
        cv2.fillPoly(self._labels, points, label, cv2.LINE_8, SHIFT)

    def paint(self, polygons: np.ndarray, colour: Colour) -> None:
        """Fills fixed-point polygons (m, n, 2) that do not overlap; the label ids stay."""
        cv2.fillPoly(self._colour, list(polygons), colour, cv2.LINE_8, SHIFT)

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

    def place(self, points: np.ndarray) -> np.ndarray:
        """Fixed points (..., 2) of the picture -> of this surface."""
        return points - np.array([self._box.left * UNIT, self._box.top * UNIT], np.int32)

    def fill(self, polygons: np.ndarray, colour: Colour) -> None:
        """Fills a placed polygon (n, 2), or many (m, n, 2) that leave holes where they overlap."""
        outlines = [polygons] if polygons.ndim == 2 else list(polygons)
        cv2.fillPoly(self._bgra, outlines, (*colour, 255), cv2.LINE_8, SHIFT)

    def fill_convex(self, polygon: np.ndarray, colour: Colour) -> None:
        """Fills one convex placed polygon (n, 2); faster."""
        cv2.fillConvexPoly(self._bgra, polygon, (*colour, 255), cv2.LINE_8, SHIFT)

    def finish(self) -> 'Drawing':
        """The drawing at the picture's size."""
        height, width = self._bgra.shape[:2]
        size = (width // SCALE, height // SCALE)
        small = cv2.resize(self._bgra, size, interpolation=cv2.INTER_AREA)
        colour = cv2.cvtColor(small, cv2.COLOR_BGRA2BGR)
        return Drawing(self._box, colour, cv2.extractChannel(small, 3))


@dataclass(frozen=True)
class Drawing:
    """A thing drawn alone.

    Attributes:
        box: Its place in the picture.
        colour: uint8 (h, w, 3), colour times coverage.
        coverage: uint8 (h, w), 0 = nothing, 255 = it covers the whole pixel.
    """

    box: Box
    colour: np.ndarray
    coverage: np.ndarray

    @cached_property
    def solid(self) -> np.ndarray:
        """bool (h, w), where it covers half a pixel or more."""
        return self.coverage >= 128

    def lay_over(self, picture: np.ndarray) -> None:
        """Lays it over a picture (H, W, 3) uint8, in place."""
        part = picture[self.box.slices]
        kept = self._uncovered * part
        kept >>= 8
        cv2.add(kept.astype(np.uint8), self.colour, dst=part)

    @cached_property
    def _uncovered(self) -> np.ndarray:
        """uint16 (h, w, 3), 256 = nothing is covered."""
        kept = cv2.merge([self.coverage, self.coverage, self.coverage]).astype(np.uint16)
        kept += kept >> 7
        np.subtract(256, kept, out=kept)
        return kept


def _unit_circle() -> np.ndarray:
    points = np.array([(1.0, 0.0), (0.92388, 0.38268), (0.70711, 0.70711), (0.38268, 0.92388)])
    quarters = [points]
    for _ in range(3):
        points = np.stack([-points[:, 1], points[:, 0]], axis=1)
        quarters.append(points)
    return np.concatenate(quarters)


UNIT_CIRCLE = _unit_circle()  # written out: libm's cosine differs in its last bit between machines
