"""``Layout``: how one data set lies on the disk."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from seginpaint_mm.datasets.street.scene import StreetScene


class Layout(ABC):
    """How one data set lies on the disk.

    Attributes:
        splits: The splits that it can hold, of SPLITS.
    """

    splits: ClassVar[tuple[str, ...]] = ('train', 'val', 'test')

    @abstractmethod
    def files(self, split: str, sequence: int, number: int) -> dict[str, str]:
        """Name -> path below the data root, for a scene's number in a split and its sequence."""

    @abstractmethod
    def contents(self, scene: StreetScene) -> dict[str, np.ndarray | bytes]:
        """Name -> what is to be written there: a picture, or the bytes of a file."""

    def lists(self, split: str, sequence: int, count: int) -> dict[str, str]:
        """Path below the data root -> text of the files that list the scenes of a split."""
        return {}
