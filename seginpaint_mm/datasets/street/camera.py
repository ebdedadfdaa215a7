"""Pinhole camera that looks along a bending street.

Street coordinates are metres: `s` to the right of the road's centre line, `y` up from the ground,
`z` forward from the camera. World coordinates (`x`, `y`, `z`) have the camera above x = 0; the
street's bend moves a point at depth z by bend * z**2. Picture coordinates are pixels, u right and v
down, with pixel (i, j) covering [i, i+1) x [j, j+1). Only + - * / and square roots are used, so
results are equal everywhere.
"""

from dataclasses import dataclass

import numpy as np

NEAR = 1.6  # metres: nothing closer is drawn
FAR = 220.0  # metres: the end of the ground


@dataclass(frozen=True)
class Camera:
    """The view of one picture.

    Attributes:
        width, height: Picture size in pixels.
        focal: Focal length in pixels.
        centre: Column of the optical axis.
        horizon: Row of the horizon.
        elevation: Height of the camera above the ground in metres.
        offset: The camera's lateral place `s` on the street.
        bend: Bend of the street in 1/metre, positive to the right.
    """

    width: int
    height: int
    focal: float
    centre: float
    horizon: float
    elevation: float
    offset: float
    bend: float

    def world_x(self, s, z):
        """World x of street coordinates; floats or arrays."""
        return s - self.offset + self.bend * z * z

    def project_world(self, x, y, z) -> np.ndarray:
        """World points, arrays of one shape (...) or floats -> float64 pixels (..., 2)."""
        scale = self.focal / z
        u = self.centre + x * scale
        v = self.horizon + (self.elevation - y) * scale
        points = np.empty((*np.broadcast(u, v).shape, 2))
        points[..., 0] = u
        points[..., 1] = v
        return points

    def project(self, s, y, z) -> np.ndarray:
        """Street points, arrays of one shape (...) or floats -> float64 pixels (..., 2)."""
        return self.project_world(self.world_x(s, z), y, z)

    def heading(self, z: float) -> tuple[float, float]:
        """(sin, cos) of the street's direction at depth z, from tan(half angle) = bend * z."""
        return rotation(self.bend * z)


def rotation(half_tangent: float) -> tuple[float, float]:
    """(sin, cos) of the angle whose half has this tangent; libm's differ between machines."""
    square = half_tangent * half_tangent
    return 2.0 * half_tangent / (1.0 + square), (1.0 - square) / (1.0 + square)
