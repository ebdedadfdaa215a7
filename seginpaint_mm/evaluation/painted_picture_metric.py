"""``PaintedPictureMetric``: what metrics of filled holes have in common."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from prettytable import PrettyTable
from torch import Tensor

from seginpaint_mm.evaluation.painted_picture import (
    HOLE_RATIOS,
    PaintedPicture,
    ratio_bins,
    read_painted_picture,
)

Measurement = dict[str, float] | Tensor  # of one picture
Measured = tuple[float, Measurement]  # with the ratio of its hole


class PaintedPictureMetric(BaseMetric):
    """Values of all pictures, and of those whose hole has a certain share of the picture.

    They are means of the pictures' own, unless a metric summarizes what it measured otherwise.

    Keys: the values' own names for all pictures; with ``hole_10-20/`` before them for pictures of
    which more than 10 and at most 20 per cent were filled (bins without pictures are left out), and
    the same with ``count_name``, the number of pictures. The bins are also written to the log, as a
    table.

    Args:
        ratios: Edges of the bins, rising, in [0, 1].
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.

    Raises:
        ValueError: when ``ratios`` do not rise within [0, 1].
    """

    count_name = 'num_images'  # metrics that are used together must not share a key

    def __init__(
        self,
        *,
        ratios: Sequence[float] = HOLE_RATIOS,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.bins = ratio_bins(ratios)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Measure one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_image`` and ``gt_image``,
                uint8 (3, H, W), RGB, and ``hole`` (1, H, W), 1 = was filled.

        Raises:
            KeyError: when a field is missing.
            ValueError: when sizes differ or a hole is empty.
        """
        for sample in data_samples:
            picture = read_painted_picture(sample, metric=type(self).__name__)
            self.results.append((picture.ratio, self.measure(picture)))

    @abstractmethod
    def measure(self, picture: PaintedPicture) -> Measurement:
        """Values of one picture by name, or what :meth:`summarize` needs of it."""

    def summarize(self, measured: list[Measurement]) -> dict[str, float]:
        """Values by name of one picture or more: the means of theirs."""
        return {name: float(np.mean([values[name] for values in measured])) for name in measured[0]}

    def compute_metrics(self, results: list[Measured]) -> dict[str, float]:
        """Summarize all pictures, and those of each bin."""
        metrics = self._summary(results)
        by_bin = {name: self._summary(self._in_bin(results, name)) for name in self.bins}
        print_log(_table(type(self).__name__, {**by_bin, 'all': metrics}), logger='current')
        for name, values in by_bin.items():
            metrics |= {f'{name}/{key}': value for key, value in values.items()}
        return metrics

    def _in_bin(self, results: list[Measured], name: str) -> list[Measured]:
        low, high = self.bins[name]
        return [result for result in results if low < result[0] <= high]

    def _summary(self, results: list[Measured]) -> dict[str, float]:
        """The values, and how many pictures there are; empty without pictures."""
        if not results:
            return {}
        values = self.summarize([measurement for _, measurement in results])
        return {**values, self.count_name: len(results)}


def _table(title: str, rows: dict[str, dict[str, float]]) -> str:
    filled = {name: values for name, values in rows.items() if values}
    table = PrettyTable(title=title)
    table.field_names = ['hole', *next(iter(filled.values()))]
    for name, values in filled.items():
        table.add_row([name, *(f'{value:.4g}' for value in values.values())])
    return f'\n{table}'
