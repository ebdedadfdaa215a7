"""What a panoptic network is to find in the picture with the object."""

from collections.abc import Sequence

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

from seginpaint_mm.box_crops import tight_boxes
from seginpaint_mm.models.holes import pad_with
from seginpaint_mm.structures import SceneSample

VOID = 255


def without_truth(
    samples: Sequence[SceneSample], size: tuple[int, int], upscale: int = 1
) -> list[DetDataSample]:
    """mmdet's samples of a batch that was padded to (height, width) ``size``, then enlarged."""
    return [_blank(sample, size, upscale) for sample in samples]


def with_truth(
    samples: Sequence[SceneSample],
    size: tuple[int, int],
    class_ids: Sequence[int],
    min_area: int = 1,
    upscale: int = 1,
) -> list[DetDataSample]:
    """mmdet's samples with the truth of I: that of I_G, and the pasted object before it.

    Args:
        samples: With ``gt_instances`` and ``gt_sem_seg`` of the picture without the object, its
            ``hole``, and ``removed_labels`` in the metainfo.
        size: (height, width) of the batch, padded, before it is enlarged.
        class_ids: Class of ``gt_sem_seg`` of each label of the network, things before stuff.
        min_area: Pixels of the smallest object; the pasted one is always there.
        upscale: By how much the truth is larger than the samples.

    Raises:
        ValueError: when a sample lacks something, or more than one object was pasted.
    """
    return [_with_truth(sample, size, class_ids, min_area, upscale) for sample in samples]


def _blank(sample: SceneSample, size: tuple[int, int], upscale: int) -> DetDataSample:
    shape = _enlarged(tuple(sample.get('img_shape', size)[:2]), upscale)
    padded = _enlarged(size, upscale)
    return DetDataSample(
        metainfo=dict(
            img_shape=shape,
            ori_shape=shape,
            pad_shape=padded,
            batch_input_shape=padded,
            scale_factor=(1.0, 1.0),
        )
    )


def _with_truth(
    sample: SceneSample,
    size: tuple[int, int],
    class_ids: Sequence[int],
    min_area: int,
    upscale: int,
) -> DetDataSample:
    _check(sample)
    hole = sample.hole.data.bool()
    label = sample.removed_labels[0]
    seen = sample.gt_instances.masks & ~hole
    is_left = seen.flatten(1).sum(dim=1) >= max(min_area, 1)
    masks = torch.cat([seen[is_left], hole])
    before = sample.gt_instances.labels
    labels = torch.cat([before[is_left], before.new_tensor([label])])
    classes = sample.gt_sem_seg.data.masked_fill(hole, class_ids[label])
    truth = _blank(sample, size, upscale)
    large = _repeated(pad_with(masks, size, 0), upscale)
    truth.gt_instances = InstanceData(
        bboxes=tight_boxes(masks) * upscale,
        labels=labels,
        masks=BitmapMasks(large.cpu().numpy().astype('uint8'), *large.shape[-2:]),
    )
    padded = pad_with(_to_labels(classes, class_ids), size, VOID)
    truth.gt_sem_seg = PixelData(sem_seg=_repeated(padded, upscale))
    return truth


def _enlarged(size: tuple[int, int], upscale: int) -> tuple[int, int]:
    return size[0] * upscale, size[1] * upscale


def _repeated(maps: Tensor, times: int) -> Tensor:
    """Each pixel of ...,H,W ``times`` by ``times`` times."""
    return maps.repeat_interleave(times, dim=-2).repeat_interleave(times, dim=-1)


def _to_labels(classes: Tensor, class_ids: Sequence[int]) -> Tensor:
    """The network's label of each pixel; void for classes that it does not know."""
    lookup = torch.full((256,), VOID, dtype=torch.int64, device=classes.device)
    for label, class_id in enumerate(class_ids):
        lookup[class_id] = label
    return lookup[classes]


def _check(sample: SceneSample) -> None:
    where = sample.get('img_path', 'a sample')
    for field in ('gt_instances', 'gt_sem_seg', 'hole'):
        if field not in sample:
            raise ValueError(
                f'{where}: the panoptic network learns from {field}, which is not there: take '
                f"dict(type='LoadPair', instances=True)."
            )
    if len(sample.get('removed_labels', ())) != 1:
        raise ValueError(
            f'{where}: the panoptic network learns from pictures with one pasted object of a known '
            f'class, whose removed_labels are {sample.get("removed_labels")}.'
        )
