"""Random numbers that are the same on every machine and with every numpy release."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar('T')


class Dice:
    """Draws lots from a source of numbers.

    Args:
        random: Returns the next number in [0, 1).
    """

    def __init__(self, random: Callable[[], float]):
        self._random = random

    def uniform(self, low: float, high: float) -> float:
        """A float in [low, high)."""
        return low + (high - low) * self._random()

    def integer(self, low: int, high: int) -> int:
        """An integer in [low, high]."""
        return low + int(self._random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[int(self._random() * len(options))]

    def sign(self) -> int:
        """-1 or 1."""
        return 1 if self._random() < 0.5 else -1


class SeededDice(Dice):
    """A PCG64 stream; of numpy's only `random` and `bytes` are used, whose streams never changed.

    Args:
        key: Non-negative integers; equal keys give equal streams.
    """

    def __init__(self, *key: int):
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        super().__init__(self._generator.random)

    def uniforms(self, low: float, high: float, *shape: int) -> np.ndarray:
        """float64 array of the given shape in [low, high)."""
        return low + (high - low) * self._generator.random(shape)

    def bytes(self, *shape: int) -> np.ndarray:
        """uint8 array of the given shape, 0..255."""
        return np.frombuffer(self._generator.bytes(math.prod(shape)), np.uint8).reshape(shape)

    def lots(self, count: int) -> tuple[float, ...]:
        """Numbers to keep for later: `Dice(iter(lots).__next__)` draws from them."""
        return tuple(self._generator.random(count).tolist())
