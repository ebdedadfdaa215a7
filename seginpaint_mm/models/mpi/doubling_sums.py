"""Which pixels a 3x3 convolution of a bilinearly doubled map adds up, and with what weights.

Along one side of ``size`` pixels, tap ``k`` of output ``o`` reads pixel ``o + k - 1`` of the
doubled map (zero outside), itself a mean of two pixels: a matrix of ``2 size`` outputs by ``size``
pixels and 3 taps with at most 6 values a row and 4 a column. In two dimensions weights multiply.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

TAPS = 3
READS, USES = 6, 4  # values in a row, and in a column, of the matrix


class WeightedSums(NamedTuple):
    """Sums of rows of a matrix.

    Attributes:
        index: int32 (sums, terms), the rows that are added.
        weight: float32 (sums, terms).
    """

    index: Tensor
    weight: Tensor

    def of(self, rows: Tensor) -> Tensor:
        """(rows, K) -> (sums, K)."""
        weight = self.weight.to(rows.dtype)
        return F.embedding_bag(self.index, rows, mode='sum', per_sample_weights=weight)


@lru_cache(maxsize=32)
def output_sums(above: int, rows: int, below: int, width: int) -> WeightedSums:
    """Sums of mixed pixels, ordered (y, x, tap y, tap x), that give the doubled rows' outputs.

    Args:
        above: rows at hand above those that are doubled, 0 (at the map's edge) or 1.
        rows: rows that are doubled.
        below: rows at hand below them, 0 or 1.
        width: pixels a row.
    """
    y, y_tap, y_weight = _reads(above + rows + below)
    x, x_tap, x_weight = _reads(width)
    inner = slice(2 * above, 2 * (above + rows))
    of_row = (y * width * TAPS + y_tap) * TAPS
    of_column = x * TAPS * TAPS + x_tap
    index = _pairs(of_row[inner], of_column, torch.add)
    weight = _pairs(y_weight[inner], x_weight, torch.mul)
    return WeightedSums(index.flatten(0, 1).int(), weight.flatten(0, 1))


@lru_cache(maxsize=32)
def mixed_sums(above: int, rows: int, below: int, width: int) -> WeightedSums:
    """The transpose: sums of outputs' gradients that give the mixed pixels'; see above."""
    y, y_weight = _uses(above + rows + below)
    x, x_weight = _uses(width)
    inner = slice(TAPS * above, TAPS * (above + rows))
    index = _pairs(y[inner] * 2 * width, x, torch.add)
    weight = _pairs(y_weight[inner], x_weight, torch.mul)
    return WeightedSums(_taps_last(index, rows).int(), _taps_last(weight, rows))


def _reads(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """For each of 2 size outputs: pixels, taps and weights that it is the sum of."""
    matrix = _matrix(size).flatten(1)
    weight, column = matrix.topk(min(READS, matrix.shape[1]), dim=1)
    return column // TAPS, column % TAPS, weight


def _uses(size: int) -> tuple[Tensor, Tensor]:
    """For each of size x 3 pixels and taps: outputs that it is in, and weights."""
    matrix = _matrix(size).flatten(1).t()
    weight, output = matrix.topk(min(USES, matrix.shape[1]), dim=1)
    return output, weight


def _matrix(size: int) -> Tensor:
    """Outputs (2 size) by pixels (size) by taps (3)."""
    doubled = F.interpolate(torch.eye(size)[None], scale_factor=2, mode='linear')[0].t()
    padded = F.pad(doubled, (0, 0, 1, 1))
    return torch.stack([padded[tap : tap + 2 * size] for tap in range(TAPS)], dim=2)


def _pairs(rows: Tensor, columns: Tensor, combine) -> Tensor:
    """(R, a) and (C, b) -> (R, C, a b)."""
    return combine(rows[:, None, :, None], columns[None, :, None, :]).flatten(2)


def _taps_last(values: Tensor, rows: int) -> Tensor:
    """((y, tap y), (x, tap x), terms) -> ((y, x, tap y, tap x), terms)."""
    return values.unflatten(0, (rows, TAPS)).unflatten(2, (-1, TAPS)).transpose(1, 2).flatten(0, 3)
