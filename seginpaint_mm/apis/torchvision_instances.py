"""``TorchvisionInstances``: the objects that torchvision's Mask R-CNN finds, as masks."""

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.structures import InstanceData
from torch import nn
from torchvision.models import get_model, get_model_weights

from seginpaint_mm.apis.instance_source import InstanceModel
from seginpaint_mm.apis.selected_objects import LOOK_SIZE, reduce_to
from seginpaint_mm.apis.trained_model import check_device
from seginpaint_mm.checkpoint import check_checkpoint_fits, load_checkpoint_safely
from seginpaint_mm.zoo import fetch, find_weights

_SIDES = 800, 1333  # least and greatest side at which it was trained
_NO_CLASS = ('__background__', 'N/A')  # of COCO's 91 numbers 80 are classes


class TorchvisionInstances(InstanceModel):
    """Objects of COCO's 80 classes, found by torchvision's trained network.

    Args:
        weights: A name of :data:`seginpaint_mm.zoo.WEIGHTS`, downloaded where it is not in the
            cache.
        model: The network's name in torchvision, of which the weights are.
        device: As in :class:`SegInpaintInferencer`.
        min_score: What is found with a lower score, in [0, 1], is left out.
        look_size: Greatest side, in pixels, at which the network sees images.

    Raises:
        UserError: when the weights cannot be had, are of another network, or there is no such
            device.
    """

    def __init__(
        self,
        weights: str = 'maskrcnn',
        model: str = 'maskrcnn_resnet50_fpn_v2',
        device: str | None = None,
        min_score: float = 0.5,
        look_size: int = LOOK_SIZE,
    ) -> None:
        check_device(device)
        path = fetch(find_weights(weights))
        network = get_model(
            model,
            weights=None,
            weights_backbone=None,
            min_size=min(_SIDES[0], look_size),
            max_size=min(_SIDES[1], look_size),
            box_score_thresh=min_score,  # each mask is of floats: none of what is left out
        )
        state = check_checkpoint_fits(network, load_checkpoint_safely(path), str(path))
        network.load_state_dict(state, strict=False)  # batch counters may be absent
        named = get_model_weights(model).DEFAULT.meta['categories']
        numbers = [n for n, name in enumerate(named) if name not in _NO_CLASS]
        find = _Found(network.to(device or get_device()).eval(), look_size, numbers)
        super().__init__(find, [named[n] for n in numbers], min_score)


class _Found:
    """Instances from a network of torchvision; masks have the size of its resized input."""

    def __init__(self, network: nn.Module, look_size: int, numbers: list[int]) -> None:
        self.network = network
        self.look_size = look_size
        self.labels = {number: label for label, number in enumerate(numbers)}

    def __call__(self, image: np.ndarray) -> InstanceData:
        reduced = reduce_to(image, self.look_size)
        device = next(self.network.parameters()).device
        colours = torch.from_numpy(reduced[..., ::-1].transpose(2, 0, 1).copy())
        with torch.inference_mode():
            (found,) = self.network([colours.to(device, torch.float32) / 255])
        known = [row for row, n in enumerate(found['labels'].tolist()) if n in self.labels]
        labels = [self.labels[n] for n in found['labels'][known].tolist()]
        return InstanceData(
            masks=found['masks'][known, 0],
            labels=torch.tensor(labels, dtype=torch.int64, device=device),
            scores=found['scores'][known],
        )
