"""Boxes as targets of each pixel, and the grid that they stand on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.structures import InstanceData
from scipy import sparse
from torch import Tensor

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
    stride: int,
    num_things: int,
    weighting: str = 'inverse_sqrt_area',
) -> LocalizationTargets:
    """Truth for maps whose pixel (row i, column j) stands for point ((j+.5), (i+.5)) * stride.

    Where masks overlap, the smallest instance counts: it is the one in front more often, and
    would be lost under the larger one. Instances that no pixel of the map meets are left out.

    Args:
        samples: With ``gt_instances``: ``labels`` (n,) and ``bboxes`` (n, 4); and with
            ``gt_instance_map`` (1, H, W), whose numbers 1 to n are these, or without it, which
            takes much longer, with their ``masks`` bool (n, H, W).
        stride: Pixels of the image a pixel of the maps.
        num_things: Labels are below it.
        weighting: ``'inverse_sqrt_area'`` weighs each pixel by 1 / sqrt(width * height) of its
            instance's box, ``'uniform'`` equally.

    Raises:
        ValueError: when ``gt_instances`` is missing or has neither masks nor a map, a label is no
            thing, or a box has no area; the sentence names the image.
    """
    parts = []
    for image, sample in enumerate(samples):
        instances = _checked_instances(sample, num_things)
        index = _instance_at(sample, stride)
        rows, columns = (index >= 0).nonzero(as_tuple=True)
        instance = index[rows, columns]
        labels, boxes = instances.labels[instance], instances.bboxes[instance].float()
        parts.append((torch.full_like(rows, image), rows, columns, labels, boxes))
    images, rows, columns, labels, boxes = (
        torch.cat(tensors) for tensors in zip(*parts, strict=True)
    )
    weights = _pixel_weights(boxes, weighting)
    return LocalizationTargets(images, rows, columns, labels, boxes, weights)


def image_size(sample: SceneSample) -> tuple[int, int]:
    """(height, width) of the truth: of the map or, without it, of the masks."""
    if 'gt_instance_map' in sample:
        return tuple(sample.gt_instance_map.data.shape[-2:])
    return tuple(sample.gt_instances.masks.shape[-2:])


def _instance_at(sample: SceneSample, stride: int) -> Tensor:
    """(h, w) int64: place of the smallest instance at each pixel of the map, -1 where is none."""
    points = slice(stride // 2, None, stride)
    if 'gt_instance_map' in sample:
        return sample.gt_instance_map.data[0, points, points].long() - 1
    masks = sample.gt_instances.masks
    visible = masks[:, points, points]
    index = torch.full(visible.shape[1:], -1, dtype=torch.int64, device=masks.device)
    # one by one: a sum over all at once widens each pixel to 8 bytes, which takes ten times longer
    areas = [mask.count_nonzero() for mask in masks] or [masks.new_zeros(0, dtype=torch.int64)]
    order = torch.hstack(areas).argsort(descending=True, stable=True)
    for place in order.tolist():
        index.masked_fill_(visible[place], place)
    return index


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
    if 'gt_instance_map' not in sample and 'masks' not in instances:
        raise ValueError(
            f'{name} has neither a gt_instance_map nor masks of its gt_instances: take both from '
            f'one PackScene.'
        )
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
