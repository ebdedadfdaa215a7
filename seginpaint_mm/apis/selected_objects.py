"""Maskopt's panoptic network as a source of masks."""

import cv2
import numpy as np
import torch
from mmengine.structures import InstanceData

from seginpaint_mm.apis.instance_source import InstanceModel
from seginpaint_mm.models.maskopt import PanopticMaskSelector
from seginpaint_mm.structures import SceneSample

LOOK_SIZE = 1024


def selected_objects(
    selector: PanopticMaskSelector, look_size: int = LOOK_SIZE, min_score: float = 0.0
) -> InstanceModel:
    """A source of the things that a :class:`PanopticMaskSelector` finds.

    Args:
        selector: The network.
        look_size: Greatest side, in pixels, at which it sees images; larger ones are reduced.
        min_score: What is less sure is left out, beside what the selector itself leaves out.
    """
    return InstanceModel(_Look(selector, look_size), selector.thing_names, min_score)


class _Look:
    """What is found in a reduced image, as probabilities of its size."""

    def __init__(self, selector: PanopticMaskSelector, look_size: int) -> None:
        self.selector = selector
        self.look_size = look_size

    def __call__(self, image: np.ndarray) -> InstanceData:
        picture = self._colours(image)
        sample = SceneSample(metainfo=dict(img_shape=tuple(picture.shape[-2:])))
        with torch.inference_mode():
            features = self.selector.look(picture)
            (found,) = self.selector.segments(picture, features, [sample])
            things = self.selector.things(found)
        return InstanceData(
            masks=things.probabilities.float().cpu(),
            labels=things.labels.cpu(),
            scores=things.scores.cpu(),
        )

    def _colours(self, image: np.ndarray) -> torch.Tensor:
        """1,3,h,w in [0, 1], RGB."""
        image = reduce_to(image, self.look_size)
        device = next(self.selector.parameters()).device
        colours = torch.from_numpy(image[..., ::-1].transpose(2, 0, 1).copy())
        return colours[None].to(device, torch.float32) / 255


def reduce_to(image: np.ndarray, look_size: int) -> np.ndarray:
    """The image, (H, W, 3), reduced where a side is longer than ``look_size``."""
    factor = min(1.0, look_size / max(image.shape[:2]))
    if factor == 1:
        return image
    size = tuple(max(1, round(side * factor)) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
