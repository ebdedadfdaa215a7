"""Where things stand: the camera, random numbers by name, and placed objects."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar('T')


class Dice:
    """Draws lots from a source of numbers.

    Args:
        random: Returns the next number in [0, 1).
    """

    def __init__(self, random: Callable[[], float]):
        self._random = random

    def uniform(self, low: float, high: float) -> float:
        """A float in [low, high)."""
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self._random() * len(options))]

    def sign(self) -> int:
        """-1 or 1."""
        return 1 if self._random() < 0.5 else -1


class SeededDice(Dice):
    """A PCG64 stream; of numpy's only `random` and `bytes` are used, whose streams never changed.

    Args:
        key: Non-negative integers; equal keys give equal streams.
    """

    def __init__(self, *key: int):
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        super().__init__(self._generator.random)

    def uniforms(self, low: float, high: float, *shape: int) -> np.ndarray:
        """float64 array of the given shape in [low, high)."""
        return low + (high - low) * self._generator.random(shape)

    def bytes(self, *shape: int) -> np.ndarray:
        """uint8 array of the given shape, 0..255."""
        return np.frombuffer(self._generator.bytes(math.prod(shape)), np.uint8).reshape(shape)

    def lots(self, count: int) -> tuple[float, ...]:
        """Numbers to keep for later: `Dice(iter(lots).__next__)` draws from them."""
        return tuple(self._generator.random(count).tolist())


NEAR = 1.6  # metres: nothing closer is drawn
FAR = 220.0  # metres: the end of the ground


@dataclass(frozen=True)
class Camera:
    """The view of one image.

    Attributes:
        width, height: Image size in pixels.
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


LOTS = 24  # random numbers that drawing a thing may use


@dataclass(frozen=True)
class Placement:
    """One thing that can be lifted off the street.

    Attributes:
        kind: What to draw, e.g. 'sedan', 'person', 'tree'.
        s, z: Its middle, in street coordinates.
        turn: tan(half its heading); 0 = along the street, 1 = a quarter turn to the right.
        half_s, half_z: Half sizes of its footprint in metres.
        lots: Random numbers for its drawing.
    """

    kind: str
    s: float
    z: float
    turn: float
    half_s: float
    half_z: float
    lots: tuple[float, ...]

    def dice(self) -> Dice:
        """Dice for its drawing, always from the first lot on."""
        return Dice(iter(self.lots).__next__)

    @property
    def sideways(self) -> bool:
        """Whether it heads across the street rather than along it."""
        return 0.4 < abs(self.turn) < 2.5

    def overlaps(self, other: 'Placement', gap: float) -> bool:
        """Whether the two footprints come closer than the gap in metres."""
        return (
            abs(self.s - other.s) < self.half_s + other.half_s + gap
            and abs(self.z - other.z) < self.half_z + other.half_z + gap
        )


def turned_footprint(length: float, width: float, turn: float) -> tuple[float, float]:
    """(half_s, half_z) of a length x width rectangle with this heading."""
    sine, cosine = rotation(turn)
    sine, cosine = abs(sine), abs(cosine)
    return (length * sine + width * cosine) / 2, (length * cosine + width * sine) / 2


def front_to_back(things: list[Placement], camera_s: float) -> list[int]:
    """Indices of the things, each before all that it can hide.

    Footprints that are apart in depth are ordered by depth. Others that are apart sideways are
    ordered by their distance from the line straight ahead; overlapping ones by their middle.
    """
    if not things:
        return []
    hides = _hides(things, camera_s)
    waiting = hides.sum(axis=0)
    middle = np.array([thing.z for thing in things])
    order = []
    done = np.zeros(len(things), bool)
    for _ in things:
        fewest = waiting[~done].min()
        free = np.flatnonzero(~done & (waiting == fewest))
        first = int(free[np.argmin(middle[free])])
        order.append(first)
        done[first] = True
        waiting = waiting - hides[first]
    return order


def _hides(things: list[Placement], camera_s: float) -> np.ndarray:
    """bool as int (n, n): [i, j] = 1 where i can hide j."""
    s = np.array([thing.s for thing in things]) - camera_s
    z = np.array([thing.z for thing in things])
    half_s = np.array([thing.half_s for thing in things])
    half_z = np.array([thing.half_z for thing in things])
    slack = 0.05
    nearer = (z + half_z)[:, None] <= (z - half_z)[None] + slack
    level = ~nearer & ~nearer.T
    right = (s + half_s)[:, None] <= (s - half_s)[None] + slack  # i is left of j
    inner_right = level & right & (s + half_s > 0)[:, None]
    inner_left = level & right.T & (s - half_s < 0)[:, None]
    touching = level & ~right & ~right.T & (z[:, None] < z[None])
    return (nearer | inner_right | inner_left | touching).astype(int)
