"""Where trees, lamps, signs, lights, bollards and bins stand."""

from seginpaint_mm.datasets.street.dice import SeededDice
from seginpaint_mm.datasets.street.layout import Side, Street
from seginpaint_mm.datasets.street.placement import LOTS, Placement

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
