"""Provide mmcv's operators on boxes, as ``mmcv._ext`` has them, from torchvision and NumPy.

Results are those of the compiled operators, to the rounding of IoUs at the threshold. Boxes of
equal scores are taken in the order given; the compiled operators leave that order to the
processor. Boxes are (x1, y1, x2, y2) in pixels; a box's width is
``x2 - x1 + offset``.
"""

import numpy as np
import torch
import torchvision
from torch import Tensor

PLAIN = 256  # boxes that are compared with all others rather than with those near them


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Keep boxes that overlap no kept box of a higher score by an IoU above the threshold.

    Args:
        boxes: floats (N, 4).
        scores: floats (N,).
        iou_threshold: from 0 to 1.
        offset: 0 or 1.

    Returns:
        Tensor: int64 (K,), indices of the kept boxes in descending order of scores.
    """
    boxes = _at_least_float32(boxes)
    threshold = float(np.float32(iou_threshold))  # what the compiled operator compares with
    if offset == 0:
        if scores.dtype != boxes.dtype:  # torchvision wants one dtype; ranks lose no order
            scores = -_descending(scores).argsort().to(boxes.dtype)
        return torchvision.ops.nms(boxes, scores, threshold)
    order = _descending(scores)
    leader = _Suppression(boxes[order], threshold, offset, inclusive=False).leader
    kept = leader == np.arange(len(leader))
    return order[torch.from_numpy(kept).to(order.device)]


def nms_match(dets: Tensor, iou_threshold: float) -> list[list[int]]:
    """Group boxes by the kept box that suppresses them, at an IoU of the threshold or above.

    Args:
        dets: floats (N, 5), boxes and scores.
        iou_threshold: from 0 to 1.

    Returns:
        list: one list of indices per kept box, which is its first; both levels in descending
        order of scores.
    """
    order = _descending(dets[:, 4])
    boxes = _at_least_float32(dets[order, :4])
    leader = _Suppression(boxes, float(np.float32(iou_threshold)), 0, inclusive=True).leader
    members = np.argsort(leader, kind='stable')
    starts = np.flatnonzero(np.diff(leader[members], prepend=-1))
    indices = order.cpu().numpy()[members]
    return [group.tolist() for group in np.split(indices, starts[1:])] if len(leader) else []


class _Suppression:
    """Find out which kept box suppresses each box.

    One kept box after the other is compared with the undecided boxes that it may suppress: see
    :class:`_Neighbours`. This is rebuilt when most of its boxes are decided, so that the time is
    far below that of comparing all pairs, however few or many boxes are kept.

    Args:
        boxes: floats (N, 4) in descending order of scores.
        threshold: of the IoU.
        offset: added to widths and heights.
        inclusive: whether an IoU equal to the threshold suppresses.

    Attributes:
        leader: int64 (N,), the index of the kept box of each box; its own where it is kept.
    """

    def __init__(self, boxes: Tensor, threshold: float, offset: int, inclusive: bool) -> None:
        self._corners = boxes.detach().cpu().numpy().T.copy()
        one = self._corners.dtype.type(1)  # arithmetic in the dtype of the boxes, as compiled
        self._offset, self._threshold = offset * one, threshold * one
        self._exceeds = np.greater_equal if inclusive else np.greater
        self._sizes = self._corners[2:] - self._corners[:2] + self._offset
        self._areas = self._sizes[0] * self._sizes[1]
        self.leader = np.full(boxes.shape[0], -1)
        with np.errstate(invalid='ignore', over='ignore', divide='ignore'):
            self._run()

    def _run(self) -> None:
        # At a threshold of 0 disjoint boxes suppress each other, and few boxes are kept.
        nearby = self._threshold > 0 and len(self.leader) > PLAIN
        neighbours = self._undecided_neighbours() if nearby else None
        undecided = len(neighbours) if nearby else 0
        for index in range(len(self.leader)):
            if self.leader[index] >= 0:
                continue
            if nearby and 2 * undecided < len(neighbours):
                neighbours = self._undecided_neighbours()
                undecided = len(neighbours)
            near = neighbours.of(index) if nearby else np.arange(index + 1, len(self.leader))
            undecided -= len(near) > 0  # a box with an area is near itself
            self.leader[index] = index
            near = near[self.leader[near] < 0]
            if len(near):
                suppressed = near[self._exceeds(self._iou(index, near), self._threshold)]
                self.leader[suppressed] = index
                undecided -= len(suppressed)

    def _undecided_neighbours(self) -> '_Neighbours':
        # Boxes without an area, or not finite, overlap nothing.
        usable = np.isfinite(self._areas) & (self._sizes > 0).all(axis=0) & (self.leader < 0)
        chosen = np.flatnonzero(usable)
        return _Neighbours(self._corners[:2], self._sizes, chosen, float(self._threshold))

    def _iou(self, index: int, rest: np.ndarray) -> np.ndarray:
        # take does what brackets do, in a third of the time
        corners = self._corners.take(rest, axis=1)
        box = self._corners[:, index, None]
        size = np.fmin(box[2:], corners[2:]) - np.fmax(box[:2], corners[:2]) + self._offset
        width, height = np.fmax(size, 0)
        common = width * height
        return common / (self._areas[index] + self._areas.take(rest) - common)


class _Neighbours:
    """Find boxes that may overlap one by an IoU of a threshold t or more.

    Such boxes are at most s / t long where the box is s long, and share at least t * s with it:
    they start between s * (1 - 1 / t) and s * (1 - t) from its start. They are looked for among
    the boxes sorted by x1 or by y1, wherever the interval has fewer boxes.

    Args:
        starts: floats (2, N), x1 and y1.
        sizes: floats (2, N), widths and heights.
        chosen: int64 (M,), the boxes to find, and to find for.
        threshold: t, above 0.
    """

    def __init__(
        self, starts: np.ndarray, sizes: np.ndarray, chosen: np.ndarray, threshold: float
    ) -> None:
        self._orders, spans = [], []
        for start, size in zip(starts[:, chosen], sizes[:, chosen], strict=True):
            order = np.argsort(start)
            start, size = start.astype(np.float64), size.astype(np.float64)
            slack = 1e-5 * (np.abs(start) + size / threshold)  # beyond the rounding of an IoU
            first = start + size * (1 - 1 / threshold) - slack
            last = start + size * (1 - threshold) + slack
            spans.append(np.searchsorted(start[order], (first, last)))
            self._orders.append(chosen[order])
        low, high = np.stack(spans, axis=1)
        axis = (high - low).argmin(axis=0)
        # The axis to look along and the interval of each box, empty for those not chosen.
        self._intervals = np.zeros((starts.shape[1], 3), int)
        every = np.arange(len(chosen))
        self._intervals[chosen] = np.stack((axis, low[axis, every], high[axis, every]), axis=1)

    def __len__(self) -> int:
        return len(self._orders[0])

    def of(self, index: int) -> np.ndarray:
        """Return boxes among which are all that the box of this index may overlap."""
        axis, low, high = self._intervals[index]
        return self._orders[axis][low:high]


def softnms(
    boxes: Tensor,
    scores: Tensor,
    dets: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> Tensor:
    """Lower the scores of boxes that overlap one of a higher score.

    Args:
        boxes: floats (N, 4).
        scores: floats (N,).
        dets: floats (N, 5), filled with the boxes that are left and their new scores.
        iou_threshold: above which scores are lowered (methods 0 and 1).
        sigma: the width of the Gaussian (method 2).
        min_score: boxes of lower scores are dropped.
        method: 0 drops, 1 lowers linearly, 2 by a Gaussian.
        offset: 0 or 1.

    Returns:
        Tensor: int64 (K,), indices of the boxes that are left, in the order of ``dets``.
    """
    corners = _at_least_float32(boxes).detach().cpu().numpy()
    one = corners.dtype.type(1)
    offset, threshold, sigma = offset * one, np.float32(iou_threshold), np.float32(sigma)
    sizes = corners[:, 2:] - corners[:, :2] + offset
    # The columns of a box: its corners, score and area.
    state = np.column_stack((corners, scores.detach().cpu().numpy(), sizes[:, 0] * sizes[:, 1]))
    state = state.astype(corners.dtype, copy=False)
    indices = np.arange(len(state))
    done = 0
    while done < len(state):
        best = done + state[done:, 4].argmax()
        state[[done, best]], indices[[done, best]] = state[[best, done]], indices[[best, done]]
        box, rest = state[done], state[done + 1 :]
        low, high = np.maximum(box[:2], rest[:, :2]), np.minimum(box[2:4], rest[:, 2:4])
        width, height = np.maximum(high - low + offset, 0).T
        common = width * height
        with np.errstate(invalid='ignore', divide='ignore'):
            iou = common / (box[5] + rest[:, 5] - common)
        if method == 2:
            weight = np.exp(-(iou * iou) / sigma)
        else:
            weight = np.where(iou >= threshold, 1 - iou if method else 0 * one, one)
        rest[:, 4] *= weight
        # A dropped box's place is taken by the last that is left.
        alive = ~(rest[:, 4] < np.float32(min_score))
        left = np.count_nonzero(alive)
        holes, movers = np.flatnonzero(~alive[:left]), np.flatnonzero(alive[left:])[::-1] + left
        rest[holes], indices[done + 1 + holes] = rest[movers], indices[done + 1 + movers]
        done += 1
        state, indices = state[: done + left], indices[: done + left]
    dets[: len(state)] = torch.from_numpy(state[:, :5]).to(dets)
    return torch.from_numpy(indices).to(boxes.device)


def bbox_overlaps(
    bboxes1: Tensor, bboxes2: Tensor, ious: Tensor, mode: int, aligned: bool, offset: int
) -> None:
    """Fill ``ious`` (N, M), or (N,) if aligned, with IoUs (mode 0) or shares of box 1 (mode 1)."""
    from mmcv.ops.bbox import _bbox_overlaps_cpu  # plain PyTorch, for any device

    overlaps = _bbox_overlaps_cpu(
        _at_least_float32(bboxes1),
        _at_least_float32(bboxes2),
        ('iou', 'iof')[mode],
        aligned,
        offset,
    )
    ious.copy_(overlaps.view_as(ious))


def _descending(scores: Tensor) -> Tensor:
    return scores.argsort(descending=True, stable=True)


def _at_least_float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.dtype.itemsize < 4 else tensor
