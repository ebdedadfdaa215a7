"""``ClassIoUMetric``: mmseg's IoU with the value of each class among the results."""

from collections.abc import Mapping, Sequence

import numpy as np
from mmseg.evaluation import IoUMetric
from torch import Tensor

from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class ClassIoUMetric(IoUMetric):
    """mmseg's ``IoUMetric``, whose values of each class are otherwise only printed.

    Results, in percent: ``aAcc``, ``mIoU`` and ``mAcc`` as mmseg has them (pixel accuracy, mean
    IoU, mean accuracy of Tables 1 and 3), ``IoU_<class>`` with the class names of
    ``dataset_meta``, and ``mIoU_<group>``. A class that neither the truth nor the prediction
    contains has no IoU: it is NaN and left out of the means.

    Args:
        groups: Names of classes by the name of a group whose mean IoU is wanted as well, e.g. the
            rare ones.
        ignore_index: Label of pixels that do not count.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[str]] | None = None,
        ignore_index: int = 255,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(ignore_index=ignore_index, collect_device=collect_device, prefix=prefix)
        self.groups = dict(groups or {})

    def compute_metrics(self, results: list[tuple[Tensor, ...]]) -> dict[str, float]:
        """Add the classes and groups to mmseg's summary.

        Args:
            results: For each sample mmseg's areas of intersection, union, prediction and truth,
                each (K,).

        Raises:
            ValueError: when a group names a class that the data set has not.
        """
        mean = super().compute_metrics(results)
        summary = {name: round(float(value), 2) for name, value in mean.items()}
        intersection, union, *_ = (sum(areas).double() for areas in zip(*results, strict=True))
        percent = (100 * intersection / union).tolist()
        ious = dict(zip(self.dataset_meta['classes'], percent, strict=True))
        summary |= {f'IoU_{name}': iou for name, iou in ious.items()}
        for group, names in self.groups.items():
            members = [_iou(ious, name, group) for name in names]
            summary[f'mIoU_{group}'] = float(np.nanmean(members))
        return summary


def _iou(ious: Mapping[str, float], name: str, group: str) -> float:
    if name not in ious:
        raise ValueError(
            f'ClassIoUMetric: group {group!r} names {name!r}, which is no class of the data set: '
            f'{", ".join(ious)}.'
        )
    return ious[name]
