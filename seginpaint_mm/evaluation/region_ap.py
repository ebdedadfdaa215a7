"""Average precision of instance masks, as VOC (mAP^r) and as COCO measure it."""

import logging
from collections.abc import Sequence

import numpy as np
from mmdet.evaluation import CocoMetric
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from torch import Tensor

from seginpaint_mm.datasets.coco_instances import read_truth
from seginpaint_mm.errors import MissingFieldError
from seginpaint_mm.evaluation.mask_overlaps import mask_overlaps
from seginpaint_mm.evaluation.records import name_of
from seginpaint_mm.interop.mmdet import set_categories, set_truth
from seginpaint_mm.registry import METRICS


def match(scores: np.ndarray, ious: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Say which predictions of one image and class are right.

    In the order of falling scores, equal ones as they come, each prediction takes the truth with
    the highest IoU among those that are still free, if that IoU is at least the threshold. Each
    truth is taken once: what finds it again is wrong (SDS; also COCO's rule). SDS's own code asks
    for more than the threshold, VOC's and COCO's for at least the threshold, as here.

    Args:
        scores: (n,).
        ious: Of predictions and truths, (n, m).
        thresholds: (t,).

    Returns:
        np.ndarray: bool (n, t).
    """
    right = np.zeros((len(scores), len(thresholds)), bool)
    if not ious.size:
        return right
    free = np.ones((len(thresholds), ious.shape[1]), bool)
    rows = np.arange(len(thresholds))
    for number in np.argsort(-scores, kind='stable'):
        candidates = np.where(free, ious[number], -1)
        best = candidates.argmax(axis=1)
        right[number] = candidates[rows, best] >= thresholds
        free[rows[right[number]], best[right[number]]] = False
    return right


def average_precision(right: np.ndarray, num_truths: int) -> tuple[float, float]:
    """Average precision of ranked predictions, in two ways.

    Args:
        right: bool (n,), in the order of falling scores.
        num_truths: Truths that could be found, >= ``right.sum()``.

    Returns:
        Floats in [0, 1]: the area below the precision-recall curve, where precision is made
        monotone from the right (SDS and VOC from 2010 on); and the mean of the precision at the
        recalls 0, 0.1, ..., 1 (VOC 2007, MNC, FCIS). NaN where there are no truths.
    """
    if num_truths == 0:
        return np.nan, np.nan
    found = np.cumsum(right)
    precision = found / np.arange(1, len(right) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    area = best_from_here[right].sum() / num_truths  # recall rises by 1 / num_truths at each
    first = np.searchsorted(found / num_truths, np.arange(11) / 10)
    eleven = np.append(best_from_here, 0)[first].sum() / 11
    return float(area), float(eleven)


_THRESHOLDS = np.arange(1, 10) / 10
_AT = {'0.5': slice(4, 5), '0.7': slice(6, 7), 'vol': slice(None)}


@METRICS.register_module()
class RegionAPMetric(BaseMetric):
    """Mean average precision of regions, mAP^r, of SDS (the protocol of FCRN's Table 6).

    A prediction is right when the IoU of its mask and that of a free truth of its class is at
    least the threshold; see :func:`match` for what takes what, and :func:`average_precision`.
    There are no difficult objects. Results, in percent:

    - ``mAP_r_0.5``, ``mAP_r_0.7``: mean over the classes of the area below the precision-recall
      curve at that threshold;
    - ``mAP_r_vol``: the same for the mean of the areas at the thresholds 0.1, 0.2, ..., 0.9;
    - ``mAP11_r_0.5``, ``mAP11_r_0.7``, ``mAP11_r_vol``: with eleven recalls instead of the area;
    - ``AP_r_0.5_<class>``, ``AP_r_0.7_<class>``, ``AP_r_vol_<class>``: the areas of each class.

    A class of which the evaluated images show no object has no average precision: it is NaN
    and left out of the means, whatever was predicted.

    Where the samples have a ``gt_sem_seg``, two kinds of pixels do not count. Void ones (255) are
    taken out of the predicted masks; a prediction of which nothing is left is left out. Pixels of
    a class of things that are in no instance are a crowd (Cityscapes), and so are those that
    ``gt_crowd`` says are of the class (COCO's ``iscrowd``; they are not void, whatever
    ``gt_sem_seg`` says): a prediction that would be wrong, and at least the threshold's share of
    which is in a crowd of its class, is left out too (COCO's rule).

    Masks are compared image by image, each pair of masks in the box that they share; scores and a
    few bits per prediction are kept.

    Args:
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Match the predictions of one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_instances`` (masks bool
                (n, H, W), labels (n,), scores (n,)), ``gt_instances`` (masks bool (m, H, W),
                labels (m,)) and, where void pixels and crowds are known, ``gt_sem_seg`` and
                ``gt_crowd``. Labels are indices into ``thing_ids``.

        Raises:
            MissingFieldError: when a field, or ``classes`` or ``thing_ids`` of the data set, is
                missing.
            ValueError: when sizes differ, a label is out of range or a score is NaN.
        """
        for sample in data_samples:
            self.results.append(self._match(sample))

    def compute_metrics(self, results: list[dict[str, np.ndarray]]) -> dict[str, float]:
        """Rank the predictions of all samples and turn them into percentages."""
        names = [self._meta('classes')[thing] for thing in self._meta('thing_ids')]
        num_truths = sum(result['num_truths'] for result in results)
        _tell_what_is_left_out(names, num_truths)
        area, eleven = _average_precisions(results, num_truths)
        metrics = {}
        for way, values in (('mAP_r', area), ('mAP11_r', eleven)):
            for key, columns in _AT.items():
                metrics[f'{way}_{key}'] = _mean(values[:, columns].mean(axis=1)[num_truths > 0])
        for key, columns in _AT.items():
            for name, value in zip(names, area[:, columns].mean(axis=1), strict=True):
                metrics[f'AP_r_{key}_{name}'] = float(value)
        return metrics

    def _meta(self, key: str) -> Sequence:
        if not self.dataset_meta or key not in self.dataset_meta:
            raise MissingFieldError(
                f'RegionAPMetric needs {key} of the data set: take one of the instance data sets, '
                f'or set metric.dataset_meta = dict(classes=..., thing_ids=...).'
            )
        return self.dataset_meta[key]

    def _match(self, sample: dict) -> dict[str, np.ndarray]:
        thing_ids = self._meta('thing_ids')
        truth = _read(sample, 'gt_instances', ('masks', 'labels'), len(thing_ids))
        found = _read(sample, 'pred_instances', ('masks', 'labels', 'scores'), len(thing_ids))
        size = truth['masks'].shape[1:]
        if found['masks'].shape[1:] != size:
            raise ValueError(
                f'RegionAPMetric: the predicted masks of {name_of(sample)} are '
                f'{tuple(found["masks"].shape[1:])} (height, width), the true ones {tuple(size)}: '
                f'resize labels and image alike in the test pipeline.'
            )
        classes, crowds = _map(sample, 'gt_sem_seg'), _map(sample, 'gt_crowd')
        scores = found['scores'].double().numpy()
        right = np.zeros((len(scores), len(_THRESHOLDS)), bool)
        left_out = np.zeros_like(right)
        for label in found['labels'].unique().tolist():
            own = found['labels'] == label
            ious, ignored = mask_overlaps(
                found['masks'][own].numpy(),
                truth['masks'][truth['labels'] == label].numpy(),
                class_id=thing_ids[label],
                classes=classes,
                crowds=crowds,
            )
            own = own.numpy()
            right[own] = match(scores[own], ious, _THRESHOLDS)
            left_out[own] = ignored[:, None] >= _THRESHOLDS
        return dict(
            num_truths=np.bincount(truth['labels'].numpy(), minlength=len(thing_ids)),
            labels=found['labels'].numpy(),
            scores=scores,
            right=right,
            left_out=left_out & ~right,
        )


def _average_precisions(
    results: list[dict[str, np.ndarray]], num_truths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Area and eleven-point average precision in percent, each (classes, thresholds)."""
    labels, scores, right, left_out = (
        np.concatenate([result[key] for result in results])
        for key in ('labels', 'scores', 'right', 'left_out')
    )
    values = np.zeros((2, len(num_truths), len(_THRESHOLDS)))
    for label, number in enumerate(num_truths):
        own = np.flatnonzero(labels == label)
        ranked = own[np.argsort(-scores[own], kind='stable')]
        for column in range(len(_THRESHOLDS)):
            counting = ranked[~left_out[ranked, column]]
            values[:, label, column] = average_precision(right[counting, column], number)
    return tuple(100 * values)


def _map(sample: dict, field: str) -> np.ndarray | None:
    """Integers (H, W) of a record, if it has the field."""
    return sample[field]['data'].squeeze(0).cpu().numpy() if field in sample else None


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float('nan')


def _tell_what_is_left_out(names: Sequence[str], num_truths: np.ndarray) -> None:
    absent = [name for name, number in zip(names, num_truths, strict=True) if number == 0]
    if len(absent) == len(names):
        print_log(
            'No evaluated image shows an object: every mAP^r is NaN; check the label files.',
            logger='current',
            level=logging.WARNING,
        )
    elif absent:
        print_log(
            f'mAP^r leaves out {", ".join(absent)}: no evaluated image shows one.',
            logger='current',
        )


def _read(sample: dict, field: str, keys: Sequence[str], num_things: int) -> dict[str, Tensor]:
    """The instances of a record on the CPU, checked."""
    if field not in sample:
        raise MissingFieldError(
            f'RegionAPMetric: {name_of(sample)} has no {field}; gt_instances come from '
            f'LoadInstances and PackScene in the test pipeline, pred_instances from the model.'
        )
    missing = [key for key in keys if key not in sample[field]]
    if missing:
        raise MissingFieldError(
            f'RegionAPMetric: {field} of {name_of(sample)} have no {missing[0]}: it compares masks '
            f'of instances, which other metrics do without.'
        )
    values = {key: sample[field][key].cpu() for key in keys}
    values['masks'] = values['masks'].bool()
    wrong = [label for label in values['labels'].tolist() if not 0 <= label < num_things]
    if wrong:
        raise ValueError(
            f'RegionAPMetric: {field} of {name_of(sample)} holds label {wrong[0]}, but the data '
            f'set has {num_things} classes of things (labels 0 to {num_things - 1}).'
        )
    if 'scores' in values and values['scores'].isnan().any():
        raise ValueError(f'RegionAPMetric: a score of {field} of {name_of(sample)} is NaN.')
    return values


@METRICS.register_module()
class CocoInstanceMetric(CocoMetric):
    """mmdet's ``CocoMetric`` for the samples of a :class:`CocoInstanceDataset`.

    Labels are indices into ``thing_ids``, whatever the order of the categories in the JSON. Images
    must be tested at their original size. Annotations need no ids, and neither area nor box.

    Args:
        ann_file: The JSON of the data set.
        metric: ``'segm'``, ``'bbox'``, ``'proposal'``, ``'proposal_fast'``, or a list of these.
        classwise: Like the arguments after it, see mmdet's ``CocoMetric``.

    Raises:
        FileNotFoundError, ValueError: when the JSON is not there, or broken; see
            :class:`CocoInstanceDataset`.
    """

    def __init__(
        self,
        ann_file: str | None = None,
        metric: str | list[str] = 'bbox',
        *,
        classwise: bool = False,
        proposal_nums: Sequence[int] = (100, 300, 1000),
        iou_thrs: float | Sequence[float] | None = None,
        metric_items: Sequence[str] | None = None,
        format_only: bool = False,
        outfile_prefix: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        use_mp_eval: bool = False,
    ) -> None:
        super().__init__(
            metric=metric,
            classwise=classwise,
            proposal_nums=proposal_nums,
            iou_thrs=iou_thrs,
            metric_items=metric_items,
            format_only=format_only,
            outfile_prefix=outfile_prefix,
            collect_device=collect_device,
            prefix=prefix,
            use_mp_eval=use_mp_eval,
        )
        if ann_file is not None:
            set_truth(self, read_truth(ann_file))

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep the predictions of one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_instances`` (masks bool
                (n, H, W), bboxes (n, 4), labels (n,), scores (n,)) and ``coco_image_id``.

        Raises:
            MissingFieldError: when a field is missing.
        """
        for sample in data_samples:
            for field, source in (
                ('coco_image_id', 'a CocoInstanceDataset'),
                ('pred_instances', 'a model that finds instances'),
            ):
                if field not in sample:
                    raise MissingFieldError(
                        f'CocoInstanceMetric: {name_of(sample)} has no {field}; it comes from '
                        f'{source}.'
                    )
        named = [dict(sample, img_id=sample['coco_image_id']) for sample in data_samples]
        super().process(data_batch, named)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Evaluate all predictions by pycocotools."""
        classes = self.dataset_meta['classes']
        set_categories(self, [classes[thing] for thing in self.dataset_meta['thing_ids']])
        return super().compute_metrics(results)
