"""The looks of a street: day and overcast, and their colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]  # B, G, R, each 0..255


@dataclass(frozen=True)
class Look:
    """What differs between the looks. Colours are B, G, R; pairs are (lowest, highest).

    Attributes:
        key: Number that enters the random key, so that each look has scenes of its own.
        zenith, skyline: Sky colours at the top and at the horizon.
        cloud: Colour of the clouds.
        cloudiness: Highest coverage by clouds, 0..256.
        ambient: Share of the light that comes from everywhere; the rest comes from the sun.
        sun_shadow: Brightness of ground in the sun's shadow, 256 = no shadow.
        contact_shadow: Brightness of the ground right under things, 256 = no shadow.
        haze_distance: Metres at which half of a colour is haze.
        elevation: Camera height in metres.
        gain, contrast, warmth: Exposure, contrast and red/blue balance of the camera.
        noise: Amplitude of the sensor noise in grey levels.
        vignette: Darkening of the corners, share of the brightness.
    """

    key: int
    zenith: Colour
    skyline: Colour
    cloud: Colour
    cloudiness: int
    ambient: float
    sun_shadow: int
    contact_shadow: int
    haze_distance: float
    elevation: tuple[float, float]
    gain: tuple[float, float]
    contrast: tuple[float, float]
    warmth: tuple[float, float]
    noise: tuple[float, float]
    vignette: tuple[float, float]


LOOKS = {
    'day': Look(
        key=1,
        zenith=(212, 164, 118),
        skyline=(236, 222, 206),
        cloud=(246, 242, 240),
        cloudiness=200,
        ambient=0.62,
        sun_shadow=140,
        contact_shadow=104,
        haze_distance=420.0,
        elevation=(1.15, 1.5),
        gain=(0.92, 1.2),
        contrast=(0.98, 1.15),
        warmth=(-0.03, 0.07),
        noise=(1.5, 4.5),
        vignette=(0.0, 0.25),
    ),
    'overcast': Look(
        key=2,
        zenith=(196, 190, 184),
        skyline=(226, 222, 218),
        cloud=(172, 166, 162),
        cloudiness=110,
        ambient=0.9,
        sun_shadow=256,
        contact_shadow=128,
        haze_distance=190.0,
        elevation=(1.55, 2.1),
        gain=(0.74, 1.0),
        contrast=(0.86, 1.0),
        warmth=(-0.1, 0.0),
        noise=(3.0, 7.0),
        vignette=(0.1, 0.35),
    ),
}


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
