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
        look_size: Greatest side, in pixels, at which it sees pictures; larger ones are reduced.
        min_score: What is less sure is left out, beside what the selector itself leaves out.
    """
    return InstanceModel(_Look(selector, look_size), selector.thing_names, min_score)


class _Look:
    """What is found in a reduced picture, with masks of the picture's own size."""

    def __init__(self, selector: PanopticMaskSelector, look_size: int) -> None:
        self.selector = selector
        self.look_size = look_size

    def __call__(self, image: np.ndarray) -> InstanceData:
        picture = self._reduced(image)
        sample = SceneSample(metainfo=dict(img_shape=tuple(picture.shape[-2:])))
        with torch.inference_mode():
            features = self.selector.look(picture)
            (found,) = self.selector.segments(picture, features, [sample])
            things = self.selector.things(found)
        height, width = image.shape[:2]
        masks = np.zeros((len(things), height, width), bool)
        for mask, probability in zip(masks, things.probabilities.cpu().numpy(), strict=True):
            smooth = cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR)
            np.greater_equal(smooth, 0.5, out=mask)
        return InstanceData(
            masks=torch.from_numpy(masks), labels=things.labels.cpu(), scores=things.scores.cpu()
        )

    def _reduced(self, image: np.ndarray) -> torch.Tensor:
        """1,3,h,w in [0, 1], RGB."""
        factor = min(1.0, self.look_size / max(image.shape[:2]))
        if factor < 1:
            image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        device = next(self.selector.parameters()).device
        colours = torch.from_numpy(image[..., ::-1].transpose(2, 0, 1).copy())
        return colours[None].to(device, torch.float32) / 255
