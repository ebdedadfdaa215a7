"""Bicycles."""

import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.canvas import Drawing
from seginpaint_mm.datasets.street.cutout import (
    Part,
    bar,
    blob,
    draw_cutout,
    limb,
    may_be_seen,
    ring,
)
from seginpaint_mm.datasets.street.looks import Colour
from seginpaint_mm.datasets.street.placement import Placement

LABELS = {'bicycle': labels.BICYCLE}

_REACH = 1.2
_FRAMES: tuple[Colour, ...] = (
    (40, 36, 34), (50, 50, 150), (140, 80, 40), (190, 190, 188), (70, 110, 60),
)  # fmt: skip
_DARK: Colour = (34, 33, 32)
_TUBES = (
    ((-0.52, 0.34), (-0.12, 0.32)), ((-0.52, 0.34), (-0.18, 0.82)), ((-0.12, 0.32), (-0.22, 0.95)),
    ((-0.12, 0.32), (0.36, 0.8)), ((-0.18, 0.82), (0.36, 0.82)), ((0.36, 0.98), (0.52, 0.34)),
)  # fmt: skip


def draw_bicycle(
    thing: Placement, camera: Camera, light: float, covered: np.ndarray
) -> Drawing | None:
    """Draws one bicycle alone; see `draw_cutout`."""
    if not may_be_seen(thing, camera, _REACH):
        return None
    frame = thing.dice().pick(_FRAMES)
    parts = _from_side(frame) if thing.sideways else _from_behind(frame)
    way = -1.0 if thing.sideways and thing.turn < 0 else 1.0
    return draw_cutout(parts, thing, camera, light, covered, (way, 1.0))


def _from_side(frame: Colour) -> list[Part]:
    """It heads to the right."""
    return [
        (ring(-0.52, 0.34, 0.34, 0.06), _DARK),
        (ring(0.52, 0.34, 0.34, 0.06), _DARK),
        *((limb(tube, (0.05, 0.05)), frame) for tube in _TUBES),
        (blob(-0.12, 0.31, 0.1, 0.1), _DARK),
        (limb(((-0.34, 0.97), (-0.1, 0.97)), (0.09, 0.05)), _DARK),
        (limb(((0.28, 1.02), (0.44, 1.0)), (0.05, 0.04)), _DARK),
    ]


def _from_behind(frame: Colour) -> list[Part]:
    return [
        (bar(-0.035, 0.0, 0.035, 0.68), _DARK),
        (bar(-0.03, 0.3, 0.03, 1.0), frame),
        (bar(-0.3, 0.98, 0.3, 1.04), _DARK),
        (blob(0.0, 0.42, 0.12, 0.03), _DARK),
        (blob(0.0, 0.62, 0.04, 0.04), (40, 36, 200)),
    ]
