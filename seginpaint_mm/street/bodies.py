"""Vehicle bodies as flat panels with details on them, built once for each kind."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise

import numpy as np

from seginpaint_mm.street.canvas import UNIT_CIRCLE
from seginpaint_mm.street.vehicle_shapes import SHAPES, Outline, Shape

(
    PAINT, PAINT_DARK, GLASS, WINDSCREEN, GLARE, TYRE, RIM, TRIM, LAMP, TAIL, PLATE, UNDER, CARGO,
) = range(13)  # fmt: skip

_TAPERED = 0.1  # share of the length at each end over which the body gets narrower
_OnSide = Callable[[Sequence[tuple[float, float]]], np.ndarray]
_OnStrip = Callable[[float, float, float, float], np.ndarray]


@dataclass(frozen=True)
class Body:
    """All polygons of a kind in one array, so that they are projected at once.

    Attributes:
        points: float64 (P, 3), (a, w, y); see `vehicle_shapes` for the axes.
        starts: First point of each polygon, and P at the end.
        convex: Whether each polygon is convex.
        materials: Material of each polygon.
        panels: For each panel the polygons to draw in turn, the panel itself first.
        normals, centres: float64 (K, 3) of the panels; the normals have length 1.
    """

    points: np.ndarray
    starts: np.ndarray
    convex: tuple[bool, ...]
    materials: tuple[int, ...]
    panels: tuple[range, ...]
    normals: np.ndarray
    centres: np.ndarray


class _Builder:
    """Collects panels and the details on them."""

    def __init__(self):
        self._polygons: list[np.ndarray] = []
        self._convex: list[bool] = []
        self._materials: list[int] = []
        self._panel_starts: list[int] = []
        self._normals: list[tuple[float, float, float]] = []

    def panel(
        self, points, normal: tuple[float, float, float], material: int, *, convex: bool = True
    ) -> None:
        """Starts a panel: points (n, 3), outward normal (a, w, y)."""
        length = math.sqrt(sum(part * part for part in normal))
        self._panel_starts.append(len(self._polygons))
        self._normals.append(tuple(part / length for part in normal))
        self.detail(points, material, convex=convex)

    def detail(self, points, material: int, *, convex: bool = True) -> None:
        """Adds a polygon that is drawn over the panel started last."""
        self._polygons.append(np.asarray(points, np.float64))
        self._convex.append(convex)
        self._materials.append(material)

    def build(self) -> Body:
        """Everything collected."""
        panels = [*self._panel_starts, len(self._polygons)]
        firsts = [self._polygons[start] for start in self._panel_starts]
        return Body(
            points=np.concatenate(self._polygons),
            starts=np.cumsum([0, *(len(polygon) for polygon in self._polygons)]),
            convex=tuple(self._convex),
            materials=tuple(self._materials),
            panels=tuple(range(first, last) for first, last in pairwise(panels)),
            normals=np.array(self._normals),
            centres=np.array([(p.min(axis=0) + p.max(axis=0)) / 2 for p in firsts]),
        )


@cache
def body(kind: str) -> Body:
    """The body of one of SHAPES."""
    shape = SHAPES[kind]
    builder = _Builder()
    _add_underside(builder, shape)
    if shape.cargo is not None:
        _add_cargo(builder, shape, shape.cargo)
    _add_strips(builder, shape)
    for sign in (-1, 1):
        _add_side(builder, shape, sign)
        if shape.taper:
            _add_mirror(builder, shape, sign)
    return builder.build()


def _half_width(shape: Shape, a: float, y: float) -> float:
    belt = shape.profile[shape.cabin[0]][1]
    top = max(point[1] for point in shape.profile)
    upper = min(max((y - belt) / (top - belt), 0.0), 1.0)
    end = max((abs(a) / shape.length - 0.5 + _TAPERED) / _TAPERED, 0.0)
    return shape.width / 2 * (1.0 - (1.0 - shape.roof_share) * upper) * (1.0 - shape.taper * end)


def _add_strips(builder: _Builder, shape: Shape) -> None:
    """The panels across the body: rear, rear window, roof, windscreen, bonnet, nose, bumper."""
    last = len(shape.profile) - 2
    top = max(point[1] for point in shape.profile)
    for number, (rear, front) in enumerate(pairwise(shape.profile)):
        across = partial(_across, shape, (rear, front))
        normal = (rear[1] - front[1], 0.0, front[0] - rear[0])
        builder.panel(across(0.0, 1.0, 0.0, 1.0), normal, PAINT_DARK if number == last else PAINT)
        if number == shape.cabin[0] and top - rear[1] > 0.3:
            builder.detail(across(0.1, 0.9, 0.14, 0.9), GLASS)
            builder.detail(across(0.2, 0.42, 0.3, 0.86), GLARE)
        elif number == shape.cabin[1] - 1:
            builder.detail(across(0.07, 0.93, 0.08, 0.96), WINDSCREEN)
            builder.detail(across(0.56, 0.8, 0.12, 0.9), GLARE)
            builder.detail(across(0.07, 0.93, 0.92, 0.98), TRIM)
        elif number == 0:
            _add_rear(builder, across)
        elif number == last - 1:
            _add_nose(builder, across)
        elif number == last:
            builder.detail(across(0.12, 0.88, 0.45, 0.8), UNDER)
            builder.detail(across(0.36, 0.64, 0.1, 0.42), PLATE)


def _across(shape: Shape, ends: Outline, a0: float, a1: float, b0: float, b1: float) -> np.ndarray:
    """A quad (4, 3) on a strip: shares a0..a1 from left to right, b0..b1 from rear to front."""
    rear, front = ends
    corners = []
    for b, sides in ((b0, (a0, a1)), (b1, (a1, a0))):
        a = rear[0] + (front[0] - rear[0]) * b
        y = rear[1] + (front[1] - rear[1]) * b
        corners += [(a, (2 * side - 1) * _half_width(shape, a, y), y) for side in sides]
    return np.array(corners)


def _add_rear(builder: _Builder, across: _OnStrip) -> None:
    builder.detail(across(0.0, 1.0, 0.0, 0.36), PAINT_DARK)
    builder.detail(across(0.1, 0.9, 0.0, 0.12), UNDER)
    builder.detail(across(0.01, 0.2, 0.56, 0.94), TAIL)
    builder.detail(across(0.8, 0.99, 0.56, 0.94), TAIL)
    builder.detail(across(0.01, 0.2, 0.7, 0.8), LAMP)
    builder.detail(across(0.8, 0.99, 0.7, 0.8), LAMP)
    builder.detail(across(0.36, 0.64, 0.48, 0.7), PLATE)


def _add_nose(builder: _Builder, across: _OnStrip) -> None:
    builder.detail(across(0.02, 0.25, 0.1, 0.85), LAMP)
    builder.detail(across(0.75, 0.98, 0.1, 0.85), LAMP)
    builder.detail(across(0.3, 0.7, 0.15, 0.95), TRIM)
    builder.detail(across(0.47, 0.53, 0.35, 0.75), PLATE)


def _add_side(builder: _Builder, shape: Shape, sign: int) -> None:
    def on_side(outline) -> np.ndarray:
        return np.array([(a, sign * _half_width(shape, a, y), y) for a, y in outline])

    first, last = shape.cabin
    lower = (*shape.profile[: first + 1], *shape.profile[last:])
    inner = (0.5 - _TAPERED) * shape.length if shape.taper else shape.length
    for end in (-1, 1) if shape.taper else ():
        _add_corner(builder, shape, sign, end, lower, on_side)
    builder.panel(on_side(_cut(lower, -inner, inner)), (0.0, sign, 0.0), PAINT, convex=False)
    rear, nose = shape.profile[0], shape.profile[-1]
    sill = ((rear[0], rear[1]), (rear[0], 0.5), (nose[0], 0.44), (nose[0], nose[1]))
    builder.detail(on_side(_cut(sill, -inner, inner)), PAINT_DARK)
    belt = shape.profile[first][1]
    for a in shape.doors:
        gap = ((a - 0.015, 0.35), (a - 0.015, belt), (a + 0.015, belt), (a + 0.015, 0.35))
        builder.detail(on_side(gap), UNDER)
        handle = ((a + 0.1, 0.84), (a + 0.1, 0.88), (a + 0.28, 0.88), (a + 0.28, 0.84))
        builder.detail(on_side(handle), PAINT_DARK)
    for axle in shape.axles:
        if shape.cargo is None or axle > shape.cargo[1]:
            _add_wheel(builder, shape, axle, on_side)
    upper = shape.profile[first : last + 1]
    builder.panel(on_side(upper), (0.0, sign, 0.25), PAINT, convex=False)
    for window in shape.windows:
        builder.detail(on_side(window), GLASS)


def _add_corner(
    builder: _Builder, shape: Shape, sign: int, end: int, lower: Outline, on_side: _OnSide
) -> None:
    """The narrowing part of a side at the rear (end -1) or the front (1), with its lamp."""
    inner, outer = (0.5 - _TAPERED) * shape.length, shape.length
    low, high = (inner, outer) if end > 0 else (-outer, -inner)
    outline = _cut(lower, low, high)
    builder.panel(on_side(outline), (0.45 * end, sign, 0.0), PAINT, convex=False)
    top = max(y for _, y in outline)
    bottom = min(y for _, y in outline)
    bumper = [(a, min(y, bottom + (top - bottom) * 0.34)) for a, y in outline]
    builder.detail(on_side(bumper), PAINT_DARK, convex=False)
    tip = shape.profile[-3] if end > 0 else shape.profile[1]
    back = tip[0] - end * 0.28
    lamp = (
        (back, tip[1] - 0.04),
        (tip[0], tip[1] - 0.03),
        (tip[0], tip[1] - 0.22),
        (back, tip[1] - 0.14),
    )
    builder.detail(on_side(lamp), LAMP if end > 0 else TAIL)


def _add_wheel(builder: _Builder, shape: Shape, axle: float, on_side: _OnSide) -> None:
    for radius, material in (
        (1.22, UNDER),
        (1.0, TYRE),
        (0.66, RIM),
        (0.5, TRIM),
        (0.44, RIM),
        (0.16, TRIM),
    ):
        circle = UNIT_CIRCLE * (shape.wheel * radius) + (axle, shape.wheel)
        circle[:, 1] = np.maximum(circle[:, 1], 0.0)
        builder.detail(on_side(circle.tolist()), material)


def _add_mirror(builder: _Builder, shape: Shape, sign: int) -> None:
    a, y = shape.profile[shape.cabin[1]]
    a -= 0.22
    inner = sign * _half_width(shape, a, y)
    outer = inner + sign * 0.2
    mirror = [(a, inner, y), (a, outer, y), (a, outer, y + 0.15), (a, inner, y + 0.15)]
    builder.panel(mirror, (1.0, 0.0, 0.0), PAINT)
    builder.panel(mirror, (-1.0, 0.0, 0.0), PAINT_DARK)


def _add_underside(builder: _Builder, shape: Shape) -> None:
    """The tyres and the dark below the body, as seen from in front and behind."""
    half = shape.width / 2 * (1.0 - 0.4 * shape.taper)

    def upright(a: float, w0: float, w1: float, y0: float, y1: float):
        return [(a, w0, y0), (a, w1, y0), (a, w1, y1), (a, w0, y1)]

    for axle in (shape.axles[0], shape.axles[-1]):
        for end in (-1.0, 1.0):
            a = axle + end * shape.wheel * 0.7
            builder.panel(upright(a, -half, half, 0.16, 0.5), (end, 0.0, 0.0), UNDER)
            builder.detail(upright(a, -half, 0.22 - half, 0.0, 0.5), TYRE)
            builder.detail(upright(a, half - 0.22, half, 0.0, 0.5), TYRE)


def _add_cargo(builder: _Builder, shape: Shape, cargo: tuple[float, float, float, float]) -> None:
    """The box of a truck: two ends, a roof, and sides with the frame and rear wheels below."""
    a0, a1, y0, y1 = cargo
    half = shape.width / 2
    for a, end in ((a0, -1.0), (a1, 1.0)):
        wall = [(a, -half, y0), (a, half, y0), (a, half, y1), (a, -half, y1)]
        builder.panel(wall, (end, 0.0, 0.0), CARGO)
        if a == a0:
            gap = [(a, -0.02, y0), (a, 0.02, y0), (a, 0.02, y1), (a, -0.02, y1)]
            builder.detail(gap, UNDER)
            for w in (-half, half - 0.3):
                tail = [(a, w, y0), (a, w + 0.3, y0), (a, w + 0.3, y0 + 0.14), (a, w, y0 + 0.14)]
                builder.detail(tail, TAIL)
    roof = [(a0, -half, y1), (a1, -half, y1), (a1, half, y1), (a0, half, y1)]
    builder.panel(roof, (0.0, 0.0, 1.0), CARGO)
    for sign in (-1, 1):
        w = sign * half
        builder.panel([(a0, w, y0), (a1, w, y0), (a1, w, y1), (a0, w, y1)], (0.0, sign, 0.0), CARGO)
        frame = [(a0, w, y0 - 0.35), (a1, w, y0 - 0.35), (a1, w, y0), (a0, w, y0)]
        builder.detail(frame, UNDER)
        _add_wheel(
            builder,
            shape,
            shape.axles[0],
            lambda outline, w=w: np.array([(a, w, y) for a, y in outline]),
        )


def _cut(
    outline: Sequence[tuple[float, float]], low: float, high: float
) -> list[tuple[float, float]]:
    """The part of an outline (a, y) between two values of a."""
    kept = list(outline)
    for edge, side in ((low, 1.0), (high, -1.0)):
        source, kept = kept, []
        for (a0, y0), (a1, y1) in zip([source[-1], *source[:-1]], source, strict=True):
            if (a0 - edge) * side < 0 < (a1 - edge) * side or (a1 - edge) * side < 0 < (
                a0 - edge
            ) * side:
                kept.append((edge, y0 + (y1 - y0) * (edge - a0) / (a1 - a0)))
            if (a1 - edge) * side >= 0:
                kept.append((a1, y1))
    return kept
