"""``VisibleObjects``: the objects that a user or a network marks in an image."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.geometry.masks import CroppedMasks


@dataclass(frozen=True)
class VisibleObjects:
    """n objects of an image, in the order in which they were given.

    Attributes:
        masks: What can be seen of each; they may overlap. :class:`CroppedMasks`, which read like a
            bool array (n, H, W), and may be given as one.
        names: n names of classes or files; '' where nothing is known.
        scores: n in [0, 1], how sure a network is of each; none where objects are given.
        note: How the masks were read where they can be read in several ways, sentences; or None.
    """

    masks: CroppedMasks
    names: tuple[str, ...]
    scores: tuple[float, ...] = ()
    note: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.masks, CroppedMasks):
            packed = CroppedMasks.pack(self.masks, np.shape(self.masks)[1:])
            object.__setattr__(self, 'masks', packed)

    def __len__(self) -> int:
        return len(self.masks)


class MaskSource(ABC):
    """Gives the objects of each input of a call.

    Attributes:
        finds: Whether a network finds them, whatever they are; otherwise a user has marked them.
        classes: The names that it knows; none where any name may occur.
    """

    finds: ClassVar[bool] = False
    classes: Sequence[str] = ()

    def objection(self, scenes: Sequence[SceneInput]) -> str | None:
        """Why this cannot be a source for these inputs, one sentence; None where it can."""
        return None

    @abstractmethod
    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        """The objects of an input, whose image is ``image``, BGR uint8 (H, W, 3).

        Raises:
            OSError, ValueError: one sentence, when they cannot be had or are wrong.
        """


def stack_objects(
    masks: Iterable[np.ndarray],
    names: Sequence[str],
    size: tuple[int, int],
    scores: Sequence[float] = (),
    note: str | None = None,
) -> VisibleObjects:
    """n objects, perhaps none, of masks bool (H, W); ``size`` is the image's (height, width)."""
    packed = CroppedMasks.pack(masks, size)
    return VisibleObjects(packed, tuple(names), tuple(scores), note)


def check_seen(mask: np.ndarray, what: str) -> None:
    """ValueError when a mask of an object has no pixel."""
    if not mask.any():
        raise ValueError(
            f'{what} has no pixel, so its object is not visible: draw it, or leave it out.'
        )


def check_mask_size(found: tuple[int, ...], size: tuple[int, int], what: str) -> None:
    """ValueError when a mask of (height, width) ``found`` is not of the image's size."""
    if tuple(found) != tuple(size):
        raise ValueError(
            f'{what} is {_text(found)} pixels (width x height), its image {_text(size)}: give '
            f'masks in the size of the image.'
        )


def _text(size: tuple[int, ...]) -> str:
    return 'x'.join(str(side) for side in reversed(size))
