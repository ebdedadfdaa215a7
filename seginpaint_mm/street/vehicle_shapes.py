"""The measures of each kind of vehicle, in metres.

Local axes: `a` along the vehicle to its front, `w` to its right, `y` up; the origin is on the
ground under its middle.
"""

from dataclasses import dataclass

Outline = tuple[tuple[float, float], ...]  # (a, y) points


@dataclass(frozen=True)
class Shape:
    """The measures of one kind of vehicle.

    Attributes:
        length, width: Size of the footprint in metres.
        profile: (a, y) from the rear bottom over the roof to the front bottom.
        cabin: First and last profile point of the part with side windows.
        roof_share: Width of the roof as a share of the body's.
        windows: (a, y) outlines of the side windows.
        axles: a of each axle.
        wheel: Wheel radius.
        taper: How much narrower the body is at its ends, as a share.
        doors: a of the door gaps.
        cargo: (a0, a1, y0, y1) of a box behind the cab, or None.
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
    taper: float = 0.13
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
        taper=0.0,
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
            ((a + 0.08, 1.3), (a + 0.08, 2.5), (a + 1.42, 2.5), (a + 1.42, 1.3))
            for a in (-5.2, -3.7, -2.2, -0.7, 0.8, 2.3, 3.8)
        ),
        axles=(-2.9, 3.4),
        wheel=0.5,
        doors=(3.9, 5.1, -0.6, 0.7),
        taper=0.0,
    ),
}  # fmt: skip
