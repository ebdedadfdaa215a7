"""``BoxGrid``: boxes sorted by place and size, so that those like a given one are found at once."""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

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
