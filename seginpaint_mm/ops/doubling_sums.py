"""Sums that an upsampling by two takes from a map, and their sparse matrices."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

TAPS = 3
READS, USES = 6, 4  # values in a row, and in a column, of the matrix, zeros at its ends too
CACHED_BYTES = 2**27  # of all sums that are kept: those of a training at 256x512 fit


class WeightedSums(NamedTuple):
    """Sums of rows of a matrix.

    The arrays are numpy's, as they are kept between calls: a tensor belongs to a device and to the
    mode it was made in, and one made while a model is exported holds no values at all.

    Attributes:
        index: int32 (sums, terms), the rows that are added.
        weight: float32 (sums, terms).
    """

    index: np.ndarray
    weight: np.ndarray

    def of(self, rows: Tensor) -> Tensor:
        """(rows, K) on the CPU -> (sums, K)."""
        weight = torch.from_numpy(self.weight).to(rows.dtype)
        index = torch.from_numpy(self.index)
        return F.embedding_bag(index, rows, mode='sum', per_sample_weights=weight)

    @property
    def num_bytes(self) -> int:
        return self.index.nbytes + self.weight.nbytes


class SumsCache:
    """Keep the sums that were used last, up to a number of bytes; safe with threads.

    Args:
        num_bytes: Upper bound of the memory of all that is kept.
    """

    def __init__(self, num_bytes: int) -> None:
        self.num_bytes = num_bytes
        self._kept: OrderedDict[tuple, WeightedSums] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def used_bytes(self) -> int:
        """Memory of what is kept at present."""
        return sum(sums.num_bytes for sums in self._kept.values())

    def get(self, make: Callable[..., WeightedSums], *size: int) -> WeightedSums:
        """Return ``make(*size)``, from the cache where it is kept."""
        key = (make, *size)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        sums = make(*size)
        with self._lock:
            self._kept[key] = sums
            while self.used_bytes > self.num_bytes:
                self._kept.popitem(last=False)
        return sums

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._kept.clear()


CACHE = SumsCache(CACHED_BYTES)


def output_sums(above: int, rows: int, below: int, width: int) -> WeightedSums:
    """Sums of mixed pixels, ordered (y, x, tap y, tap x), that give the doubled rows' outputs.

    Args:
        above: rows at hand above those that are doubled, 0 (at the map's edge) or 1.
        rows: rows that are doubled.
        below: rows at hand below them, 0 or 1.
        width: pixels a row.
    """
    return CACHE.get(_output_sums, above, rows, below, width)


def mixed_sums(above: int, rows: int, below: int, width: int) -> WeightedSums:
    """The transpose: sums of outputs' gradients that give the mixed pixels'; see above."""
    return CACHE.get(_mixed_sums, above, rows, below, width)


def _output_sums(above: int, rows: int, below: int, width: int) -> WeightedSums:
    y, y_tap, y_weight = _reads(above + rows + below)
    x, x_tap, x_weight = _reads(width)
    inner = slice(2 * above, 2 * (above + rows))
    of_row = (y * width * TAPS + y_tap) * TAPS
    of_column = x * TAPS * TAPS + x_tap
    index = _pairs(of_row[inner], of_column, np.add)
    weight = _pairs(y_weight[inner], x_weight, np.multiply)
    terms = index.shape[2]
    return WeightedSums(index.reshape(-1, terms), weight.reshape(-1, terms))


def _mixed_sums(above: int, rows: int, below: int, width: int) -> WeightedSums:
    y, y_weight = _uses(above + rows + below)
    x, x_weight = _uses(width)
    inner = slice(TAPS * above, TAPS * (above + rows))
    index = _pairs(y[inner] * 2 * width, x, np.add)
    weight = _pairs(y_weight[inner], x_weight, np.multiply)
    return WeightedSums(_taps_last(index, rows), _taps_last(weight, rows))


def _reads(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of 2 size outputs: pixels, taps and weights that it is the sum of, (2 size, 6)."""
    output = np.arange(2 * size, dtype=np.int32)[:, None, None]
    tap = np.arange(TAPS, dtype=np.int32)[None, :, None]
    doubled = output + tap - 1
    near = doubled // 2
    pixel = np.concatenate([near, near + 2 * (doubled % 2) - 1], axis=2)  # and the one beside it
    weight = np.array([0.75, 0.25], np.float32) * ((doubled >= 0) & (doubled < 2 * size))
    pixel = pixel.clip(0, size - 1)  # at the border the nearest pixel is repeated
    shape = (2 * size, READS)
    tap = np.broadcast_to(tap, pixel.shape)
    return pixel.reshape(shape), tap.reshape(shape), weight.reshape(shape)


def _uses(size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of size x 3 pixels and taps: outputs that it is in, and weights, (3 size, 4)."""
    pixel = np.arange(size, dtype=np.int32)[:, None, None]
    tap = np.arange(TAPS, dtype=np.int32)[None, :, None]
    beside = np.arange(-1, USES - 1, dtype=np.int32)
    doubled = 2 * pixel + beside
    weight = np.where((beside == 0) | (beside == 1), np.float32(0.75), np.float32(0.25))
    repeated = (doubled == 0) | (doubled == 2 * size - 1)  # see _reads
    weight = np.where(repeated, np.float32(1), weight) * ((doubled >= 0) & (doubled < 2 * size))
    output = doubled - tap + 1
    weight = weight * ((output >= 0) & (output < 2 * size))
    shape = (TAPS * size, USES)
    return output.clip(0, 2 * size - 1).reshape(shape), weight.reshape(shape)


def _pairs(rows: np.ndarray, columns: np.ndarray, combine: np.ufunc) -> np.ndarray:
    """(R, a) and (C, b) -> (R, C, a b)."""
    pairs = combine(rows[:, None, :, None], columns[None, :, None, :])
    return pairs.reshape(*pairs.shape[:2], -1)


def _taps_last(values: np.ndarray, rows: int) -> np.ndarray:
    """((y, tap y), (x, tap x), terms) -> ((y, x, tap y, tap x), terms)."""
    terms = values.shape[2]
    parted = values.reshape(rows, TAPS, -1, TAPS, terms).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(parted).reshape(-1, terms)
