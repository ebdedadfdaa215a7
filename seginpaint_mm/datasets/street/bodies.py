"""Vehicle bodies as flat panels in metres, built once a kind.

Local axes: `l` forward, `w` to the right, `y` up; the origin is on the ground under the middle.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seginpaint_mm.datasets.street.canvas import UNIT_CIRCLE

Outline = tuple[tuple[float, float], ...]  # (l, y) points

PAINT, PAINT_DARK, GLASS, WINDSCREEN, TYRE, RIM, TRIM, LAMP, TAIL, PLATE, UNDER, CARGO = range(12)


@dataclass(frozen=True)
class Shape:
    """The measures of one kind of vehicle.

    Attributes:
        length, width: Size of the footprint in metres.
        profile: (l, y) from the rear bottom over the roof to the front bottom.
        cabin: First and last profile point of the part with side windows.
        roof_share: Width of the roof as a share of the body's.
        windows: (l, y) outlines of the side windows.
        axles: l of each axle.
        wheel: Wheel radius.
        doors: l of the door gaps.
        cargo: (l0, l1, y0, y1) of a box behind the cab, or None.
    """

    length: float
    width: float
    profile: Outline
    cabin: tuple[int, int]
    roof_share: float
    windows: tuple[Outline, ...]
    axles: tuple[float, ...]
    wheel: float
    doors: tuple[float, ...]
    cargo: tuple[float, float, float, float] | None = None


SHAPES = {
    'hatchback': Shape(
        length=4.0,
        width=1.74,
        profile=(
            (-2.0, 0.32), (-2.0, 0.94), (-1.62, 1.42), (-0.9, 1.5), (0.2, 1.48),
            (1.02, 0.98), (1.8, 0.82), (2.0, 0.58), (2.0, 0.24),
        ),
        cabin=(1, 5),
        roof_share=0.78,
        windows=(
            ((-1.62, 0.98), (-1.42, 1.34), (-0.42, 1.41), (-0.42, 0.98)),
            ((-0.32, 0.98), (-0.32, 1.41), (0.2, 1.39), (0.84, 1.0)),
        ),
        axles=(-1.24, 1.26),
        wheel=0.31,
        doors=(-1.0, -0.36, 0.86),
    ),
    'sedan': Shape(
        length=4.66,
        width=1.82,
        profile=(
            (-2.33, 0.34), (-2.3, 0.96), (-1.72, 1.02), (-1.05, 1.4), (-0.4, 1.46), (0.1, 1.44),
            (1.02, 0.98), (2.1, 0.8), (2.33, 0.56), (2.33, 0.24),
        ),
        cabin=(2, 6),
        roof_share=0.76,
        windows=(
            ((-1.5, 1.04), (-1.0, 1.33), (-0.42, 1.38), (-0.42, 1.0)),
            ((-0.32, 1.0), (-0.32, 1.38), (0.12, 1.36), (0.82, 1.0)),
        ),
        axles=(-1.4, 1.42),
        wheel=0.33,
        doors=(-1.22, -0.36, 0.86),
    ),
    'estate': Shape(
        length=4.6,
        width=1.82,
        profile=(
            (-2.3, 0.34), (-2.3, 0.98), (-1.98, 1.44), (-1.0, 1.52), (0.1, 1.48),
            (1.05, 0.98), (2.08, 0.8), (2.3, 0.56), (2.3, 0.24),
        ),
        cabin=(1, 5),
        roof_share=0.78,
        windows=(
            ((-1.98, 1.04), (-1.82, 1.36), (-1.3, 1.42), (-1.3, 1.02)),
            ((-1.2, 1.02), (-1.2, 1.42), (-0.4, 1.42), (-0.4, 1.0)),
            ((-0.3, 1.0), (-0.3, 1.42), (0.14, 1.4), (0.86, 1.0)),
        ),
        axles=(-1.38, 1.42),
        wheel=0.33,
        doors=(-1.24, -0.34, 0.9),
    ),
    'suv': Shape(
        length=4.6,
        width=1.9,
        profile=(
            (-2.3, 0.42), (-2.3, 1.12), (-2.02, 1.62), (-1.0, 1.72), (0.1, 1.68),
            (0.98, 1.14), (2.02, 1.02), (2.3, 0.78), (2.3, 0.32),
        ),
        cabin=(1, 5),
        roof_share=0.8,
        windows=(
            ((-1.96, 1.2), (-1.82, 1.52), (-1.3, 1.6), (-1.3, 1.18)),
            ((-1.2, 1.18), (-1.2, 1.6), (-0.4, 1.61), (-0.4, 1.16)),
            ((-0.3, 1.16), (-0.3, 1.61), (0.14, 1.58), (0.8, 1.16)),
        ),
        axles=(-1.36, 1.4),
        wheel=0.38,
        doors=(-1.24, -0.34, 0.86),
    ),
    'van': Shape(
        length=5.2,
        width=1.98,
        profile=(
            (-2.6, 0.4), (-2.6, 1.12), (-2.52, 2.02), (-1.2, 2.1), (1.1, 2.06),
            (1.98, 1.2), (2.5, 1.0), (2.6, 0.66), (2.6, 0.3),
        ),
        cabin=(1, 5),
        roof_share=0.88,
        windows=(
            ((0.5, 1.2), (0.5, 1.86), (1.06, 1.86), (1.72, 1.22)),
        ),
        axles=(-1.6, 1.66),
        wheel=0.35,
        doors=(0.42, 1.72, -0.9),
    ),
    'truck': Shape(
        length=7.4,
        width=2.4,
        profile=(
            (1.9, 0.5), (1.9, 1.3), (1.95, 2.5), (2.3, 2.62), (3.3, 2.56),
            (3.6, 1.45), (3.68, 1.2), (3.7, 0.8), (3.7, 0.34),
        ),
        cabin=(1, 5),
        roof_share=0.94,
        windows=(
            ((2.5, 1.4), (2.5, 2.3), (3.2, 2.3), (3.46, 1.42)),
        ),
        axles=(-2.4, 2.8),
        wheel=0.46,
        doors=(2.4, 3.5),
        cargo=(-3.7, 1.75, 0.95, 3.35),
    ),
    'bus': Shape(
        length=11.0,
        width=2.5,
        profile=(
            (-5.5, 0.4), (-5.5, 1.25), (-5.45, 2.85), (-5.2, 3.0), (5.2, 3.0),
            (5.45, 1.15), (5.48, 1.0), (5.5, 0.7), (5.5, 0.32),
        ),
        cabin=(1, 5),
        roof_share=0.96,
        windows=tuple(
            ((l + 0.08, 1.3), (l + 0.08, 2.5), (l + 1.42, 2.5), (l + 1.42, 1.3))
            for l in (-5.2, -3.7, -2.2, -0.7, 0.8, 2.3, 3.8)
        ),
        axles=(-2.9, 3.4),
        wheel=0.5,
        doors=(3.9, 5.1, -0.6, 0.7),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Body:
    """All polygons of a kind in one array, so that they are projected at once.

    Attributes:
        points: float64 (P, 3), (l, w, y).
        spans: (start, stop) of each polygon in `points`.
        materials: Material of each polygon.
        panels: For each panel the polygons to draw in turn, the panel itself first.
        normals, centres: float64 (K, 3) of the panels.
    """

    points: np.ndarray
    spans: tuple[tuple[int, int], ...]
    materials: tuple[int, ...]
    panels: tuple[range, ...]
    normals: np.ndarray
    centres: np.ndarray


class _Builder:
    """Collects panels and the details on them."""

    def __init__(self):
        self._polygons: list[np.ndarray] = []
        self._materials: list[int] = []
        self._starts: list[int] = []
        self._normals: list[tuple[float, float, float]] = []

    def panel(self, points, normal: tuple[float, float, float], material: int) -> None:
        """Starts a panel: points (n, 3), outward normal (l, w, y)."""
        self._starts.append(len(self._polygons))
        self._normals.append(normal)
        self.detail(points, material)

    def detail(self, points, material: int) -> None:
        """Adds a polygon drawn over the panel started last."""
        self._polygons.append(np.asarray(points, np.float64))
        self._materials.append(material)

    def build(self) -> Body:
        stops = np.cumsum([len(polygon) for polygon in self._polygons]).tolist()
        ends = [*self._starts[1:], len(self._polygons)]
        centres = [
            (self._polygons[start].min(axis=0) + self._polygons[start].max(axis=0)) / 2
            for start in self._starts
        ]
        return Body(
            points=np.concatenate(self._polygons),
            spans=tuple(zip([0, *stops[:-1]], stops, strict=True)),
            materials=tuple(self._materials),
            panels=tuple(range(a, b) for a, b in zip(self._starts, ends, strict=True)),
            normals=np.array(self._normals),
            centres=np.array(centres),
        )


@cache
def body(kind: str) -> Body:
    """The body of one of SHAPES."""
    shape = SHAPES[kind]
    builder = _Builder()
    _add_wheels_from_end(builder, shape)
    if shape.cargo is not None:
        _add_cargo(builder, shape)
    _add_strips(builder, shape)
    for sign in (-1, 1):
        _add_side(builder, shape, sign)
    return builder.build()


def _half_width(shape: Shape, y: float) -> float:
    belt = shape.profile[shape.cabin[0]][1]
    top = max(point[1] for point in shape.profile)
    share = min(max((y - belt) / (top - belt), 0.0), 1.0)
    return shape.width / 2 * (1.0 - (1.0 - shape.roof_share) * share)


def _add_strips(builder: _Builder, shape: Shape) -> None:
    """The panels across the body: rear, rear window, roof, windscreen, bonnet, nose."""
    last = len(shape.profile) - 2
    top = max(point[1] for point in shape.profile)
    for index, (rear, front) in enumerate(zip(shape.profile, shape.profile[1:], strict=False)):
        (l0, y0), (l1, y1) = rear, front
        normal = (-(y1 - y0), 0.0, l1 - l0)
        material = PAINT_DARK if index == last else PAINT
        builder.panel(_across(shape, rear, front, 0.0, 1.0, 0.0, 1.0), normal, material)
        if index == shape.cabin[0] and top - y0 > 0.3:
            builder.detail(_across(shape, rear, front, 0.1, 0.9, 0.14, 0.9), GLASS)
        elif index == shape.cabin[1] - 1:
            builder.detail(_across(shape, rear, front, 0.07, 0.93, 0.08, 0.96), WINDSCREEN)
        elif index == 0:
            _add_rear(builder, shape, rear, front)
        elif index == last - 1:
            _add_nose(builder, shape, rear, front)
        elif index == last:
            builder.detail(_across(shape, rear, front, 0.3, 0.7, 0.25, 0.6), PLATE)


def _across(shape: Shape, rear, front, a0: float, a1: float, b0: float, b1: float) -> np.ndarray:
    """A quad (4, 3) on a strip: a across the body from the left, b from the rear to the front edge."""
    rows = []
    for b, sides in ((b0, (a0, a1)), (b1, (a1, a0))):
        l = rear[0] + (front[0] - rear[0]) * b
        y = rear[1] + (front[1] - rear[1]) * b
        half = _half_width(shape, y)
        rows += [(l, (2 * a - 1) * half, y) for a in sides]
    return np.array(rows)


def _add_rear(builder: _Builder, shape: Shape, rear, front) -> None:
    builder.detail(_across(shape, rear, front, 0.0, 1.0, 0.0, 0.34), PAINT_DARK)
    builder.detail(_across(shape, rear, front, 0.02, 0.2, 0.58, 0.92), TAIL)
    builder.detail(_across(shape, rear, front, 0.8, 0.98, 0.58, 0.92), TAIL)
    builder.detail(_across(shape, rear, front, 0.36, 0.64, 0.48, 0.7), PLATE)


def _add_nose(builder: _Builder, shape: Shape, rear, front) -> None:
    builder.detail(_across(shape, rear, front, 0.03, 0.24, 0.1, 0.8), LAMP)
    builder.detail(_across(shape, rear, front, 0.76, 0.97, 0.1, 0.8), LAMP)
    builder.detail(_across(shape, rear, front, 0.3, 0.7, 0.15, 0.95), TRIM)


def _add_side(builder: _Builder, shape: Shape, sign: int) -> None:
    def on_side(outline) -> np.ndarray:
        return np.array([(l, sign * _half_width(shape, y), y) for l, y in outline])

    first, last = shape.cabin
    lower = (*shape.profile[: first + 1], *shape.profile[last:])
    builder.panel(on_side(lower), (0.0, float(sign), 0.0), PAINT)
    rear, nose = shape.profile[0], shape.profile[-1]
    sill = ((rear[0], rear[1]), (rear[0], 0.52), (nose[0], 0.46), (nose[0], nose[1]))
    builder.detail(on_side(sill), PAINT_DARK)
    belt = shape.profile[first][1]
    for l in shape.doors:
        gap = ((l - 0.015, 0.35), (l - 0.015, belt), (l + 0.015, belt), (l + 0.015, 0.35))
        builder.detail(on_side(gap), UNDER)
    _add_side_lamps(builder, shape, on_side)
    for axle in shape.axles:
        for radius, material in ((1.2, UNDER), (1.0, TYRE), (0.62, RIM), (0.2, TRIM)):
            circle = UNIT_CIRCLE * (shape.wheel * radius) + (axle, shape.wheel)
            circle = np.maximum(circle, (-99.0, 0.0))
            builder.detail(on_side(circle), material)
    upper = shape.profile[first : last + 1]
    builder.panel(on_side(upper), (0.0, float(sign), 0.25), PAINT)
    for window in shape.windows:
        builder.detail(on_side(window), GLASS)


def _add_side_lamps(builder: _Builder, shape: Shape, on_side) -> None:
    rear, nose = shape.profile[1], shape.profile[-3]
    tail = ((rear[0], rear[1] - 0.3), (rear[0], rear[1] - 0.05), (rear[0] + 0.2, rear[1] - 0.06))
    lamp = (
        (nose[0] - 0.2, nose[1] - 0.06),
        (nose[0], nose[1] - 0.04),
        (nose[0] + 0.1, nose[1] - 0.2),
    )
    builder.detail(on_side(tail), TAIL)
    builder.detail(on_side(lamp), LAMP)


def _add_wheels_from_end(builder: _Builder, shape: Shape) -> None:
    """The tyres and the dark underside as seen from in front and behind."""
    half = shape.width / 2
    for axle in (shape.axles[0], shape.axles[-1]):
        for direction in (-1.0, 1.0):
            l = axle + direction * shape.wheel * 0.7
            under = [
                (l, -half * 0.95, 0.16),
                (l, half * 0.95, 0.16),
                (l, half * 0.95, 0.5),
                (l, -half * 0.95, 0.5),
            ]
            builder.panel(under, (direction, 0.0, 0.0), UNDER)
            for w0 in (-half, half - 0.22):
                builder.detail(
                    [(l, w0, 0.0), (l, w0 + 0.22, 0.0), (l, w0 + 0.22, 0.5), (l, w0, 0.5)], TYRE
                )


def _add_cargo(builder: _Builder, shape: Shape) -> None:
    l0, l1, y0, y1 = shape.cargo
    half = shape.width / 2
    for l, direction in ((l0, -1.0), (l1, 1.0)):
        wall = [(l, -half, y0), (l, half, y0), (l, half, y1), (l, -half, y1)]
        builder.panel(wall, (direction, 0.0, 0.0), CARGO)
    builder.detail([(l0, -0.02, y0), (l0, 0.02, y0), (l0, 0.02, y1), (l0, -0.02, y1)], UNDER)
    roof = [(l0, -half, y1), (l1, -half, y1), (l1, half, y1), (l0, half, y1)]
    builder.panel(roof, (0.0, 0.0, 1.0), CARGO)
    for sign in (-1, 1):
        w = sign * half
        wall = [(l0, w, y0), (l1, w, y0), (l1, w, y1), (l0, w, y1)]
        builder.panel(wall, (0.0, float(sign), 0.0), CARGO)
        frame = [(l0, w, y0 - 0.35), (l1, w, y0 - 0.35), (l1, w, y0), (l0, w, y0)]
        builder.detail(frame, UNDER)
        for l in shape.axles[:1]:
            for radius, material in ((1.0, TYRE), (0.6, RIM)):
                circle = UNIT_CIRCLE * (shape.wheel * radius) + (l, shape.wheel)
                builder.detail([(x, w, max(y, 0.0)) for x, y in circle], material)
