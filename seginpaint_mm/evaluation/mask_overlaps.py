"""Overlaps of predicted and true masks, and the coverage of a grown mask."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.evaluator import BaseMetric

from seginpaint_mm.datasets.transforms.hole_shapes import signed_distance
from seginpaint_mm.evaluation.painted_image import read_field
from seginpaint_mm.evaluation.records import name_of
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class MaskGrowthMetric(BaseMetric):
    """Compare the mask that a model removed with the true one, M_G (maskopt, Sec. III-D).

    - ``mask/growth``: how many pixels the mask's outline lies outside the true one, its mean along
      the outline: 0 for the true mask, k for the one dilated by k pixels, negative inside; and
      ``mask/growth_median``, the median over the images, which a wrong object does not move;
    - ``mask/coverage``: share of the object that the mask holds, in percent;
    - ``mask/IoU`` of both masks, in percent;
    - ``mask/found``: images in which something was removed, in percent.

    Means over the images. Where nothing was removed, coverage and IoU are 0, and there is no
    growth. The image's border is no outline.

    Args:
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(self, *, collect_device: str = 'cpu', prefix: str = 'mask') -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Compare the masks of one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_mask``, 1 = removed, and
                ``hole``, 1 = to be removed, both (1, H, W).

        Raises:
            KeyError: when a field is missing.
            ValueError: when sizes differ or a true mask is empty.
        """
        for sample in data_samples:
            found, truth = (
                read_field(sample, field, metric='MaskGrowthMetric')[0].cpu().numpy() > 0
                for field in ('pred_mask', 'hole')
            )
            if found.shape != truth.shape or not truth.any():
                raise ValueError(
                    f'MaskGrowthMetric: pred_mask of {name_of(sample)} is {found.shape}, its hole '
                    f'{truth.shape} with {truth.sum()} pixels: they must be of one size, and the '
                    f'hole must have a pixel.'
                )
            common = (found & truth).sum()
            self.results.append(
                (
                    mask_growth(found, truth),
                    common / truth.sum(),
                    common / (found | truth).sum(),
                    float(found.any()),
                )
            )

    def compute_metrics(self, results: list[tuple[float, ...]]) -> dict[str, float]:
        """Average over the images."""
        growths, *shares = np.array(results, float).T
        growths = growths[np.isfinite(growths)]
        means = dict(zip(('coverage', 'IoU', 'found'), np.mean(shares, axis=1), strict=True))
        return {
            'growth': float(growths.mean()) if len(growths) else float('nan'),
            'growth_median': float(np.median(growths)) if len(growths) else float('nan'),
            **{name: 100 * float(mean) for name, mean in means.items()},
        }


def mask_growth(mask: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance in pixels from the outline of ``mask`` to that of ``truth``.

    The outline runs between neighbouring pixels of which one belongs to the mask; its distance is
    the mean of theirs.

    Args:
        mask: bool (H, W).
        truth: bool (H, W).

    Returns:
        float: Positive outside of the truth; NaN where a mask has no outline.
    """
    if not truth.any() or truth.all():
        return float('nan')
    distance = signed_distance(truth, 'pixels')
    on_outline = []
    for ahead, behind in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        is_outline = mask[ahead] != mask[behind]
        on_outline.append((distance[ahead] + distance[behind])[is_outline] / 2)
    values = np.concatenate(on_outline)
    return float(values.mean()) if len(values) else float('nan')


VOID = 255
_Box = tuple[slice, slice]


def mask_overlaps(
    masks: np.ndarray,
    truths: np.ndarray,
    *,
    class_id: int,
    classes: np.ndarray | None = None,
    crowds: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Overlaps of predictions and ground truths of one class, and what of them is a crowd.

    A pixel is void where ``classes`` is 255 and no crowd is there: it counts for no prediction. It
    is a crowd of the class where ``crowds`` says so, or where ``classes`` is ``class_id`` and no
    ground truth is there.

    Args:
        masks: Predictions, bool (n, H, W).
        truths: Ground truths, bool (m, H, W).
        class_id: The class in the two maps.
        classes: Integer (H, W), 255 = void; None without void and crowds of this kind.
        crowds: Integer (H, W), class of the crowd at each pixel, 255 = none; None without.

    Returns:
        IoU float64 (n, m), 0 of two empty masks; and float64 (n,): the share of each prediction
        that is in a crowd, 1 where it is all void.
    """
    boxes, truth_boxes = [_box(mask) for mask in masks], [_box(truth) for truth in truths]
    taken = np.zeros(masks.shape[1:], bool)
    for truth, box in zip(truths, truth_boxes, strict=True):
        taken[box] |= truth[box]
    shared = np.zeros((len(masks), len(truths)))
    areas, ignored = np.zeros((len(masks), 1)), np.zeros(len(masks))
    for number, (mask, box) in enumerate(zip(masks, boxes, strict=True)):
        own = mask[box]
        counting, crowd = _counting_and_crowd(own, box, taken, class_id, classes, crowds)
        areas[number] = np.count_nonzero(counting)
        if areas[number]:
            ignored[number] = np.count_nonzero(crowd & counting) / areas[number, 0]
        elif own.size:
            ignored[number] = 1
        for place, (truth, truth_box) in enumerate(zip(truths, truth_boxes, strict=True)):
            common = _common(box, truth_box)
            if common is not None:
                inside = counting[_within(common, box)]
                shared[number, place] = np.count_nonzero(truth[common] & inside)
    truth_areas = [np.count_nonzero(t[box]) for t, box in zip(truths, truth_boxes, strict=True)]
    union = areas + np.array(truth_areas, float) - shared
    return shared / np.maximum(union, 1), ignored


def _counting_and_crowd(
    own: np.ndarray,
    box: _Box,
    taken: np.ndarray,
    class_id: int,
    classes: np.ndarray | None,
    crowds: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of a prediction that count, and those of a crowd, bool in its box."""
    crowd = np.zeros(own.shape, bool)
    counting = own
    if classes is not None:
        here = classes[box]
        crowd |= (here == class_id) & ~taken[box]
        is_void = here == VOID
        if crowds is not None:
            is_void &= crowds[box] == VOID
        counting = own & ~is_void
    if crowds is not None:
        crowd |= crowds[box] == class_id
    return counting, crowd


def _box(mask: np.ndarray) -> _Box:
    """The smallest box around a mask, bool (H, W)."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(top, top + height), slice(left, left + width)


def _common(one: _Box, other: _Box) -> _Box | None:
    """The box that two have in common, if any."""
    both = [
        slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    ]
    return tuple(both) if all(side.start < side.stop for side in both) else None


def _within(box: _Box, outer: _Box) -> _Box:
    """A box in the coordinates of another that holds it."""
    rows, columns = (
        slice(inner.start - side.start, inner.stop - side.start)
        for inner, side in zip(box, outer, strict=True)
    )
    return rows, columns
