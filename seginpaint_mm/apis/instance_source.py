"""``InstanceModel``: the objects that a network finds in an image, as a source of masks."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.apis.given_masks import MaskSource, VisibleObjects
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.geometry.masks import CroppedMasks


class InstanceModel(MaskSource):
    """The instances that a network finds, the most confident first.

    Args:
        find: Gives the instances of an image, BGR uint8 (H, W, 3): ``masks`` bool n,H,W, or of
            the size to which the image was reduced to look at it, there also probabilities;
            ``labels`` and ``scores``, on any device.
        classes: Names, by label; labels without one are called by their number.
        min_score: What is found with a lower score is left out.
    """

    finds: ClassVar[bool] = True

    def __init__(
        self,
        find: Callable[[np.ndarray], InstanceData],
        classes: Sequence[str],
        min_score: float = 0.5,
    ) -> None:
        self.find = find
        self.classes = classes
        self.min_score = min_score

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        """Those of which a pixel is seen; there may be none."""
        found, size = self.find(image).cpu(), image.shape[:2]
        found = found[found.scores >= self.min_score]
        found = found[found.scores.argsort(descending=True)]
        masks = _packed(found.masks, size)
        seen = [row for row, box in enumerate(masks.boxes) if box[2] > box[0]]
        names = [
            str(self.classes[label]) if label < len(self.classes) else str(label)
            for label in found.labels.tolist()
        ]
        scores = found.scores.tolist()
        return VisibleObjects(
            masks[seen], tuple(names[row] for row in seen), tuple(scores[row] for row in seen)
        )


def _packed(masks: Tensor, size: tuple[int, int]) -> CroppedMasks:
    """At the image's size, one mask at a time."""
    if tuple(masks.shape[-2:]) == size:
        return CroppedMasks.pack((mask.numpy() >= 0.5 for mask in masks), size)
    return CroppedMasks.enlarge((mask.numpy() for mask in masks), size)
