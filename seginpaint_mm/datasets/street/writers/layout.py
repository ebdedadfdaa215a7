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

    def scene_files(
        self, scene: StreetScene, split: str, sequence: int, number: int
    ) -> dict[str, np.ndarray | bytes]:
        """Path below the data root -> what is written there, in this order.

        The last files must be among `files`: a scene whose `files` are there is complete.
        """
        files = self.files(split, sequence, number)
        return {files[name]: content for name, content in self.contents(scene).items()}

    def lists(self, split: str, sequence: int, count: int) -> dict[str, str]:
        """Path below the data root -> text of the files that list the scenes of a split."""
        return {}

    def joined_lists(self, split: str) -> dict[str, str]:
        """Path below the data root of a list -> name of the scenes' files that it joins."""
        return {}
