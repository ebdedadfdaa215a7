"""Lay out a street: kerbs, lanes, blocks, lots beside the road, lines of sight."""

from bisect import bisect
from dataclasses import dataclass

import numpy as np

from seginpaint_mm.street.looks import Look
from seginpaint_mm.street.placement import FAR, LOTS, NEAR, Camera, Dice, Placement, SeededDice

GAP_KINDS = ('hedge', 'wall', 'fence', 'lawn')


@dataclass(frozen=True)
class Side:
    """One side of the street, from the road's edge outwards.

    Attributes:
        sign: -1 left, 1 right.
        edge: |s| where the road ends.
        verge: Width of the grass strip next to the road, 0 = none.
        pavement: Width of the pavement, 0 = none.
        front: |s| of the frontage line.
        parking: 'none', 'lane' (along the curb), 'pavement' (half on it) or 'bays' (nose in).
    """

    sign: int
    edge: float
    verge: float
    pavement: float
    front: float
    parking: str


@dataclass(frozen=True)
class Block:
    """A stretch of frontage.

    Attributes:
        sign: -1 left, 1 right.
        z0, z1: Where it begins and ends.
        kind: 'building' or one of GAP_KINDS.
        height: Its height in metres.
        end_shows: Whether its near end wall rises above what stands before it.
        key: Seeds its drawing.
    """

    sign: int
    z0: float
    z1: float
    kind: str
    height: float
    end_shows: bool
    key: int


@dataclass(frozen=True)
class Street:
    """A whole street.

    Attributes:
        half_width: Half the width of the road.
        paving: 'asphalt' or 'cobbles'.
        sides: Left and right.
        crossings: (z0, z1) of each side street.
        zebra: z of a crosswalk, or None.
        blocks: What lines the street.
        sun: The side whose frontage is in the sun, -1 left, 1 right.
    """

    half_width: float
    paving: str
    sides: tuple[Side, Side]
    crossings: tuple[tuple[float, float], ...]
    zebra: float | None
    blocks: tuple[Block, ...]
    sun: int

    def in_crossing(self, z: float, margin: float) -> bool:
        """Whether z lies in a side street or closer to one than the margin in metres."""
        return any(z0 - margin < z < z1 + margin for z0, z1 in self.crossings)


def plan_street(dice: Dice) -> Street:
    """Draws the lots for a street."""
    half_width = dice.uniform(3.2, 7.4)
    sides = (_plan_side(dice, -1, half_width), _plan_side(dice, 1, half_width))
    crossings = _plan_crossings(dice)
    zebra = None
    if dice.chance(0.35):
        zebra = crossings[0][0] - 5.0 if crossings else dice.uniform(9.0, 26.0)
    blocks = [block for side in sides for block in _plan_blocks(dice, side, crossings)]
    return Street(
        half_width=half_width,
        paving=dice.pick(('asphalt', 'asphalt', 'asphalt', 'cobbles')),
        sides=sides,
        crossings=crossings,
        zebra=zebra,
        blocks=tuple(blocks),
        sun=dice.sign(),
    )


def plan_camera(dice: Dice, look: Look, street: Street, size: tuple[int, int]) -> Camera:
    """Draws the lots for the camera: in the right lane, or the middle of a narrow street."""
    height, width = size
    lane = street.half_width * 0.45 if street.half_width > 4.2 else 0.0
    if street.sides[1].parking != 'none':
        lane *= 0.6
    return Camera(
        width=width,
        height=height,
        focal=dice.uniform(0.82, 1.08) * min(width, 2 * height),
        centre=width * dice.uniform(0.42, 0.58),
        horizon=height * dice.uniform(0.4, 0.5),
        elevation=dice.uniform(*look.elevation),
        offset=lane + dice.uniform(-0.5, 0.5),
        bend=dice.pick((0.0, 1.0, 1.0)) * dice.uniform(-0.0032, 0.0032),
    )


def _plan_side(dice: Dice, sign: int, half_width: float) -> Side:
    pavement = 0.0 if dice.chance(0.15) else dice.uniform(1.4, 5.2)
    verge = dice.uniform(0.8, 2.4) if dice.chance(0.2) else 0.0
    setback = dice.uniform(0.5, 6.0) if dice.chance(0.3) else 0.0
    if pavement == 0.0:
        setback += 0.6
    options = ['none', 'lane', 'lane']
    if pavement > 2.4 and verge == 0.0:
        options.append('pavement')
    if half_width > 6.4:
        options.append('bays')
    return Side(
        sign=sign,
        edge=half_width,
        verge=verge,
        pavement=pavement,
        front=half_width + verge + pavement + setback,
        parking=dice.pick(options),
    )


def _plan_crossings(dice: Dice) -> tuple[tuple[float, float], ...]:
    crossings = []
    z = dice.uniform(12.0, 70.0)
    while z < FAR and len(crossings) < 3:
        width = dice.uniform(6.0, 13.0)
        crossings.append((z, z + width))
        z += width + dice.uniform(35.0, 90.0)
    return tuple(crossings)


def _plan_blocks(dice: Dice, side: Side, crossings: tuple[tuple[float, float], ...]) -> list[Block]:
    corner = max(side.pavement, 1.0) + 0.5
    starts = [NEAR - 12.0, *(z1 + corner for _, z1 in crossings)]
    ends = [*(z0 - corner for z0, _ in crossings), FAR]
    built_up = dice.uniform(0.35, 1.0)
    blocks = []
    for start, end in zip(starts, ends, strict=True):
        z = start
        while z < end:
            in_front = blocks[-1] if z > start else None
            blocks.append(_plan_block(dice, side, z, end, built_up, in_front))
            z = blocks[-1].z1
    return blocks


def _plan_block(
    dice: Dice, side: Side, z: float, end: float, built_up: float, in_front: Block | None
) -> Block:
    length = dice.uniform(9.0, 24.0) * (1.0 + max(z, 0.0) / 100.0)
    if end - (z + length) < 5.0:
        length = end - z
    kind = 'building' if dice.chance(built_up) else dice.pick(GAP_KINDS)
    height = dice.uniform(5.5, 19.0) if kind == 'building' else dice.uniform(0.9, 2.4)
    end_shows = in_front is None or in_front.height < height
    return Block(side.sign, z, z + length, kind, height, end_shows, dice.integer(0, 1 << 30))


class SightLines:
    """Down to which bearing one can see past the frontage on each side, for every depth."""

    def __init__(self, street: Street, camera: Camera):
        self._fronts = street.sides[0].front, street.sides[1].front
        self._camera = camera
        depths = np.arange(NEAR, FAR, 2.0)
        left = camera.world_x(-self._fronts[0], depths) / depths
        right = camera.world_x(self._fronts[1], depths) / depths
        self._depths = depths.tolist()
        self._left = np.maximum.accumulate(left).tolist()
        self._right = np.minimum.accumulate(right).tolist()

    def reach(self, thing: Placement) -> bool:
        """Whether no frontage stands between the camera and the thing."""
        if thing.z <= NEAR:
            return False
        if abs(thing.s) > self._fronts[0 if thing.s < 0 else 1]:
            return True
        nearer = bisect(self._depths, thing.z) - 1
        bearing = self._camera.world_x(thing.s, thing.z) / thing.z
        return self._left[nearer] < bearing < self._right[nearer]


_FIRST_Z = 3.5


def plan_furniture(dice: SeededDice, street: Street) -> list[Placement]:
    """Draws the lots for trees, lamps, signs, lights, bollards and bins."""
    things: list[Placement] = []
    for side in street.sides:
        _plan_trees(dice, things, street, side)
        _plan_lamps(dice, things, street, side)
        _plan_small(dice, things, street, side)
    _plan_lights(dice, things, street)
    _plan_gardens(dice, things, street)
    return things


def _add(
    dice: SeededDice, things: list[Placement], kind: str, s: float, z: float, half: float
) -> None:
    thing = Placement(kind, s, z, 0.0, half, half, dice.lots(LOTS))
    if z > _FIRST_Z and not any(thing.overlaps(other, 0.2) for other in things):
        things.append(thing)


def _plan_trees(dice: SeededDice, things: list[Placement], street: Street, side: Side) -> None:
    if not dice.chance(0.75 if side.verge else 0.3):
        return
    s = side.sign * (side.edge + (side.verge / 2 if side.verge else 0.7))
    if not side.verge and side.pavement < 2.2:
        return
    pitch, z = dice.uniform(7.0, 15.0), dice.uniform(5.0, 18.0)
    while z < 90.0:
        if not street.in_crossing(z, 3.0):
            _add(dice, things, 'tree', s, z, 0.2)
        z += pitch


def _plan_lamps(dice: SeededDice, things: list[Placement], street: Street, side: Side) -> None:
    if not dice.chance(0.6):
        return
    z = dice.uniform(6.0, 30.0)
    while z < 90.0:
        if not street.in_crossing(z, 1.0):
            _add(dice, things, 'lamp', side.sign * (side.edge + 0.45), z, 0.08)
        z += dice.uniform(20.0, 32.0)


def _plan_small(dice: SeededDice, things: list[Placement], street: Street, side: Side) -> None:
    for _ in range(dice.integer(0, 4)):
        z = dice.uniform(6.0, 60.0)
        if not street.in_crossing(z, 1.0):
            _add(dice, things, 'sign', side.sign * (side.edge + 0.4), z, 0.06)
    if side.pavement > 1.8 and dice.chance(0.25):
        start = dice.uniform(6.0, 25.0)
        for number in range(dice.integer(3, 9)):
            if not street.in_crossing(start + 1.8 * number, 0.5):
                _add(
                    dice,
                    things,
                    'bollard',
                    side.sign * (side.edge + 0.35),
                    start + 1.8 * number,
                    0.07,
                )
    if side.pavement and dice.chance(0.3):
        outer = side.edge + side.verge + side.pavement
        _add(dice, things, 'bin', side.sign * (outer - 0.5), dice.uniform(6.0, 30.0), 0.35)


def _plan_lights(dice: SeededDice, things: list[Placement], street: Street) -> None:
    for z0, _ in street.crossings[:1]:
        if dice.chance(0.5):
            for side in street.sides:
                _add(dice, things, 'light', side.sign * (side.edge + 0.5), z0 - 1.0, 0.08)


def _plan_gardens(dice: SeededDice, things: list[Placement], street: Street) -> None:
    for block in street.blocks:
        if block.kind == 'building':
            continue
        front = street.sides[0 if block.sign < 0 else 1].front
        for _ in range(dice.integer(0, 3)):
            z = dice.uniform(block.z0 + 1.0, block.z1)
            kind = 'bush' if dice.chance(0.35) else 'tree'
            _add(dice, things, kind, block.sign * (front + dice.uniform(2.5, 8.0)), z, 0.3)
