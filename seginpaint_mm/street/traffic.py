"""Where vehicles, people, riders and bicycles are."""

from seginpaint_mm.street.bodies import SHAPES
from seginpaint_mm.street.layout import Side, Street
from seginpaint_mm.street.placement import LOTS, Camera, Placement, SeededDice, turned_footprint

_CAR_KINDS = ('hatchback', 'hatchback', 'sedan', 'sedan', 'estate', 'estate', 'suv', 'suv', 'van')
_PERSON_HALF = 0.28
_FIRST_Z = 4.2  # metres: the nearest a thing may begin


class Crowd:
    """Collects things that stand clear of each other."""

    def __init__(self, dice: SeededDice):
        self._dice = dice
        self.things: list[Placement] = []

    def add(
        self, kind: str, s: float, z: float, turn: float, size: tuple[float, float], gap: float
    ) -> bool:
        """Adds a thing of (length, width) metres, unless it is too near or in the way."""
        half_s, half_z = turned_footprint(*size, turn)
        thing = Placement(kind, s, z, turn, half_s, half_z, self._dice.lots(LOTS))
        if z - half_z < _FIRST_Z or any(thing.overlaps(other, gap) for other in self.things):
            return False
        self.things.append(thing)
        return True

    def add_vehicle(self, kind: str, s: float, z: float, turn: float, gap: float) -> bool:
        """Adds a vehicle; see `add`."""
        shape = SHAPES[kind]
        return self.add(kind, s, z, turn, (shape.length, shape.width), gap)


def plan_traffic(dice: SeededDice, street: Street, camera: Camera) -> list[Placement]:
    """Draws the lots for everything that moves or is parked."""
    crowd = Crowd(dice)
    busy = dice.uniform(0.2, 1.0)
    _drive(dice, crowd, street, camera, busy)
    _cross(dice, crowd, street, busy)
    for side in street.sides:
        _park(dice, crowd, street, side)
    for side in street.sides:
        _walk(dice, crowd, street, side, busy)
    _walk_across(dice, crowd, street, busy)
    _cycle(dice, crowd, street, busy)
    return crowd.things


def _away(dice: SeededDice) -> float:
    """A turn that heads along the street, give or take two degrees."""
    return dice.uniform(-0.018, 0.018)


def _towards(dice: SeededDice) -> float:
    """A turn that heads down the street towards the camera."""
    return dice.sign() * dice.uniform(50.0, 400.0)


def _vehicle_kind(dice: SeededDice) -> str:
    return dice.pick(('truck', 'bus')) if dice.chance(0.08) else dice.pick(_CAR_KINDS)


def _drive(dice: SeededDice, crowd: Crowd, street: Street, camera: Camera, busy: float) -> None:
    """Cars ahead in the camera's lane and oncoming ones."""
    z = dice.uniform(7.0, 40.0)
    while z < 90.0:
        crowd.add_vehicle(
            _vehicle_kind(dice), camera.offset + dice.uniform(-0.4, 0.4), z, _away(dice), 0.8
        )
        z += dice.uniform(8.0, 20.0 + 70.0 * (1.0 - busy))
    oncoming = camera.offset - dice.uniform(2.7, 3.4)
    if oncoming - 1.0 < -street.half_width:
        return
    z = dice.uniform(5.0, 34.0)
    while z < 90.0:
        crowd.add_vehicle(
            _vehicle_kind(dice), oncoming + dice.uniform(-0.3, 0.3), z, _towards(dice), 0.8
        )
        z += dice.uniform(8.0, 20.0 + 70.0 * (1.0 - busy))


def _cross(dice: SeededDice, crowd: Crowd, street: Street, busy: float) -> None:
    """Cars that come out of side streets or cross the street."""
    for z0, z1 in street.crossings:
        if not dice.chance(0.4 + 0.5 * busy):
            continue
        for lane, turn in ((0.3, 1.0), (0.7, -1.0)):
            reach = min(side.front for side in street.sides) - 2.4
            s = dice.uniform(-reach, reach)
            crowd.add_vehicle(
                _vehicle_kind(dice), s, z0 + (z1 - z0) * lane, turn * dice.uniform(0.85, 1.15), 0.6
            )


def _park(dice: SeededDice, crowd: Crowd, street: Street, side: Side) -> None:
    if side.parking == 'none':
        return
    inset = {'lane': 1.05, 'pavement': 0.1, 'bays': 2.4}[side.parking]
    pitch = 2.7 if side.parking == 'bays' else 5.6
    full = dice.uniform(0.45, 0.98)
    z = dice.uniform(4.0, 8.0)
    while z < 75.0:
        if dice.chance(full) and not street.in_crossing(z, 5.0):
            turn = _parked_turn(dice, side)
            s = side.sign * (side.edge - inset + dice.uniform(-0.15, 0.15))
            crowd.add_vehicle(dice.pick(_CAR_KINDS), s, z, turn, 0.25)
        z += pitch + dice.uniform(0.0, 0.9)


def _parked_turn(dice: SeededDice, side: Side) -> float:
    if side.parking == 'bays':
        return dice.sign() * dice.uniform(0.92, 1.08)
    return _away(dice) if side.sign > 0 or dice.chance(0.3) else _towards(dice)


def _walk(dice: SeededDice, crowd: Crowd, street: Street, side: Side, busy: float) -> None:
    """People on the pavement, alone and in groups, and bicycles at the walls."""
    if not side.pavement:
        return
    inner = side.edge + side.verge + 0.4
    outer = side.edge + side.verge + side.pavement - 0.3
    for _ in range(dice.integer(0, 1 + int(9 * busy))):
        z = dice.uniform(5.5, 45.0)
        s = dice.uniform(inner, outer)
        for _ in range(dice.integer(2, 7) if dice.chance(0.15) else dice.integer(1, 2)):
            across = min(max(s + dice.uniform(-0.8, 0.8), inner), outer)
            _stand(dice, crowd, side.sign * across, z + dice.uniform(-1.2, 1.2))
    if dice.chance(0.4):
        start = dice.uniform(6.0, 30.0)
        for number in range(dice.integer(1, 5)):
            turn = dice.sign() * dice.uniform(0.8, 1.2)
            crowd.add(
                'bicycle', side.sign * (outer - 0.4), start + 0.8 * number, turn, (1.5, 0.4), 0.0
            )


def _stand(dice: SeededDice, crowd: Crowd, s: float, z: float) -> bool:
    return crowd.add('person', s, z, 0.0, (2 * _PERSON_HALF, 2 * _PERSON_HALF), 0.05)


def _walk_across(dice: SeededDice, crowd: Crowd, street: Street, busy: float) -> None:
    """People on the road: on the crosswalk, or crossing anywhere."""
    reach = street.half_width + 1.0
    if street.zebra is not None and street.zebra > 4.0:
        for _ in range(dice.integer(0, 3 + int(6 * busy))):
            _stand(dice, crowd, dice.uniform(-reach, reach), street.zebra + dice.uniform(0.3, 2.9))
    for _ in range(dice.integer(0, 2)):
        _stand(dice, crowd, dice.uniform(-reach, reach), dice.uniform(8.0, 40.0))


def _cycle(dice: SeededDice, crowd: Crowd, street: Street, busy: float) -> None:
    for _ in range(dice.integer(0, 1 + int(2 * busy))):
        z, side = dice.uniform(6.5, 40.0), dice.pick(street.sides)
        across = dice.chance(0.3)
        s = (
            dice.uniform(-3.0, 3.0)
            if across
            else side.sign * (street.half_width - dice.uniform(0.5, 2.6))
        )
        turn = dice.sign() * dice.uniform(0.8, 1.2) if across else _away(dice)
        if crowd.add('bicycle', s, z, turn, (1.7, 0.5), 0.1):
            bicycle = crowd.things[-1]
            crowd.things.append(
                Placement(
                    'rider', s, z - 0.01, turn, bicycle.half_s, bicycle.half_z, dice.lots(LOTS)
                )
            )
