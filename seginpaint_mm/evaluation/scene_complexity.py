"""``SceneComplexityMetric``: how well holes are filled in images of few and of many classes."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from prettytable import PrettyTable
from torch import Tensor

from seginpaint_mm.evaluation.image_quality import InpaintingQualityMetric
from seginpaint_mm.evaluation.painted_image import read_field, read_painted_picture
from seginpaint_mm.registry import METRICS

LEVELS = (1, 3, 5)


@METRICS.register_module()
class SceneComplexityMetric(BaseMetric):
    """Means of :class:`InpaintingQualityMetric` by the number of classes in the true image.

    The levels of SGE-Net's Table 2, in which people compared methods: 1 or 2 classes, 3 or 4, more
    than 4. Keys: ``classes_1-2/PSNR`` and so on for each of that metric's values, and
    ``classes_1-2/num_images``; the last level is ``classes_5+``. Levels without images are left
    out.

    Args:
        levels: The least number of classes of each level, rising from 1.
        least_share: A class counts where it covers at least this share of the image; the paper
            does not say.
        leave_out: Names of classes that are no semantics, such as ``'void'``; those that the data
            set does not have are passed over.
        ignore_index: Label of pixels of no class.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.

    Raises:
        ValueError: when the levels do not rise from 1.
    """

    def __init__(
        self,
        *,
        levels: Sequence[int] = LEVELS,
        least_share: float = 0.01,
        leave_out: Sequence[str] = (),
        ignore_index: int = 255,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device=collect_device)
        if not levels or levels[0] != 1 or list(levels) != sorted(set(levels)):
            raise ValueError(
                f'SceneComplexityMetric.levels must be whole numbers that rise from 1, not '
                f'{tuple(levels)!r}.'
            )
        self.levels = tuple(levels)
        self.least_share = least_share
        self.leave_out = tuple(leave_out)
        self.ignore_index = ignore_index
        self._quality = InpaintingQualityMetric()

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Measure one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_sem_seg`` (1, H, W) and the
                fields of :class:`PaintedPictureMetric`.

        Raises:
            KeyError: when a field is missing.
            ValueError: when sizes differ or a hole is empty.
        """
        ignored = self._ignored()
        for sample in data_samples:
            picture = read_painted_picture(sample, metric='SceneComplexityMetric')
            labels = read_field(sample, 'gt_sem_seg', metric='SceneComplexityMetric')
            count = count_classes(labels, ignored, self.least_share)
            self.results.append((count, self._quality.measure(picture)))

    def _ignored(self) -> set[int]:
        """Labels that do not count."""
        classes = (self.dataset_meta or {}).get('classes', ())
        left_out = {index for index, name in enumerate(classes) if name in self.leave_out}
        return {self.ignore_index, *left_out}

    def compute_metrics(self, results: list[tuple[int, dict[str, float]]]) -> dict[str, float]:
        """The means of each level; an image without a class is of the first."""
        metrics = {}
        table = PrettyTable(title='SceneComplexityMetric')
        for level, least in enumerate(self.levels):
            values = [measured for count, measured in results if self._level(count) == level]
            if not values:
                continue
            means = {name: float(np.mean([one[name] for one in values])) for name in values[0]}
            means['num_images'] = len(values)
            name = self._name(level, least)
            table.field_names = ['classes', *means]
            table.add_row([name, *(f'{value:.4g}' for value in means.values())])
            metrics |= {f'classes_{name}/{key}': value for key, value in means.items()}
        print_log(f'\n{table}', logger='current')
        return metrics

    def _level(self, count: int) -> int:
        return max(0, sum(count >= least for least in self.levels) - 1)

    def _name(self, level: int, least: int) -> str:
        if level == len(self.levels) - 1:
            return f'{least}+'
        return f'{least}-{self.levels[level + 1] - 1}'


def count_classes(labels: Tensor, ignored: set[int], least_share: float) -> int:
    """How many classes cover at least that share of an image, int (1, H, W)."""
    values, counts = labels.unique(return_counts=True)
    return sum(
        count >= least_share * labels.numel()
        for value, count in zip(values.tolist(), counts.tolist(), strict=True)
        if value not in ignored
    )
