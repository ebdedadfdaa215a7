"""Growth of masks by hand: squares and discs that are known to be larger by some pixels."""

import math

import numpy as np
import pytest
import torch

from seginpaint_mm.evaluation import MaskGrowthMetric
from seginpaint_mm.evaluation.mask_overlaps import mask_growth

SIZE = (60, 70)


def square(first: int, last: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[first:last, first:last] = True
    return mask


def disc(radius: float) -> np.ndarray:
    rows, columns = np.indices(SIZE)
    return np.hypot(rows - 30, columns - 35) <= radius


def record(mask: np.ndarray, truth: np.ndarray) -> dict:
    fields = dict(pred_mask=mask, hole=truth)
    return dict(
        img_path='a.png',
        **{k: dict(data=torch.from_numpy(v.astype(np.uint8))[None]) for k, v in fields.items()},
    )


def evaluate(*records: dict) -> dict:
    metric = MaskGrowthMetric()
    metric.process(None, records)
    return metric.evaluate(size=len(records))


@pytest.mark.parametrize('pixels', [-3, -1, 0, 2, 5])
def test_the_outline_of_a_larger_disc_lies_so_many_pixels_outside(pixels: int) -> None:
    assert mask_growth(disc(15 + pixels), disc(15)) == pytest.approx(pixels, rel=0.15, abs=0.1)


def test_by_hand() -> None:
    truth = square(20, 30)
    assert mask_growth(truth, truth) == 0
    # two sides moved by 4, two not at all; the rest of the outline runs on beside the square
    moved = np.zeros(SIZE, bool)
    moved[20:30, 16:34] = True
    beside = [(step - 0.5 + np.hypot(step, 1) - 0.5) / 2 for step in range(1, 5)]
    outline = 20 * [4.0] + 20 * [0.0] + 4 * beside
    assert mask_growth(moved, truth) == pytest.approx(np.mean(outline), abs=1e-6)
    assert mask_growth(square(18, 32), truth) == pytest.approx(2, abs=0.15)
    assert mask_growth(square(21, 29), truth) == pytest.approx(-1)


def test_the_pictures_border_is_no_outline() -> None:
    truth, mask = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    truth[:, :10] = mask[:, :13] = True
    assert mask_growth(mask, truth) == 3
    assert math.isnan(mask_growth(np.ones(SIZE, bool), truth))


def test_means_over_pictures_and_what_is_not_found() -> None:
    truth = square(20, 30)
    half = truth.copy()
    half[25:] = False
    metrics = evaluate(record(truth, truth), record(half, truth), record(truth & False, truth))
    assert metrics['mask/coverage'] == pytest.approx((100 + 50 + 0) / 3)
    assert metrics['mask/IoU'] == pytest.approx((100 + 50 + 0) / 3)
    assert metrics['mask/found'] == pytest.approx(200 / 3)
    assert metrics['mask/growth'] == pytest.approx(mask_growth(half, truth) / 2)
    assert metrics['mask/growth'] < 0
    nothing = evaluate(record(truth & False, truth))
    assert math.isnan(nothing['mask/growth'])
    assert nothing['mask/IoU'] == 0


def test_errors() -> None:
    truth = square(20, 30)
    with pytest.raises(KeyError, match='has no pred_mask; it comes from the model'):
        evaluate({k: v for k, v in record(truth, truth).items() if k != 'pred_mask'})
    with pytest.raises(ValueError, match=r'hole \(60, 70\) with 0 pixels'):
        evaluate(record(truth, truth & False))
    with pytest.raises(ValueError, match='they must be of one size'):
        evaluate(record(truth[:-1], truth))
