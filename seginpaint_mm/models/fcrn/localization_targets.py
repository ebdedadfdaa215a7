"""What the localisation net is to say at each pixel of its map (Sec. 2.1)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.models.data_preprocessor import pad_bottom_right
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
    size: tuple[int, int],
    stride: int,
    num_things: int,
    weighting: str = 'inverse_sqrt_area',
) -> LocalizationTargets:
    """Truth for maps of (h, w) = ``size`` whose pixel (i, j) stands for ((j+.5), (i+.5)) * stride.

    Where masks overlap, the smallest instance counts: it is the one in front more often, and
    would be lost under the larger one. Instances that no pixel of the map meets are left out.

    Args:
        samples: With ``gt_instances``: ``masks`` bool (n, H, W), ``labels`` (n,), ``bboxes``
            (n, 4); h and w are H / stride and W / stride, rounded up.
        size: Height and width of the maps.
        stride: Pixels of the image a pixel of the maps.
        num_things: Labels are below it.
        weighting: ``'inverse_sqrt_area'`` weighs each pixel by 1 / sqrt(width * height) of its
            instance's box, ``'uniform'`` equally.

    Raises:
        ValueError: when ``gt_instances`` is missing, a label is no thing, or a box has no area
            (the sentence names the image), or when the maps are not at that stride.
    """
    parts = []
    for image, sample in enumerate(samples):
        instances = _checked_instances(sample, num_things)
        check_stride(size, instances.masks.shape[-2:], stride)
        index = _instance_at(instances.masks, size, stride)
        rows, columns = (index >= 0).nonzero(as_tuple=True)
        instance = index[rows, columns]
        boxes = instances.bboxes[instance].float()
        parts.append(
            (torch.full_like(rows, image), rows, columns, instances.labels[instance], boxes)
        )
    *places, boxes = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return LocalizationTargets(*places, boxes, _pixel_weights(boxes, weighting))


def check_stride(map_size: Sequence[int], image_size: Sequence[int], stride: int) -> None:
    """See that maps cover the image at that stride, the last row and column perhaps in part.

    Raises:
        ValueError: when they do not.
    """
    expected = tuple(math.ceil(length / stride) for length in image_size)
    if tuple(map_size) != expected:
        raise ValueError(
            f'The localisation maps are {tuple(map_size)} (height, width) for pictures of '
            f'{tuple(image_size)}, at stride {stride} they are {expected}: set the localisation '
            f"head's stride to that of its backbone."
        )


def _instance_at(masks: Tensor, size: tuple[int, int], stride: int) -> Tensor:
    """(h, w) int64: place of the smallest instance at each pixel of the map, -1 where is none."""
    if len(masks) == 0:
        return torch.full(size, -1, device=masks.device)
    from_large_to_small = masks.flatten(1).sum(1).argsort(descending=True, stable=True)
    middle = stride // 2
    visible = masks[:, middle::stride, middle::stride][from_large_to_small]
    places = torch.arange(1, len(masks) + 1, device=masks.device)[:, None, None]
    last = pad_bottom_right((visible * places).amax(0), size, 0)
    return torch.where(last > 0, from_large_to_small[last - 1], -1)


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
