"""Steps 3 to 6 of Sec. 2.1 as plain loops: the reference that the fast head must equal."""

import numpy as np
import torch
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.models.fcrn.hough_instance_head import HoughInstanceHead

Box = list[float]
Pixel = tuple[int, int]


def hough_instances_reference(
    head: HoughInstanceHead, scores: Tensor, maps: Tensor
) -> InstanceData:
    """Find instances, pixel by pixel and pair by pair.

    Args:
        head: Its options apply.
        scores: see :meth:`HoughInstanceHead.predict`.
        maps: likewise.

    Returns:
        InstanceData: see there.
    """
    found = []
    pixels = scores.permute(1, 2, 0).tolist()
    min_score = scores.new_tensor(head.min_score).item()  # in the scores' precision
    for label, thing_id in enumerate(head.thing_ids):
        for n in head.top_n:
            votes = _top_n_mask(pixels, thing_id, n, min_score)
            boxes = _vote_boxes(head, votes, maps[4 * label : 4 * label + 4])
            of_votes = [score for _, score in votes]
            order = _vote_order(head, votes, boxes)
            ordered = [boxes[vote] for vote in order], [of_votes[vote] for vote in order]
            for places in group_boxes_reference(*ordered, head.box_iou_threshold):
                group = [order[place] for place in places]
                mask = {votes[vote][0] for vote in group}
                confidence = _mean([of_votes[vote] for vote in sorted(group)])
                if head.confidence == 'extent':
                    confidence *= _filled_share(mask, boxes[group[0]])
                found.append((confidence, label, mask))
    least = head.fewest_pixels(scores[0].numel())
    found = [hypothesis for hypothesis in found if len(hypothesis[2]) >= least]
    found.sort(key=lambda hypothesis: -hypothesis[0])
    return _to_instances(_region_nms(found, head)[: head.max_instances], scores.shape[1:])


def group_boxes_reference(
    boxes: list[Box], scores: list[float], threshold: float
) -> list[list[int]]:
    """Greedy non-maximum suppression that remembers who was suppressed by whom.

    Returns:
        list: the groups in the order in which their first members were kept; the members of each
        in descending order of scores.
    """
    left = sorted(range(len(boxes)), key=lambda index: -scores[index])
    groups = []
    while left:
        kept, rest = left[0], left[1:]
        group, left = [kept], []
        for index in rest:
            (group if _iou_is_above(threshold, boxes[kept], boxes[index]) else left).append(index)
        groups.append(group)
    return groups


def _vote_order(
    head: HoughInstanceHead, votes: list[tuple[Pixel, float]], boxes: list[Box]
) -> list[int]:
    """Votes in the order in which those of equal scores are kept."""
    order = list(range(len(votes)))
    if head.ties == 'centre':
        order.sort(key=lambda vote: _off_centre(votes[vote][0], boxes[vote]))
    return order


def _off_centre(pixel: Pixel, box: Box) -> float:
    x = (pixel[1] + 0.5 - (box[0] + box[2]) / 2) / (box[2] - box[0])
    y = (pixel[0] + 0.5 - (box[1] + box[3]) / 2) / (box[3] - box[1])
    return x * x + y * y


def _filled_share(mask: set[Pixel], box: Box) -> float:
    inside = sum(
        box[0] <= column + 0.5 < box[2] and box[1] <= row + 0.5 < box[3] for row, column in mask
    )
    return min(inside / _area(box), 1)


def _iou_is_above(threshold: float, one: Box, other: Box) -> bool:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0) * max(height, 0)
    return common > threshold * (_area(one) + _area(other) - common)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _top_n_mask(
    pixels: list[list[list[float]]], thing_id: int, n: int, min_score: float
) -> list[tuple[Pixel, float]]:
    votes = []
    for row, columns in enumerate(pixels):
        for column, scores in enumerate(columns):
            score = scores[thing_id]
            if score > min_score and sum(other > score for other in scores) < n:
                votes.append(((row, column), score))
    return votes


def _vote_boxes(
    head: HoughInstanceHead, votes: list[tuple[Pixel, float]], maps: Tensor
) -> list[Box]:
    places = torch.tensor([place for place, _ in votes], dtype=torch.int64).reshape(-1, 2)
    deltas = maps[:, places[:, 0], places[:, 1]].T
    return head.box_coder.decode(places.flip(1) + 0.5, deltas).tolist()


def _mean(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def _region_nms(
    found: list[tuple[float, int, set[Pixel]]], head: HoughInstanceHead
) -> list[tuple[float, int, set[Pixel]]]:
    kept = []
    for hypothesis in found:
        _, label, pixels = hypothesis
        rivals = [other for _, rival, other in kept if head.across_classes or rival == label]
        threshold = head.region_iou_threshold
        if not any(len(pixels & other) > threshold * len(pixels | other) for other in rivals):
            kept.append(hypothesis)
    return kept


def _to_instances(kept: list[tuple[float, int, set[Pixel]]], size: tuple[int, int]) -> InstanceData:
    masks = np.zeros((len(kept), *size), bool)
    boxes = np.zeros((len(kept), 4), np.float32)
    for mask, box, (_, _, pixels) in zip(masks, boxes, kept, strict=True):
        rows, columns = zip(*pixels, strict=True)
        mask[rows, columns] = True
        box[:] = min(columns), min(rows), max(columns) + 1, max(rows) + 1
    return InstanceData(
        bboxes=torch.from_numpy(boxes),
        labels=torch.tensor([label for _, label, _ in kept], dtype=torch.int64),
        scores=torch.tensor([score for score, _, _ in kept], dtype=torch.float32),
        masks=torch.from_numpy(masks),
    )
