"""Panoptic segments, predicted and true."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox2roi
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData, PixelData
from torch import Tensor, nn

from seginpaint_mm.geometry.boxes import tight_boxes
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
        samples: With ``gt_instances`` and ``gt_sem_seg`` of the image without the object, its
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
            f'{where}: the panoptic network learns from images with one pasted object of a known '
            f'class, whose removed_labels are {sample.get("removed_labels")}.'
        )


LEAST_COMMON = 0.1  # of the smaller of an object and a box that is drawn around it


@dataclass(frozen=True)
class Segments:
    """The n segments of an image; gradients of ``probabilities`` reach the network.

    Attributes:
        probabilities: n,H,W in [0, 1], of a pixel belonging to the segment.
        labels: int64 n, labels of the network: things come before stuff.
        scores: n in [0, 1].
    """

    probabilities: Tensor
    labels: Tensor
    scores: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the image."""
        height, width = self.probabilities.shape[-2:]
        return height, width

    def at(self, x: int, y: int) -> Tensor:
        """The probability of each segment at a pixel, float n in [0, 1], without gradient."""
        return self.probabilities[:, y, x].detach()

    def box_overlaps(self, box: tuple[int, int, int, int]) -> Tensor:
        """Intersection over union of each segment with a box x1, y1, x2, y2, float n.

        What of the box lies outside the image does not count. 0 where less than ``LEAST_COMMON``
        of the smaller one is common to both.
        """
        left, top, right, bottom = (max(side, 0) for side in box)
        found = self.probabilities.detach() >= 0.5
        inside = found[:, top:bottom, left:right]
        intersection = inside.flatten(1).sum(dim=1)
        areas, area = found.flatten(1).sum(dim=1), inside.shape[1] * inside.shape[2]
        shares = intersection / (areas + area - intersection).clamp(min=1)
        return shares * (intersection >= LEAST_COMMON * areas.clamp(max=area))

    def keep(self, chosen: Tensor) -> 'Segments':
        """Those of a bool mask or of indices."""
        return Segments(self.probabilities[chosen], self.labels[chosen], self.scores[chosen])


def find_segments(
    detector: nn.Module,
    features: tuple[Tensor, ...],
    samples: list[DetDataSample],
    size: tuple[int, int],
    box_margin: float = 0.0,
    seen: tuple[int, int] | None = None,
) -> list[Segments]:
    """Find segments by any mmdet network that gives mask logits.

    mmdet's own ``predict`` cannot be differentiated; this is the same up to its thresholds.

    Args:
        detector: With a ``roi_head`` of one stage that has a mask head (``PanopticFPN``,
            ``MaskRCNN``, ...), or with a ``panoptic_head`` of queries (``MaskFormer``,
            ``Mask2Former``).
        features: What its ``extract_feat`` gives.
        samples: N, with the metainfo that mmdet needs, of the resized images.
        size: (height, width) of the batch, before it was resized: that of the masks.
        box_margin: Masks are looked for in boxes that are larger by this share of their width and
            height on each side, as far as the image reaches: a mask ends at its box.
        seen: (height, width) of the images of ``features``; None for ``size``.
    """
    if hasattr(detector, 'panoptic_head'):
        return _of_queries(detector, features, samples, size)
    return _of_boxes(detector, features, samples, size, box_margin, seen or size)


def check_gives_masks(detector: nn.Module) -> None:
    """ValueError when a network is of none of the kinds that :func:`find_segments` takes."""
    head = getattr(detector, 'roi_head', None)
    if hasattr(detector, 'panoptic_head') or (isinstance(head, StandardRoIHead) and head.with_mask):
        return
    raise ValueError(
        f'PanopticMaskSelector.detector: {type(detector).__name__} gives no mask logits that can '
        f'be used here: take one with one mask head, such as PanopticFPN or MaskRCNN, or with '
        f'queries, such as MaskFormer.'
    )


def _of_boxes(
    detector: nn.Module,
    features: tuple[Tensor, ...],
    samples: list[DetDataSample],
    size: tuple[int, int],
    box_margin: float,
    seen: tuple[int, int],
) -> list[Segments]:
    head = detector.roi_head
    with torch.no_grad():  # which boxes there are is not differentiated, as in training them
        proposals = detector.rpn_head.predict(features, samples, rescale=False)
        metas = [sample.metainfo for sample in samples]
        found = head.predict_bbox(features, metas, proposals, head.test_cfg, rescale=False)
    counts = [len(boxes) for boxes in found]
    if not sum(counts):
        empty = features[0].new_zeros(0, *size)
        return [Segments(empty, boxes.labels, boxes.scores) for boxes in found]
    wider = [_widened(boxes.bboxes, box_margin, seen) for boxes in found]
    logits = head._mask_forward(features, bbox2roi(wider))['mask_preds']
    scale = scale_of_boxes(size, seen, logits.device)
    segments = []
    for boxes, wide, of_image in zip(found, wider, logits.split(counts), strict=True):
        channel = boxes.labels if of_image.shape[1] > 1 else torch.zeros_like(boxes.labels)
        masks = of_image[torch.arange(len(boxes), device=of_image.device), channel].sigmoid()
        pasted = _do_paste_mask(masks[:, None], wide / scale, *size, skip_empty=False)[0]
        segments.append(Segments(pasted.clamp(0, 1), boxes.labels, boxes.scores))
    return segments


@contextmanager
def wider_mask_boxes(
    detector: nn.Module, size: tuple[int, int], box_margin: float
) -> Iterator[None]:
    """Let mmdet's ``loss`` train the mask head in boxes as wide as :func:`find_segments`' are.

    In boxes of another width its masks would be stretched. Networks of queries have no boxes; a
    mask head that shares its features with the boxes' (``share_roi_extractor``) keeps their width.
    """
    head = getattr(detector, 'roi_head', None)
    if head is None or head.share_roi_extractor or not box_margin:
        yield
        return

    def mask_loss(
        features: tuple[Tensor, ...], results: Sequence[SamplingResult], *rest: object
    ) -> dict:
        wider = [copy(result) for result in results]
        for result in wider:
            result.pos_priors = _widened(result.pos_priors, box_margin, size)
        return type(head).mask_loss(head, features, wider, *rest)

    head.mask_loss = mask_loss
    try:
        yield
    finally:
        del head.mask_loss


def _widened(boxes: Tensor, margin: float, size: tuple[int, int]) -> Tensor:
    """n,4 (x1, y1, x2, y2), as far as the image reaches."""
    first, last = boxes[:, :2], boxes[:, 2:]
    sides = margin * (last - first)
    height, width = size
    end = boxes.new_tensor([width, height])
    return torch.cat([(first - sides).clamp(min=0), torch.minimum(last + sides, end)], dim=1)


def _of_queries(
    detector: nn.Module,
    features: tuple[Tensor, ...],
    samples: list[DetDataSample],
    size: tuple[int, int],
) -> list[Segments]:
    class_logits, mask_logits = detector.panoptic_head.predict(features, samples)
    segments = []
    masks = F.interpolate(mask_logits.float(), size, mode='bilinear', align_corners=False)
    for of_classes, of_masks in zip(class_logits, masks, strict=True):
        scores, labels = of_classes.softmax(dim=-1).max(dim=-1)
        is_something = labels < of_classes.shape[-1] - 1  # the last is "no object"
        found = Segments(of_masks.sigmoid(), labels, scores)
        segments.append(found.keep(is_something))
    return segments
