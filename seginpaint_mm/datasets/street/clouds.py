"""Clouds: smooth noise that lies over the sky."""

from functools import cache

import cv2
import numpy as np

from seginpaint_mm.datasets.street import labels
from seginpaint_mm.datasets.street.dice import Dice, SeededDice
from seginpaint_mm.datasets.street.looks import Look

_HEIGHT, _WIDTH = 128, 512  # texels; both directions repeat


def draw_clouds(colour: np.ndarray, label_ids: np.ndarray, look: Look, dice: Dice) -> None:
    """Mixes clouds into the sky of a picture (H, W, 3) uint8, in place; label_ids is (H, W)."""
    cover = int(dice.uniform(0.0, 1.0) * look.cloudiness)
    shift_y, shift_x = dice.integer(0, _HEIGHT - 1), dice.integer(0, _WIDTH - 1)
    sky = label_ids == labels.SKY
    rows = np.flatnonzero(sky.any(axis=1))
    if not len(rows):
        return
    height, width = label_ids.shape
    row = (np.arange(rows[-1] + 1) * (2 * _HEIGHT) // height + shift_y) % _HEIGHT
    column = (np.arange(width) * _WIDTH // width + shift_x) % _WIDTH
    above = slice(0, rows[-1] + 1)
    share = (_noise() * cover >> 9).astype(np.int16)[row[:, None], column]
    share *= sky[above]
    mixed = np.subtract(np.array(look.cloud, np.int16), colour[above], dtype=np.int16)
    mixed *= cv2.merge([share, share, share])
    mixed >>= 7
    colour[above] += mixed.astype(np.uint8)  # modulo 256, as a negative change needs


@cache
def _noise() -> np.ndarray:
    """int32 (128, 512), 0..256: where clouds are and how dense."""
    dice = SeededDice(4)
    total = np.zeros((_HEIGHT, _WIDTH), np.int32)
    for size, weight in ((32, 8), (16, 5), (8, 3), (4, 2)):
        spots = dice.bytes(_HEIGHT * 2 // size, _WIDTH // size).astype(np.int32)
        total += weight * _smooth(np.kron(spots, np.ones((size // 2, size), np.int32)), size)
    return np.clip((total // 18 - 118) * 6, 0, 256).astype(np.int32)


def _smooth(noise: np.ndarray, size: int) -> np.ndarray:
    """Box blur, twice, over size // 2 rows and size columns; it wraps around."""
    for _ in range(2):
        for axis, length in ((0, size // 2), (1, size)):
            noise = sum(np.roll(noise, step, axis) for step in range(length)) // length
    return noise
