"""Instances for files: at the image's size, as a map of ids, as plain values."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmdet.structures.mask import mask2bbox
from mmengine.structures import InstanceData


def resize_instances(instances: InstanceData, size: tuple[int, int]) -> InstanceData:
    """Bring instances to another size of the image.

    Args:
        instances: ``masks`` bool (n, h, w), with ``bboxes``, ``labels`` and ``scores``.
        size: (H, W).

    Returns:
        InstanceData: Masks by nearest neighbours, and the boxes around them; what is too small to
        be seen in that size is gone.
    """
    # clones are out of inference mode, whose tensors cannot be written to
    values = {name: value.clone() for name, value in instances.items()}
    if tuple(instances.masks.shape[-2:]) == size:
        return InstanceData(**values)
    channels = values['masks'][:, None].to(torch.uint8)
    masks = F.interpolate(channels, size=size, mode='nearest-exact')[:, 0].bool()
    resized = InstanceData(**{**values, 'masks': masks, 'bboxes': mask2bbox(masks)})
    return resized[masks.flatten(1).any(1)]


def instance_ids(instances: InstanceData) -> np.ndarray:
    """Return a map of instances: uint16 (H, W), k for the k-th instance, from 1 on, 0 for none.

    Where several overlap, the first, most confident, one.
    """
    masks = instances.masks.cpu()
    ids = np.zeros(tuple(masks.shape[1:]), np.uint16)
    for number in range(len(masks), 0, -1):
        ids[masks[number - 1].numpy()] = number
    return ids


def describe_instances(instances: InstanceData, names: Sequence[str]) -> list[dict]:
    """Plain values of each instance.

    Args:
        instances: With ``labels``, ``scores``, ``bboxes`` and ``masks``.
        names: Of the classes, by label.

    Returns:
        list: dicts of ``id`` (in the map of ids), ``label``, ``class``, ``score`` and ``bbox`` [x1,
        y1, x2, y2], right and bottom exclusive.
    """
    fields = (instances[name].tolist() for name in ('labels', 'scores', 'bboxes'))
    return [
        {
            'id': number,
            'label': label,
            'class': names[label],
            'score': round(score, 4),
            'bbox': [round(side, 1) for side in bbox],
        }
        for number, (label, score, bbox) in enumerate(zip(*fields, strict=True), start=1)
    ]
