"""Flat figures that stand upright and face the camera: people, bicycles, trees, poles."""

import math

import numpy as np

from seginpaint_mm.datasets.street.camera import Camera
from seginpaint_mm.datasets.street.canvas import (
    UNIT_CIRCLE,
    Drawing,
    Sticker,
    box_around,
    fixed_point,
)
from seginpaint_mm.datasets.street.colours import shade_all
from seginpaint_mm.datasets.street.looks import Colour
from seginpaint_mm.datasets.street.placement import Placement

NEAREST = 2.2  # metres: nothing closer is drawn

# An outline (n, 2), or many (m, n, 2) that leave holes where they overlap; metres right and up
# from the foot; and its colour.
Part = tuple[np.ndarray, Colour]


def may_be_seen(thing: Placement, camera: Camera, reach: float) -> bool:
    """Whether a thing that reaches so many metres to both sides can be in the picture."""
    if thing.z < NEAREST:
        return False
    scale = camera.focal / thing.z
    u = camera.centre + camera.world_x(thing.s, thing.z) * scale
    return -reach * scale < u < camera.width + reach * scale


def draw_cutout(
    parts: list[Part],
    thing: Placement,
    camera: Camera,
    light: float,
    covered: np.ndarray,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Drawing | None:
    """Draws a figure alone.

    Args:
        parts: Drawn one over the other.
        thing: Where its foot is.
        camera: The view.
        light: Brightness of the light on it.
        covered: bool (H, W), pixels that nearer things hide.
        stretch: Scale of the figure to the right and up; negative to the right mirrors it.

    Returns:
        The drawing, or None where nothing of it can be seen.
    """
    scale = camera.focal / thing.z
    outlines = [outline.reshape(-1, 2) for outline, _ in parts]
    pixels = np.concatenate(outlines)
    pixels *= stretch
    pixels *= (scale, -scale)
    pixels += camera.project(thing.s, 0.0, thing.z)
    fixed = fixed_point(pixels)
    box = box_around(fixed, camera.height, camera.width)
    if box.empty or covered[box.slices].all():
        return None
    sticker = Sticker(box)
    fixed = sticker.place(fixed)
    colours = shade_all([colour for _, colour in parts], light)
    first = 0
    for (outline, _), flat, colour in zip(parts, outlines, colours, strict=True):
        points = fixed[first : first + len(flat)]
        first += len(flat)
        sticker.fill(points.reshape(outline.shape), colour)
    return sticker.finish()


def bar(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """An upright rectangle (4, 2)."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def blob(x: float, y: float, radius_x: float, radius_y: float) -> np.ndarray:
    """An upright ellipse (16, 2)."""
    return UNIT_CIRCLE * (radius_x, radius_y) + (x, y)


def ring(x: float, y: float, radius: float, width: float) -> np.ndarray:
    """A ring (34, 2): the outer circle, then the inner one backwards."""
    outer, inner = blob(x, y, radius, radius), blob(x, y, radius - width, radius - width)
    return np.concatenate([outer, outer[:1], inner[:1], inner[::-1]])


def limb(joints: tuple[tuple[float, float], ...], widths: tuple[float, ...]) -> np.ndarray:
    """A bent, tapering limb (2 n, 2) along n joints."""
    last = len(joints) - 1
    left, right = [], []
    for number, ((x, y), width) in enumerate(zip(joints, widths, strict=True)):
        x0, y0 = joints[max(number - 1, 0)]
        x1, y1 = joints[min(number + 1, last)]
        across, along = y0 - y1, x1 - x0
        scale = width / 2 / math.sqrt(across * across + along * along)
        left.append((x + across * scale, y + along * scale))
        right.append((x - across * scale, y - along * scale))
    return np.array(left + right[::-1])
