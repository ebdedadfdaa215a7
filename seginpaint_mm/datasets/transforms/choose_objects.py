"""``ChooseObjects``: a few of a picture's objects, drawn by lot."""

from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness

from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ChooseObjects(BaseTransform):
    """Keep at most so many of the sample's ``objects``, in their order; the others are not loaded.

    A network that completes one object at a time needs memory for each object of a batch. Call it
    before :class:`LoadAmodalObjects`.

    Args:
        most: Number of objects to keep, at least 1.

    Raises:
        ValueError: when that is none.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, most: int) -> None:
        if most < 1:
            raise ValueError(f'ChooseObjects: most must be at least 1, not {most}.')
        self.most = most

    def transform(self, results: dict) -> dict:
        objects = results['objects']
        if len(objects) > self.most:
            results['objects'] = [objects[index] for index in self._draw(len(objects))]
        return results

    @cache_randomness
    def _draw(self, number: int) -> list[int]:
        return sorted(np.random.permutation(number)[: self.most].tolist())
