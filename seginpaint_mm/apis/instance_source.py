"""``InstanceModel``: the objects that a network finds in a picture, as a source of masks."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from mmengine.structures import InstanceData

from seginpaint_mm.apis.given_masks import MaskSource, VisibleObjects
from seginpaint_mm.apis.given_masks.visible_objects import stack_objects
from seginpaint_mm.apis.inputs import SceneInput


class InstanceModel(MaskSource):
    """The instances that a network finds, the most confident first.

    Args:
        find: Gives the instances of a picture, BGR uint8 (H, W, 3): ``masks`` bool n,H,W,
            ``labels`` and ``scores``, on any device.
        classes: Names, by label.
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
        found = self.find(image).cpu()
        seen = found.masks.flatten(1).any(1) & (found.scores >= self.min_score)
        found = found[seen]
        found = found[found.scores.argsort(descending=True)]
        names = [str(self.classes[label]) for label in found.labels.tolist()]
        masks, scores = list(found.masks.numpy()), found.scores.tolist()
        return stack_objects(masks, names, image.shape[:2], scores)
