"""Decode instances from scores and box maps by NumPy: what an exported network leaves to do.

Imports neither PyTorch nor the models, so that it runs beside ONNX Runtime alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from seginpaint_mm.ops.box_grouping import Hypotheses, check_boxes, group_boxes, region_nms

_MOST_RATIO = 1000.0  # of a box and the unit of sizes


@dataclass(frozen=True)
class DecodedInstances:
    """n instances, in descending order of scores.

    Attributes:
        boxes: float32 (n, 4), the masks' tight x1, y1, x2, y2, right and bottom exclusive.
        labels: int64 (n,), indices into ``thing_ids``.
        scores: float64 (n,) in [0, 1].
        masks: bool (n, H, W).
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    masks: np.ndarray


def decode_instances(
    scores: np.ndarray,
    maps: np.ndarray,
    thing_ids: Sequence[int],
    *,
    offset_scale: float = 64.0,
    size_scale: float = 64.0,
    size: str = 'log',
    top_n: Sequence[int] = (1, 2),
    min_score: float = 0.1,
    box_iou_threshold: float = 0.5,
    region_iou_threshold: float = 0.5,
    across_classes: bool = False,
    ties: str = 'centre',
    confidence: str = 'score',
    min_pixels: float = 5e-5,
    max_instances: int = 100,
) -> DecodedInstances:
    """Find the instances of an image, as :class:`HoughInstanceHead` does.

    Args:
        scores: floats (K, H, W) in [0, 1], the output ``scores`` of an exported network.
        maps: floats (4T, h, w), its output ``boxes``; enlarged to (H, W).
        thing_ids: The T classes that have instances.
        offset_scale: Of the :class:`BoxCoder`.
        size_scale: Likewise.
        size: Likewise.
        top_n: The others are the head's.

    Raises:
        ValueError: when a box is not finite, or the maps do not fit the things.
    """
    number, (height, width) = len(thing_ids), scores.shape[1:]
    if len(maps) != 4 * number:
        raise ValueError(f'{number} thing_ids need {4 * number} maps of boxes, not {len(maps)}.')
    flat = scores.reshape(len(scores), -1)
    found = []
    for label, thing in enumerate(thing_ids):
        pixels = np.flatnonzero(flat[thing] > np.asarray(min_score, flat.dtype))
        ranks = (flat[:, pixels] > flat[thing, pixels]).sum(axis=0)
        pixels, ranks = pixels[ranks < top_n[-1]], ranks[ranks < top_n[-1]]
        enlarged = [_enlarged(plane, height, width) for plane in maps[4 * label : 4 * label + 4]]
        deltas = np.stack([plane.ravel()[pixels] for plane in enlarged], axis=1)
        points = np.stack((pixels % width, pixels // width), axis=1).astype(np.float32) + 0.5
        boxes = decode_boxes(points, deltas, offset_scale, size_scale, size)
        voted = 0
        for n in top_n:
            chosen = ranks < n
            if chosen.sum() > voted:
                voted = chosen.sum()
                votes = (pixels, points, flat[thing, pixels].astype(np.float32), boxes)
                of_chosen = (value[chosen] for value in votes)
                options = dict(threshold=box_iou_threshold, ties=ties, confidence=confidence)
                found.append(group_votes(label, *of_chosen, **options))
    hypotheses = Hypotheses.join(found)
    least = min_pixels * (height * width if min_pixels < 1 else 1)
    hypotheses = hypotheses.select(by_confidence(hypotheses, least))
    kept = region_nms(hypotheses, threshold=region_iou_threshold, across_classes=across_classes)
    hypotheses = hypotheses.select(kept[:max_instances])
    masks = np.zeros((len(hypotheses), height * width), bool)
    masks[hypotheses.owners, hypotheses.pixels] = True
    return DecodedInstances(
        tight_boxes(hypotheses, width),
        hypotheses.labels,
        hypotheses.scores,
        masks.reshape(-1, height, width),
    )


def decode_boxes(
    points: np.ndarray,
    deltas: np.ndarray,
    offset_scale: float = 64.0,
    size_scale: float = 64.0,
    size: str = 'log',
) -> np.ndarray:
    """Return the boxes that pixels mean, as :meth:`BoxCoder.decode` does.

    Args:
        points: float32 (V, 2) x, y.
        deltas: float32 (V, 4) dx, dy, w, h.
        offset_scale: In pixels.
        size_scale: In pixels.
        size: ``'log'`` or ``'linear'``.

    Returns:
        float32 (V, 4): x1, y1, x2, y2.
    """
    centres = points + deltas[:, :2] * np.float32(offset_scale)
    if size == 'log':
        limit = math.log(_MOST_RATIO)
        sizes = np.exp(deltas[:, 2:].clip(-limit, limit))
    else:
        sizes = deltas[:, 2:].clip(1 / _MOST_RATIO, _MOST_RATIO)
    half = sizes * np.float32(size_scale) / 2
    return np.concatenate((centres - half, centres + half), axis=1).astype(np.float32)


def _enlarged(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    if plane.shape == (height, width):
        return plane
    return cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)


def group_votes(
    label: int,
    pixels: np.ndarray,
    points: np.ndarray,
    scores: np.ndarray,
    boxes: np.ndarray,
    *,
    threshold: float,
    ties: str,
    confidence: str,
) -> Hypotheses:
    """Group the votes for a class by their boxes: steps 4 and 5 of Sec. 2.1.

    Args:
        label: Of the hypotheses.
        pixels: int64 (V,), row * width + column.
        points: float32 (V, 2), x, y of their middles.
        scores: float32 (V,).
        boxes: float32 (V, 4), what they vote for.
        threshold: IoU above which two boxes are one instance's.
        ties: See :class:`HoughInstanceHead`.
        confidence: Likewise.

    Raises:
        ValueError: see :func:`check_boxes`.
    """
    order = np.arange(len(scores))
    if ties == 'centre':
        check_boxes(boxes)
        order = np.argsort(off_centre(points, boxes), kind='stable')
    kept, of_ordered = group_boxes(boxes[order], scores[order], threshold)
    groups = np.empty_like(of_ordered)
    groups[order] = of_ordered
    confidences = np.bincount(groups, weights=scores) / np.bincount(groups)
    if confidence == 'extent':
        confidences = confidences * filled_shares(points, boxes[order[kept]], groups)
    return Hypotheses(np.full(len(kept), label), confidences, pixels, groups)


def off_centre(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How far points are from the centres of their boxes, squared, in units of the boxes.

    Args:
        points: floats (V, 2) x, y.
        boxes: floats (V, 4) x1, y1, x2, y2.

    Returns:
        np.ndarray: float64 (V,), 0 at the centre, 0.25 in the middle of an edge.
    """
    points, boxes = points.astype(np.float64), boxes.astype(np.float64)
    sizes = boxes[:, 2:] - boxes[:, :2]
    offsets = (points - (boxes[:, :2] + boxes[:, 2:]) / 2) / sizes
    return (offsets * offsets).sum(axis=1)


def filled_shares(points: np.ndarray, boxes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Share of each group's box that the group's pixels fill, float64 (G,), at most 1.

    Args:
        points: floats (V, 2) x, y, the middles of pixels.
        boxes: floats (G, 4) x1, y1, x2, y2.
        groups: int64 (V,), below G.
    """
    boxes = boxes.astype(np.float64)
    of_points = boxes[groups]
    inside = ((points >= of_points[:, :2]) & (points < of_points[:, 2:])).all(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.minimum(np.bincount(groups, weights=inside, minlength=len(boxes)) / areas, 1)


def by_confidence(hypotheses: Hypotheses, least: float) -> np.ndarray:
    """Numbers of those that have at least so many pixels, the most confident first."""
    order = np.argsort(-hypotheses.scores, kind='stable')
    return order[hypotheses.areas[order] >= least]


def tight_boxes(hypotheses: Hypotheses, width: int) -> np.ndarray:
    """Boxes around masks, float32 (n, 4) x1, y1, x2, y2, in images of that width."""
    rows, columns = np.divmod(hypotheses.pixels, width)
    low = np.full((2, len(hypotheses)), np.iinfo(np.int64).max)
    high = np.zeros_like(low)
    for axis, positions in enumerate((columns, rows)):
        np.minimum.at(low[axis], hypotheses.owners, positions)
        np.maximum.at(high[axis], hypotheses.owners, positions + 1)
    return np.vstack([low, high]).T.astype(np.float32)
