"""The camera's side of a picture: exposure, white balance, contrast, vignette and noise.

Each step changes a pixel by its own value and place only, so one sensor makes the picture, the
background picture and every single object agree wherever they show the same thing.
"""

import cv2
import numpy as np

from seginpaint_mm.datasets.street.dice import SeededDice
from seginpaint_mm.datasets.street.looks import Look


class Sensor:
    """One camera with its settings for one picture."""

    def __init__(self, dice: SeededDice, look: Look, height: int, width: int):
        gain, contrast = dice.uniform(*look.gain), dice.uniform(*look.contrast)
        warmth = dice.uniform(*look.warmth)
        self._curve = _curve(gain, contrast, (1.0 - warmth, 1.0, 1.0 + warmth))
        self._falloff = _falloff(dice.uniform(*look.vignette), height, width)
        amplitude = dice.uniform(*look.noise)
        self._noise = cv2.LUT(dice.bytes(height, width, 3), _noise_table(amplitude))

    def expose(self, picture: np.ndarray, top: int = 0, left: int = 0) -> np.ndarray:
        """uint8 (h, w, 3) of the place from (top, left) on -> what the camera records of it."""
        height, width = picture.shape[:2]
        place = slice(top, top + height), slice(left, left + width)
        light = cv2.LUT(picture, self._curve).astype(np.uint16)
        light *= self._falloff[place]
        light >>= 8
        recorded = light.view(np.int16)
        recorded += self._noise[place]
        return np.clip(recorded, 0, 255).astype(np.uint8)


def _curve(gain: float, contrast: float, balance: tuple[float, float, float]) -> np.ndarray:
    """uint8 (256, 1, 3): the response of each channel."""
    level = np.arange(256.0)[:, None] * gain * np.array(balance)
    level = (level - 118.0) * contrast + 118.0
    return np.floor(np.clip(level, 0.0, 255.0) + 0.5).astype(np.uint8)[:, None]


def _falloff(strength: float, height: int, width: int) -> np.ndarray:
    """uint16 (H, W, 3), 256 in the middle, darker in the corners."""
    y = (np.arange(height) + 0.5) / height * 2.0 - 1.0
    x = (np.arange(width) + 0.5) / width * 2.0 - 1.0
    radius = (y * y)[:, None] + (x * x)[None]
    falloff = np.floor(256.0 - 128.0 * strength * radius).astype(np.uint16)
    return cv2.merge([falloff, falloff, falloff])


def _noise_table(amplitude: float) -> np.ndarray:
    """int16 (256,): a random byte -> bell-shaped noise that is below the amplitude in 5 of 6."""
    share = (np.arange(256.0) + 0.5) / 128.0 - 1.0
    bell = share * (0.62 + 0.9 * share * share * share * share) / 0.66
    return np.floor(bell * amplitude * 1.45 + 0.5).astype(np.int16)
