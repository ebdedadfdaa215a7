"""What a panoptic network is to find in the picture with the object."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

from seginpaint_mm.box_crops import tight_boxes
from seginpaint_mm.models.holes import pad_with
from seginpaint_mm.structures import SceneSample

VOID = 255


def without_truth(
    samples: Sequence[SceneSample], size: tuple[int, int], seen: tuple[int, int] | None = None
) -> list[DetDataSample]:
    """mmdet's samples of a batch that was padded to (height, width) ``size``, then resized.

    Args:
        samples: N of them.
        size: (height, width) of the batch, padded.
        seen: (height, width) in which the network sees it; None for ``size``.
    """
    return [_blank(sample, size, seen or size) for sample in samples]


def with_truth(
    samples: Sequence[SceneSample],
    size: tuple[int, int],
    class_ids: Sequence[int],
    min_area: int = 1,
    seen: tuple[int, int] | None = None,
) -> list[DetDataSample]:
    """mmdet's samples with the truth of I: that of I_G, and the pasted object before it.

    Args:
        samples: With ``gt_instances`` and ``gt_sem_seg`` of the picture without the object, its
            ``hole``, and ``removed_labels`` in the metainfo.
        size: (height, width) of the batch, padded, before it is resized.
        class_ids: Class of ``gt_sem_seg`` of each label of the network, things before stuff.
        min_area: Pixels of the smallest object; the pasted one is always there.
        seen: (height, width) in which the network sees the batch, that of the truth; None for
            ``size``.

    Raises:
        ValueError: when a sample lacks something, or more than one object was pasted.
    """
    return [_with_truth(sample, size, class_ids, min_area, seen or size) for sample in samples]


def _blank(sample: SceneSample, size: tuple[int, int], seen: tuple[int, int]) -> DetDataSample:
    own = sample.get('img_shape', size)[:2]
    shape = tuple(round(a * b / c) for a, b, c in zip(own, seen, size, strict=True))
    return DetDataSample(
        metainfo=dict(
            img_shape=shape,
            ori_shape=shape,
            pad_shape=seen,
            batch_input_shape=seen,
            scale_factor=(1.0, 1.0),
        )
    )


def _with_truth(
    sample: SceneSample,
    size: tuple[int, int],
    class_ids: Sequence[int],
    min_area: int,
    seen: tuple[int, int],
) -> DetDataSample:
    _check(sample)
    hole = sample.hole.data.bool()
    label = sample.removed_labels[0]
    visible = sample.gt_instances.masks & ~hole
    is_left = visible.flatten(1).sum(dim=1) >= max(min_area, 1)
    masks = torch.cat([visible[is_left], hole])
    before = sample.gt_instances.labels
    labels = torch.cat([before[is_left], before.new_tensor([label])])
    classes = sample.gt_sem_seg.data.masked_fill(hole, class_ids[label])
    truth = _blank(sample, size, seen)
    large = _resized(pad_with(masks, size, 0), seen)
    truth.gt_instances = InstanceData(
        bboxes=tight_boxes(masks) * scale_of_boxes(size, seen, masks.device),
        labels=labels,
        masks=BitmapMasks(large.cpu().numpy().astype('uint8'), *large.shape[-2:]),
    )
    padded = pad_with(_to_labels(classes, class_ids), size, VOID)
    truth.gt_sem_seg = PixelData(sem_seg=_resized(padded, seen))
    return truth


def scale_of_boxes(size: tuple[int, int], seen: tuple[int, int], device: torch.device) -> Tensor:
    """By what (x1, y1, x2, y2) in (height, width) ``size`` are multiplied to be in ``seen``."""
    across, down = seen[1] / size[1], seen[0] / size[0]
    return torch.tensor([across, down, across, down], device=device)


def _resized(maps: Tensor, seen: tuple[int, int]) -> Tensor:
    """Bool or classes, C,H,W, as the network sees them, by the nearest pixel."""
    resized = F.interpolate(maps[None].float(), seen, mode='nearest-exact')[0]
    return resized.to(maps.dtype)


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
