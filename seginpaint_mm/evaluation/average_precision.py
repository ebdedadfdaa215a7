"""Average precision: from overlaps of predictions with truths to the area below a curve."""

import numpy as np


def match(scores: np.ndarray, ious: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Say which predictions of one picture and class are right.

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
