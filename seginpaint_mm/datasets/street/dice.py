"""Random numbers that are the same on every machine and with every numpy release."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar('T')


class Dice:
    """PCG64 stream for one key; only `random` and `bytes` are used, whose streams never changed.

    Args:
        key: Non-negative integers; equal keys give equal streams.
    """

    def __init__(self, *key: int):
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))

    def uniform(self, low: float, high: float) -> float:
        """A float in [low, high)."""
        return low + (high - low) * self._generator.random()

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + int(self._generator.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._generator.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self._generator.random() * len(options))]

    def sign(self) -> int:
        """-1 or 1."""
        return 1 if self._generator.random() < 0.5 else -1

    def uniforms(self, low: float, high: float, count: int) -> np.ndarray:
        """float64 array (count,) in [low, high)."""
        return low + (high - low) * self._generator.random(count)

    def bytes(self, *shape: int) -> np.ndarray:
        """uint8 array of the given shape, 0..255."""
        count = 1
        for side in shape:
            count *= side
        return np.frombuffer(self._generator.bytes(count), np.uint8).reshape(shape)
