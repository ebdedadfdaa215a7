"""Where each thing stands, and which of two things is in front of the other."""

from dataclasses import dataclass

import numpy as np

from seginpaint_mm.datasets.street.camera import rotation
from seginpaint_mm.datasets.street.dice import Dice

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
