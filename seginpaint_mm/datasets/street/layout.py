"""The plan of a street in metres: road, pavements, side streets and what lines them."""

from dataclasses import dataclass

from seginpaint_mm.datasets.street.camera import FAR, NEAR, Camera
from seginpaint_mm.datasets.street.dice import Dice
from seginpaint_mm.datasets.street.looks import Look

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
