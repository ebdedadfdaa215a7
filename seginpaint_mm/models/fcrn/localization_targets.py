"""Boxes as targets of each pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.structures import SceneSample

WEIGHTINGS = ('inverse_sqrt_area', 'uniform')


@dataclass(frozen=True)
class LocalizationTargets:
    """Truth at the pixels that lie on an instance; there are P of them in a batch.

    Attributes:
        images: (P,) int64, the place of the pixel's image in the batch.
        rows: (P,) int64, in the map.
        columns: (P,) int64, in the map.
        labels: (P,) int64, the instance's thing.
        boxes: (P, 4) float32, the instance's box x1, y1, x2, y2 in pixels of the image.
        weights: (P,) float32, equal within an instance, mean 1 over the P pixels.
    """

    images: Tensor
    rows: Tensor
    columns: Tensor
    labels: Tensor
    boxes: Tensor
    weights: Tensor


def localization_targets(
    samples: Sequence[SceneSample],
    *,
    stride: int,
    num_things: int,
    weighting: str = 'inverse_sqrt_area',
) -> LocalizationTargets:
    """Truth for maps whose pixel (row i, column j) stands for point ((j+.5), (i+.5)) * stride.

    Where masks overlap, the smallest instance counts: it is the one in front more often, and
    would be lost under the larger one. Instances that no pixel of the map meets are left out.

    Args:
        samples: With ``gt_instances``: ``labels`` (n,) and ``bboxes`` (n, 4); and with
            ``gt_instance_map`` (1, H, W), whose numbers 1 to n are these, or without it, which
            takes much longer, with their ``masks`` bool (n, H, W).
        stride: Pixels of the image a pixel of the maps.
        num_things: Labels are below it.
        weighting: ``'inverse_sqrt_area'`` weighs each pixel by 1 / sqrt(width * height) of its
            instance's box, ``'uniform'`` equally.

    Raises:
        ValueError: when ``gt_instances`` is missing or has neither masks nor a map, a label is no
            thing, or a box has no area; the sentence names the image.
    """
    parts = []
    for image, sample in enumerate(samples):
        instances = _checked_instances(sample, num_things)
        index = _instance_at(sample, stride)
        rows, columns = (index >= 0).nonzero(as_tuple=True)
        instance = index[rows, columns]
        labels, boxes = instances.labels[instance], instances.bboxes[instance].float()
        parts.append((torch.full_like(rows, image), rows, columns, labels, boxes))
    images, rows, columns, labels, boxes = (
        torch.cat(tensors) for tensors in zip(*parts, strict=True)
    )
    weights = _pixel_weights(boxes, weighting)
    return LocalizationTargets(images, rows, columns, labels, boxes, weights)


def image_size(sample: SceneSample) -> tuple[int, int]:
    """(height, width) of the truth: of the map or, without it, of the masks."""
    if 'gt_instance_map' in sample:
        return tuple(sample.gt_instance_map.data.shape[-2:])
    return tuple(sample.gt_instances.masks.shape[-2:])


def _instance_at(sample: SceneSample, stride: int) -> Tensor:
    """(h, w) int64: place of the smallest instance at each pixel of the map, -1 where is none."""
    points = slice(stride // 2, None, stride)
    if 'gt_instance_map' in sample:
        return sample.gt_instance_map.data[0, points, points].long() - 1
    masks = sample.gt_instances.masks
    visible = masks[:, points, points]
    index = torch.full(visible.shape[1:], -1, dtype=torch.int64, device=masks.device)
    # one by one: a sum over all at once widens each pixel to 8 bytes, which takes ten times longer
    areas = [mask.count_nonzero() for mask in masks] or [masks.new_zeros(0, dtype=torch.int64)]
    order = torch.hstack(areas).argsort(descending=True, stable=True)
    for place in order.tolist():
        index.masked_fill_(visible[place], place)
    return index


def _pixel_weights(boxes: Tensor, weighting: str) -> Tensor:
    if weighting == 'uniform':
        return torch.ones_like(boxes[:, 0])
    weights = (boxes[:, 2:] - boxes[:, :2]).prod(-1).rsqrt()
    return weights / weights.mean()


def _checked_instances(sample: SceneSample, num_things: int) -> InstanceData:
    name = sample.get('img_path', 'a sample')
    if 'gt_instances' not in sample:
        raise ValueError(
            f'{name} has no gt_instances, which the localisation net learns from: put '
            f"dict(type='LoadInstances') into the pipeline, before PackScene."
        )
    instances = sample.gt_instances
    if 'gt_instance_map' not in sample and 'masks' not in instances:
        raise ValueError(
            f'{name} has neither a gt_instance_map nor masks of its gt_instances: take both from '
            f'one PackScene.'
        )
    unknown = instances.labels[(instances.labels < 0) | (instances.labels >= num_things)]
    if len(unknown):
        raise ValueError(
            f'{name} has an instance of thing {int(unknown[0])}, the localisation head knows '
            f'{num_things} (0 to {num_things - 1}): set its num_things to the number of the data '
            f"set's thing_ids."
        )
    empty = (instances.bboxes[:, 2:] <= instances.bboxes[:, :2]).any(-1)
    if empty.any():
        box = instances.bboxes[empty][0].tolist()
        raise ValueError(
            f'{name} has an instance whose box {box} has no area: remove it, or mend its mask.'
        )
    return instances
