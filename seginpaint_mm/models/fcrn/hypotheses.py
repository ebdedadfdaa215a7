"""``Hypotheses``: candidate instances as lists of pixels, small however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Hypotheses:
    """Candidate instances; a pixel may belong to several.

    Attributes:
        labels: int64 (n,), indices into ``thing_ids``.
        scores: float64 (n,), confidences.
        pixels: int64 (M,), a pixel's number, row * width + column, for each pixel of each mask.
        owners: int64 (M,), which hypothesis, 0..n-1, that pixel belongs to.
    """

    labels: np.ndarray
    scores: np.ndarray
    pixels: np.ndarray
    owners: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def areas(self) -> np.ndarray:
        """Pixels of each mask, int64 (n,)."""
        return np.bincount(self.owners, minlength=len(self))

    def select(self, chosen: np.ndarray) -> 'Hypotheses':
        """Those of the given numbers, int64 (m,), each at most once, in that order."""
        renumbered = np.full(len(self), -1)
        renumbered[chosen] = np.arange(len(chosen))
        owners = renumbered[self.owners]
        stays = owners >= 0
        return Hypotheses(
            self.labels[chosen], self.scores[chosen], self.pixels[stays], owners[stays]
        )

    @staticmethod
    def join(parts: Sequence['Hypotheses']) -> 'Hypotheses':
        """One after the other."""
        starts = np.cumsum([0, *(len(part) for part in parts)])
        owners = [part.owners + start for part, start in zip(parts, starts[:-1], strict=True)]
        nothing = np.empty(0, np.int64)
        return Hypotheses(
            np.concatenate([nothing, *(part.labels for part in parts)]),
            np.concatenate([np.empty(0), *(part.scores for part in parts)]),
            np.concatenate([nothing, *(part.pixels for part in parts)]),
            np.concatenate([nothing, *owners]),
        )
