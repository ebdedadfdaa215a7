"""Arithmetic on colours, one by one and many at once."""

from collections.abc import Sequence

import numpy as np

from seginpaint_mm.datasets.street.looks import Colour, Look


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, brighter or darker."""
    b, g, r = colour
    return (
        min(255, int(b * factor + 0.5)),
        min(255, int(g * factor + 0.5)),
        min(255, int(r * factor + 0.5)),
    )


def shade_all(colours: Sequence[Colour], factors: float | np.ndarray) -> list:
    """Each colour, brighter or darker: by one factor, each by its own of factors (n, 1), or all of
    them by each of factors (m, 1, 1), which gives m lists.
    """
    return np.minimum(np.array(colours) * factors + 0.5, 255.0).astype(int).tolist()


def shade_through_air(
    colours: Sequence[Colour], factor: float, look: Look, z: float
) -> list[list[int]]:
    """Each colour, brighter or darker, and seen through z metres of air."""
    lit = np.minimum(np.array(colours) * factor, 255.0)
    share = z / (z + look.haze_distance)
    return (lit + (np.array(look.skyline) - lit) * share + 0.5).astype(int).tolist()
