"""Arithmetic on colours."""

from seginpaint_mm.datasets.street.looks import Colour, Look


def shade(colour: Colour, factor: float) -> Colour:
    """The colour, brighter or darker."""
    b, g, r = colour
    return (
        min(255, int(b * factor + 0.5)),
        min(255, int(g * factor + 0.5)),
        min(255, int(r * factor + 0.5)),
    )


def hazy(colour: Colour, look: Look, z: float) -> Colour:
    """The colour as seen through z metres of air."""
    share = z / (z + look.haze_distance)
    (b, g, r), (haze_b, haze_g, haze_r) = colour, look.skyline
    return (
        int(b + (haze_b - b) * share + 0.5),
        int(g + (haze_g - g) * share + 0.5),
        int(r + (haze_r - r) * share + 0.5),
    )
