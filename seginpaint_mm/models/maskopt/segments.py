"""``Segments``: what a panoptic or instance network finds in a picture, as soft masks."""

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
from torch import Tensor, nn

from seginpaint_mm.models.maskopt.panoptic_truth import scale_of_boxes

LEAST_COMMON = 0.1  # of the smaller of an object and a box that is drawn around it


@dataclass(frozen=True)
class Segments:
    """The n segments of a picture; gradients of ``probabilities`` reach the network.

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
        """(height, width) of the picture."""
        height, width = self.probabilities.shape[-2:]
        return height, width

    def at(self, x: int, y: int) -> Tensor:
        """The probability of each segment at a pixel, float n in [0, 1], without gradient."""
        return self.probabilities[:, y, x].detach()

    def box_overlaps(self, box: tuple[int, int, int, int]) -> Tensor:
        """Intersection over union of each segment with a box x1, y1, x2, y2, float n.

        What of the box lies outside the picture does not count. 0 where less than ``LEAST_COMMON``
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
    """What any mmdet network that gives mask logits finds.

    mmdet's own ``predict`` cannot be differentiated; this is the same up to its thresholds.

    Args:
        detector: With a ``roi_head`` of one stage that has a mask head (``PanopticFPN``,
            ``MaskRCNN``, ...), or with a ``panoptic_head`` of queries (``MaskFormer``,
            ``Mask2Former``).
        features: What its ``extract_feat`` gives.
        samples: N, with the metainfo that mmdet needs, of the resized pictures.
        size: (height, width) of the batch, before it was resized: that of the masks.
        box_margin: Masks are looked for in boxes that are larger by this share of their width and
            height on each side, as far as the picture reaches: a mask ends at its box.
        seen: (height, width) of the pictures of ``features``; None for ``size``.
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
    """n,4 (x1, y1, x2, y2), as far as the picture reaches."""
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
