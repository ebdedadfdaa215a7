"""Group pixels by the overlap of their boxes, and suppress repeated regions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Hypotheses:
    """Candidate instances; a pixel may belong to several.

    Attributes:
        labels: int64 (n,), indices into ``thing_ids``.
        scores: float64 (n,), confidences.
        pixels: int64 (M,), a pixel's number, row * width + column, for each pixel of each mask.
        owners: int64 (M,), which hypothesis, 0..n-1, that pixel belongs to.
    """

    labels: np.ndarray
    scores: np.ndarray
    pixels: np.ndarray
    owners: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def areas(self) -> np.ndarray:
        """Pixels of each mask, int64 (n,)."""
        return np.bincount(self.owners, minlength=len(self))

    def select(self, chosen: np.ndarray) -> 'Hypotheses':
        """Those of the given numbers, int64 (m,), each at most once, in that order."""
        renumbered = np.full(len(self), -1)
        renumbered[chosen] = np.arange(len(chosen))
        owners = renumbered[self.owners]
        stays = owners >= 0
        return Hypotheses(
            self.labels[chosen], self.scores[chosen], self.pixels[stays], owners[stays]
        )

    @staticmethod
    def join(parts: Sequence['Hypotheses']) -> 'Hypotheses':
        """One after the other."""
        starts = np.cumsum([0, *(len(part) for part in parts)])
        owners = [part.owners + start for part, start in zip(parts, starts[:-1], strict=True)]
        nothing = np.empty(0, np.int64)
        return Hypotheses(
            np.concatenate([nothing, *(part.labels for part in parts)]),
            np.concatenate([np.empty(0), *(part.scores for part in parts)]),
            np.concatenate([nothing, *(part.pixels for part in parts)]),
            np.concatenate([nothing, *owners]),
        )


def greedy_keep(suppresses: np.ndarray | sparse.sparray) -> np.ndarray:
    """Keep each candidate, one after the other, unless one kept before it suppresses it.

    All are kept at first; then those that nothing kept suppresses, again and again until nothing
    changes. After r rounds the first r are right for good, so this ends, and in practice all are
    right after a few: chains of suppression are short.

    Args:
        suppresses: float32 (n, n), dense or sparse: above 0 where the candidate of the row, if
            kept, suppresses that of the column; 0 on and below the diagonal.

    Returns:
        np.ndarray: bool (n,).
    """
    kept = np.ones(suppresses.shape[0], np.float32)
    while True:
        now_kept = (kept @ suppresses == 0).astype(np.float32)
        if np.array_equal(now_kept, kept):
            return kept > 0
        kept = now_kept


HEAD = (32, 256)  # fewest and most votes that are compared with each other in one go
WINDOW = 4096  # votes among which these are looked for
PLAIN_PAIRS = 2**16  # are looked at before a grid is made, which takes as long


def group_boxes(
    boxes: np.ndarray, scores: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Group boxes by greedy non-maximum suppression.

    In descending order of scores, equal ones in the order given, a box is kept unless it overlaps
    one kept before by an IoU above ``threshold``; then it joins the group of the first such. The
    result is that of the plain loop, :func:`group_boxes_reference`, always; the time is linear in
    the boxes, sorting aside, however few or many groups there are.

    (``mmcv.ops.nms_match`` is the same up to ``>=`` and the order of ties, in a time proportional
    to boxes times groups.)

    Args:
        boxes: floats (V, 4): x1, y1, x2, y2.
        scores: floats (V,).
        threshold: above 0 and below 1.

    Returns:
        tuple: ``kept`` int64 (G,), the boxes that are kept, in descending order of scores, and
        ``groups`` int64 (V,), the number 0..G-1 of each box's group.

    Raises:
        ValueError: when a box is not finite or has no area.
    """
    check_boxes(boxes)
    order = np.argsort(-scores, kind='stable')
    leader = _Grouping(boxes[order].astype(np.float64).T.copy(), threshold).leader
    is_kept = leader == np.arange(len(leader))
    groups = np.empty_like(leader)
    groups[order] = (np.cumsum(is_kept) - 1)[leader]
    return order[is_kept], groups


def check_boxes(boxes: np.ndarray) -> None:
    """Refuse boxes whose IoU would mean nothing.

    Raises:
        ValueError: when one is not finite or has no area.
    """
    if not np.isfinite(boxes).all():
        raise ValueError(
            'A vote has a box that is not finite: the localisation maps hold NaN or infinity, '
            'as after a training that diverged.'
        )
    empty = (boxes[:, 2:] <= boxes[:, :2]).any(axis=1)
    if empty.any():
        raise ValueError(
            f'{empty.sum()} of {len(boxes)} votes have boxes with no area, e.g. '
            f'{boxes[empty.argmax()].tolist()} (x1, y1, x2, y2): the box coder must decode to '
            f'x1 < x2 and y1 < y2.'
        )


class _Grouping:
    """Boxes float64 (4, V) in descending order of scores, and who leads the group of each.

    The first few undecided boxes are compared with each other, which settles who of them is kept;
    these then gather the undecided boxes that they overlap: among all, while these are few, or else
    among those that a :class:`BoxGrid` finds near them. Of kept boxes no two are alike, so only a
    bounded number of them is near any box.

    Attributes:
        leader: int64 (V,), the kept box of each box's group.
    """

    def __init__(self, boxes: np.ndarray, threshold: float) -> None:
        self._boxes = boxes
        self._areas = (boxes[2] - boxes[0]) * (boxes[3] - boxes[1])
        self._threshold = threshold
        self._grid: BoxGrid | None = None
        self._plain_pairs = PLAIN_PAIRS
        self.leader = np.full(boxes.shape[1], -1)
        self._run()

    def _run(self) -> None:
        number = len(self.leader)
        position, size = 0, HEAD[0]
        while position < number:
            window = self.leader[position : position + WINDOW]
            head = position + np.flatnonzero(window < 0)[:size]
            position = head[-1] + 1 if len(head) == size else position + len(window)
            kept = self._settle(head)
            for leader, box in self._pairs(kept, position):
                self._gather(leader, box)
            size = np.clip(2 * size if 2 * len(kept) > len(head) else size // 2, *HEAD)

    def _pairs(self, kept: np.ndarray, position: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of kept boxes, in order, and boxes from ``position`` on that they may overlap."""
        rest = np.arange(position, len(self.leader))
        self._plain_pairs -= len(kept) * len(rest)
        if self._plain_pairs >= 0:
            yield np.repeat(kept, len(rest)), np.tile(rest, len(kept))
        elif len(rest):
            if self._grid is None:
                self._grid = BoxGrid(self._boxes, self._threshold)
            yield from self._grid.near(kept)

    def _settle(self, head: np.ndarray) -> np.ndarray:
        """Decide about undecided boxes, all before them being decided; return those kept."""
        overlap = self._overlap(head[:, None], head)
        kept = greedy_keep(np.triu(overlap, 1).astype(np.float32))
        if kept.any():
            self.leader[head] = head[kept][overlap[kept].argmax(axis=0)]  # each overlaps itself
        return head[kept]

    def _gather(self, leader: np.ndarray, box: np.ndarray) -> None:
        undecided = self.leader.take(box) < 0
        leader, box = leader.compress(undecided), box.compress(undecided)
        overlap = self._overlap(leader, box)
        # the first leader is written last
        self.leader[box.compress(overlap)[::-1]] = leader.compress(overlap)[::-1]

    def _overlap(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        # take and compress do what brackets do, in a third of the time
        a, b = self._boxes.take(one, axis=1), self._boxes.take(other, axis=1)
        width = np.minimum(a[2], b[2]) - np.maximum(a[0], b[0])
        height = np.minimum(a[3], b[3]) - np.maximum(a[1], b[1])
        common = np.maximum(width, 0) * np.maximum(height, 0)
        union = self._areas.take(one) + self._areas.take(other) - common
        return common > self._threshold * union


def region_nms(hypotheses: Hypotheses, *, threshold: float, across_classes: bool) -> np.ndarray:
    """Keep, from the first on, each hypothesis whose mask overlaps none kept before too much.

    Time and memory are linear in the pixels of all masks where, as here, a pixel belongs to a
    bounded number of masks: only masks that share pixels are compared.

    Args:
        hypotheses: In descending order of scores.
        threshold: Masks with an IoU above it are too much alike; 0 suppresses on any overlap (as
            SDS, the paper's [8], can).
        across_classes: Whether one suppresses those of other classes too.

    Returns:
        np.ndarray: int64 (m,), the numbers of those kept, ascending.
    """
    number = len(hypotheses)
    ones = np.ones(len(hypotheses.pixels), np.float32)
    last_pixel = hypotheses.pixels.max(initial=0)
    masks = sparse.csr_array(
        (ones, (hypotheses.owners, hypotheses.pixels)), (number, last_pixel + 1)
    )
    common = sparse.triu(masks @ masks.T, 1).tocoo()
    one, other = common.row, common.col
    areas = hypotheses.areas
    too_much = common.data > threshold * (areas[one] + areas[other] - common.data)
    if not across_classes:
        too_much &= hypotheses.labels[one] == hypotheses.labels[other]
    pairs = (one[too_much], other[too_much])
    suppresses = sparse.csr_array((ones[: too_much.sum()], pairs), (number, number))
    return np.flatnonzero(greedy_keep(suppresses))


MAX_LEVELS = 12
CELLS_PER_SIZE = 3  # of the smallest box of a level
PAIRS_AT_ONCE = 2**15  # what the processor's cache holds
SLACK = 1 + 1e-6  # rounding must not lose a pair


class BoxGrid:
    """Finds all boxes that may overlap others by an IoU above a threshold t, and few besides.

    IoU > t in the plane needs IoU > t along x and along y, and that needs a ratio of the sizes
    between t and 1/t and centres near each other. So an axis is divided into levels of sizes,
    powers of two, and each level into cells smaller than its boxes; a box lies in one cell along x
    and one along y. Time and memory are linear in the boxes.

    Args:
        boxes: float64 (4, V): x1, y1, x2, y2, finite, of positive area.
        threshold: t, above 0 and below 1.
    """

    def __init__(self, boxes: np.ndarray, threshold: float) -> None:
        number = boxes.shape[1]
        most_cells = 64 + int(np.sqrt(2 * number))  # along an axis
        self._x = _Axis(boxes[0], boxes[2], threshold, most_cells)
        self._y = _Axis(boxes[1], boxes[3], threshold, most_cells)
        cells = self._y.cells * self._x.number + self._x.cells
        shape = (self._y.number * self._x.number, number)
        # making a sparse matrix of cells and boxes is a counting sort
        occupied = (np.ones(number, np.int8), (cells, np.arange(number)))
        by_cell = sparse.coo_array(occupied, shape).tocsr()
        self._sorted = by_cell.indices
        self._starts = by_cell.indptr

    def near(self, queries: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield pairs (query, box near it): two int64 arrays of indices of boxes a time.

        The queries, int64 (Q,), come in the order that they are given in.
        """
        query, first, count = self._ranges(queries)
        piece = np.cumsum(count) // PAIRS_AT_ONCE
        for part in np.split(np.arange(len(count)), np.flatnonzero(np.diff(piece)) + 1):
            which, places = _count_up(first[part], count[part])
            yield queries[query[part]].take(which), self._sorted.take(places)

    def _ranges(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where, among the sorted boxes, those near the queries stand.

        Returns:
            tuple: for each range the number of its query, its first place and its length.
        """
        left, right = self._x.reach(queries)
        top, bottom = self._y.reach(queries)
        strip, row = _count_up(top.ravel(), (bottom - top + 1).ravel())
        query = strip // top.shape[1]
        row_start = row[:, None] * self._x.number
        first = self._starts.take(row_start + left[query])
        count = self._starts.take(row_start + right[query] + 1) - first
        return np.repeat(query, left.shape[1]), first.ravel(), count.ravel()


class _Axis:
    """One side of the boxes: intervals from ``low`` to ``high``, sorted into cells.

    Attributes:
        cells: int64 (V,), the cell of each.
        number: How many cells there are.
    """

    def __init__(
        self, low: np.ndarray, high: np.ndarray, threshold: float, most_cells: int
    ) -> None:
        self._threshold = threshold
        self._sizes = high - low
        self._centres = (low + high) / 2
        self._origin, end = np.quantile(self._centres, (0.01, 0.99))  # what is beyond is clamped
        small, largest = np.quantile(self._sizes, (0.02, 1))
        self._smallest = max(small, 2 * CELLS_PER_SIZE * (end - self._origin) / most_cells)
        levels = np.clip(np.log2(largest / self._smallest) + 1, 1, MAX_LEVELS)
        self._pitch = self._smallest * 2.0 ** np.arange(int(levels)) / CELLS_PER_SIZE
        lengths = ((end - self._origin) / self._pitch).astype(np.int64) + 1
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self.number = int(self._starts[-1])
        self.cells = self._cell(self._centres, self._level(self._sizes))

    def reach(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First and last cell, in each level, of what can overlap the queries: int64 (Q, levels).

        In levels that a query does not need, the last cell comes before the first.
        """
        size, centre = self._sizes[queries, None], self._centres[queries, None]
        t = self._threshold
        lowest, highest = self._level(size * t / SLACK), self._level(size / t * SLACK)
        level = lowest + np.arange(np.max(highest - lowest, initial=0) + 1)
        needed = level <= highest
        level = np.minimum(level, highest)
        # the centres of sizes w and v are at most (w + v) / 2 - t max(w, v) apart, which is
        # largest for v = w or, where t < 1/2, for v = w / t
        reach = size * max(1 - t, (1 / t - 1) / 2) * SLACK
        first, last = self._cell(centre - reach, level), self._cell(centre + reach, level)
        return first, np.where(needed, last, first - 1)

    def _level(self, size: np.ndarray) -> np.ndarray:
        level = np.log2(size / self._smallest)
        return np.clip(level, 0, len(self._pitch) - 1).astype(np.int64)

    def _cell(self, position: np.ndarray, level: np.ndarray) -> np.ndarray:
        start = self._starts[level]
        steps = (position - self._origin) / self._pitch[level]
        return start + np.clip(steps, 0, self._starts[level + 1] - start - 1).astype(np.int64)


def _count_up(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``first[i], first[i] + 1, ...``, ``count[i]`` numbers for each i, and beside each its i."""
    which = np.repeat(np.arange(len(count)), count)
    shift = first - (np.cumsum(count) - count)
    return which, shift.take(which) + np.arange(len(which))
