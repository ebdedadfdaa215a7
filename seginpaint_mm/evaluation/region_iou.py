"""IoU of classes by region: all pixels, behind the foreground, in the hole."""

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmseg.evaluation import IoUMetric
from torch import Tensor

from seginpaint_mm.errors import MissingFieldError
from seginpaint_mm.evaluation.painted_image import read_field
from seginpaint_mm.evaluation.records import name_of
from seginpaint_mm.registry import METRICS

_NOTHING_KNOWN = {
    'all': 'No pixel of the evaluated images has a known background class: its IoU is NaN; '
    'check the label files.',
    'fg': 'No foreground pixel of the evaluated images has a known background class: its IoU is '
    'NaN; give hidden truth (hidden_truth, PasteForeground) to measure it.',
}
_TRUTH = ('gt_background', 'gt_foreground', 'gt_sem_seg')


@METRICS.register_module()
class RegionIoUMetric(BaseMetric):
    """Intersection over union of the background classes, for all pixels and behind the foreground.

    One confusion matrix a region is summed over the whole set (not one an image), as in the MPI
    paper's evaluation (Section IV-A):

    - ``all``: every pixel whose background class is known (``gt_background`` is not
      ``ignore_index``);
    - ``fg``: those of them that lie behind a true foreground object (``gt_foreground`` is 1).

    Results, in percent: ``all_mIoU``, ``fg_mIoU``, ``all_IoU_<class>``, ``fg_IoU_<class>`` with
    the class names of ``dataset_meta``, and ``foreground_IoU`` of the predicted foreground mask
    where the model gives one (pixels that are void in ``gt_sem_seg`` are left out).
    A class that neither the truth nor the prediction contains has no IoU: it is NaN and left
    out of the mean, as in :class:`mmseg.IoUMetric`, with which ``all`` agrees. The counts are
    int64, so they stay exact over any number of pixels.

    Args:
        prediction: Field with the predicted background classes; ``'pred_sem_seg'`` for mmseg's
            segmentors.
        ignore_index: Label of pixels whose class is not known.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(
        self,
        prediction: str = 'pred_background',
        ignore_index: int = 255,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.prediction = prediction
        self.ignore_index = ignore_index

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Count one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with the prediction,
                ``gt_background``, ``gt_sem_seg`` (integer 1,H,W), ``gt_foreground`` (1,H,W,
                1 = foreground) and, if the model has it, ``pred_foreground`` (1,H,W, 0/1).

        Raises:
            KeyError: when a field or the class names are missing.
            ValueError: when sizes differ or a class id is out of range.
        """
        for sample in data_samples:
            self.results.append(self._count(sample))

    def compute_metrics(self, results: list[dict[str, Tensor]]) -> dict[str, float]:
        """Sum the counts of all samples and turn them into percentages."""
        classes = self._classes()
        metrics = {}
        for region in ('all', 'fg'):
            total = sum(result[region] for result in results)
            if not total.any():
                print_log(_NOTHING_KNOWN[region], logger='current', level=logging.WARNING)
            ious = 100 * _iou(total)
            metrics[f'{region}_mIoU'] = ious.nanmean().item()
            for name, iou in zip(classes, ious.tolist(), strict=True):
                metrics[f'{region}_IoU_{name}'] = iou
        masks = [result['mask'] for result in results if 'mask' in result]
        if masks:
            metrics['foreground_IoU'] = 100 * _iou(sum(masks))[1].item()
        return metrics

    def _classes(self) -> Sequence[str]:
        if not self.dataset_meta or 'classes' not in self.dataset_meta:
            raise MissingFieldError(
                "RegionIoUMetric needs the class names: give the data set METAINFO['classes'], "
                'or set metric.dataset_meta = dict(classes=...).'
            )
        return self.dataset_meta['classes']

    def _count(self, sample: dict) -> dict[str, Tensor]:
        maps = {field: read_map(sample, field) for field in _TRUTH}
        prediction = read_map(sample, self.prediction)
        for field, ids in maps.items():
            _check_size(sample, field, ids, prediction)
        truth = maps['gt_background']
        foreground = maps['gt_foreground'] == 1
        known = truth != self.ignore_index
        num_classes = len(self._classes())
        for field, ids in (('gt_background', truth), (self.prediction, prediction)):
            _check_range(sample, field, ids[known], num_classes)

        counts = {
            'all': _confusion(truth[known], prediction[known], num_classes),
            'fg': _confusion(
                truth[known & foreground], prediction[known & foreground], num_classes
            ),
        }
        if 'pred_foreground' in sample:
            mask = read_map(sample, 'pred_foreground')
            _check_size(sample, 'pred_foreground', mask, prediction)
            labelled = foreground | (maps['gt_sem_seg'] != self.ignore_index)
            counts['mask'] = _confusion(foreground[labelled], mask[labelled] > 0, 2)
        return counts


def _confusion(truth: Tensor, prediction: Tensor, num_classes: int) -> Tensor:
    """Count pairs of ids: int64 (num_classes, num_classes) on the CPU, rows are the truth."""
    pairs = truth.long() * num_classes + prediction.long()
    counts = torch.bincount(pairs, minlength=num_classes**2)
    return counts.reshape(num_classes, num_classes).cpu()


def _iou(confusion: Tensor) -> Tensor:
    """Per-class intersection over union, float64 in [0, 1]; NaN where the union is empty."""
    intersection = confusion.diagonal().double()
    union = confusion.sum(0) + confusion.sum(1) - confusion.diagonal()
    return intersection / union


def read_map(sample: dict, field: str) -> Tensor:
    """Return the (H, W) map of a ``SceneSample.to_dict()`` record; KeyError where it is missing."""
    if field not in sample:
        raise MissingFieldError(
            f'Evaluation: {name_of(sample)} has no {field}; gt_* come from LoadSceneAnnotations '
            f'and PackScene in the test pipeline, pred_* from the model.'
        )
    return sample[field]['data'].squeeze(0)


def _check_size(sample: dict, field: str, ids: Tensor, prediction: Tensor) -> None:
    if ids.shape != prediction.shape:
        raise ValueError(
            f'RegionIoUMetric: {field} of {name_of(sample)} is {tuple(ids.shape)} (height, width), '
            f'but the prediction is {tuple(prediction.shape)}: resize labels and image alike in '
            f'the test pipeline.'
        )


def _check_range(sample: dict, field: str, ids: Tensor, num_classes: int) -> None:
    wrong = ids[(ids < 0) | (ids >= num_classes)]
    if wrong.numel():
        raise ValueError(
            f'RegionIoUMetric: {field} of {name_of(sample)} holds class {int(wrong[0])}, but the '
            f'data set has {num_classes} classes (0 to {num_classes - 1}).'
        )


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
            members = [_member_iou(ious, name, group) for name in names]
            summary[f'mIoU_{group}'] = float(np.nanmean(members))
        return summary


def _member_iou(ious: Mapping[str, float], name: str, group: str) -> float:
    if name not in ious:
        raise ValueError(
            f'ClassIoUMetric: group {group!r} names {name!r}, which is no class of the data set: '
            f'{", ".join(ious)}.'
        )
    return ious[name]


@METRICS.register_module()
class HoleClassIoUMetric(ClassIoUMetric):
    """:class:`ClassIoUMetric` of the pixels in the hole. The keys have the prefix ``hole``.

    Args:
        ignore_index: Label of pixels that do not count.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(self, ignore_index: int = 255, collect_device: str = 'cpu') -> None:
        super().__init__(ignore_index=ignore_index, collect_device=collect_device, prefix='hole')

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Count one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_sem_seg``, ``gt_sem_seg``
                and ``hole``, each (1, H, W).

        Raises:
            KeyError: when a field is missing.
        """
        in_hole = []
        for sample in data_samples:
            hole = read_field(sample, 'hole', metric='HoleClassIoUMetric')
            truth = read_field(sample, 'gt_sem_seg', metric='HoleClassIoUMetric')
            known = torch.where(hole > 0, truth, self.ignore_index)
            in_hole.append({**sample, 'gt_sem_seg': dict(data=known)})
        super().process(data_batch, in_hole)
