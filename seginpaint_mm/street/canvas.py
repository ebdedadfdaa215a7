"""Draw on a canvas: polygons, lines and circles, cut out as one object."""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from seginpaint_mm.street.looks import Colour, shade_all
from seginpaint_mm.street.placement import Camera, Placement

SCALE = 2
SHIFT = 4
UNIT = SCALE << SHIFT  # fixed-point units of one pixel of the image


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
    """The box of fixed points (n, 2) with a pixel to spare, cut to a height x width image."""
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
        width: Width of the image.
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
        """(colours (H, W, 3), label ids (H, W)), both uint8, at the image's size."""
        height, width = self._labels.shape
        size = (width // SCALE, height // SCALE)
        colour = cv2.resize(self._colour, size, interpolation=cv2.INTER_AREA)
        return colour, np.ascontiguousarray(self._labels[::SCALE, ::SCALE])


class Sticker:
    """A transparent surface over one box of the image, for a thing that can be lifted off."""

    def __init__(self, box: Box):
        self._box = box
        height, width = box.bottom - box.top, box.right - box.left
        self._bgra = np.zeros((height * SCALE, width * SCALE, 4), np.uint8)

    def place(self, points: np.ndarray) -> np.ndarray:
        """Fixed points (..., 2) of the image -> of this surface."""
        return points - np.array([self._box.left * UNIT, self._box.top * UNIT], np.int32)

    def fill(self, polygons: np.ndarray, colour: Colour) -> None:
        """Fills a placed polygon (n, 2), or many (m, n, 2) that leave holes where they overlap."""
        outlines = [polygons] if polygons.ndim == 2 else list(polygons)
        cv2.fillPoly(self._bgra, outlines, (*colour, 255), cv2.LINE_8, SHIFT)

    def fill_convex(self, polygon: np.ndarray, colour: Colour) -> None:
        """Fills one convex placed polygon (n, 2); faster."""
        cv2.fillConvexPoly(self._bgra, polygon, (*colour, 255), cv2.LINE_8, SHIFT)

    def finish(self) -> 'Drawing':
        """The drawing at the image's size."""
        height, width = self._bgra.shape[:2]
        size = (width // SCALE, height // SCALE)
        small = cv2.resize(self._bgra, size, interpolation=cv2.INTER_AREA)
        colour = cv2.cvtColor(small, cv2.COLOR_BGRA2BGR)
        return Drawing(self._box, colour, cv2.extractChannel(small, 3))


@dataclass(frozen=True)
class Drawing:
    """A thing drawn alone.

    Attributes:
        box: Its place in the image.
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
        """Lays it over an image (H, W, 3) uint8, in place."""
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


NEAREST = 2.2  # metres: nothing closer is drawn

# An outline (n, 2), or many (m, n, 2) that leave holes where they overlap; metres right and up
# from the foot; and its colour.
Part = tuple[np.ndarray, Colour]


def may_be_seen(thing: Placement, camera: Camera, reach: float) -> bool:
    """Whether a thing that reaches so many metres to both sides can be in the image."""
    if thing.z < NEAREST:
        return False
    scale = camera.focal / thing.z
    u = camera.centre + camera.world_x(thing.s, thing.z) * scale
    return -reach * scale < u < camera.width + reach * scale


def draw_cutout(
    parts: list[Part],
    thing: Placement,
    camera: Camera,
    light: float,
    covered: np.ndarray,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Drawing | None:
    """Draws a figure alone.

    Args:
        parts: Drawn one over the other.
        thing: Where its foot is.
        camera: The view.
        light: Brightness of the light on it.
        covered: bool (H, W), pixels that nearer things hide.
        stretch: Scale of the figure to the right and up; negative to the right mirrors it.

    Returns:
        The drawing, or None where nothing of it can be seen.
    """
    scale = camera.focal / thing.z
    outlines = [outline.reshape(-1, 2) for outline, _ in parts]
    pixels = np.concatenate(outlines)
    pixels *= stretch
    pixels *= (scale, -scale)
    pixels += camera.project(thing.s, 0.0, thing.z)
    fixed = fixed_point(pixels)
    box = box_around(fixed, camera.height, camera.width)
    if box.empty or covered[box.slices].all():
        return None
    sticker = Sticker(box)
    fixed = sticker.place(fixed)
    colours = shade_all([colour for _, colour in parts], light)
    first = 0
    for (outline, _), flat, colour in zip(parts, outlines, colours, strict=True):
        points = fixed[first : first + len(flat)]
        first += len(flat)
        sticker.fill(points.reshape(outline.shape), colour)
    return sticker.finish()


def bar(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """An upright rectangle (4, 2)."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def blob(x: float, y: float, radius_x: float, radius_y: float) -> np.ndarray:
    """An upright ellipse (16, 2)."""
    return UNIT_CIRCLE * (radius_x, radius_y) + (x, y)


def ring(x: float, y: float, radius: float, width: float) -> np.ndarray:
    """A ring (34, 2): the outer circle, then the inner one backwards."""
    outer, inner = blob(x, y, radius, radius), blob(x, y, radius - width, radius - width)
    return np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])


def limb(joints: tuple[tuple[float, float], ...], widths: tuple[float, ...]) -> np.ndarray:
    """A bent, tapering limb (2 n, 2) along n joints."""
    last = len(joints) - 1
    left, right = [], []
    for number, ((x, y), width) in enumerate(zip(joints, widths, strict=True)):
        x0, y0 = joints[max(number - 1, 0)]
        x1, y1 = joints[min(number + 1, last)]
        across, along = y0 - y1, x1 - x0
        scale = width / 2 / math.sqrt(across * across + along * along)
        left.append((x + across * scale, y + along * scale))
        right.append((x - across * scale, y - along * scale))
    return np.array(left + right[::-1])
