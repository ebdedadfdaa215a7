"""PSNR, SSIM and L1 of filled images by hand and against OpenCV; means by hole ratio."""

import math

import cv2
import numpy as np
import pytest
import torch

from seginpaint_mm.evaluation import InpaintingQualityMetric
from tests.helpers.painted_records import colours, hole_left, noisy, painted_record

SIZE = (16, 20)


def evaluate(*records: dict, **options: object) -> dict:
    metric = InpaintingQualityMetric(**options)
    metric.process(None, records)
    return metric.evaluate(size=len(records))


def test_by_hand():
    truth = torch.full((3, *SIZE), 100, dtype=torch.uint8)
    hole = hole_left(0.25)
    painted = torch.where(hole > 0, 110, truth).byte()
    metrics = evaluate(painted_record(painted, truth, hole))
    assert metrics['hole/L1'] == pytest.approx(10 / 255)
    assert metrics['L1'] == pytest.approx(10 / 255 / 4)
    assert metrics['hole/PSNR'] == pytest.approx(20 * math.log10(255 / 10), abs=1e-4)
    assert metrics['PSNR'] == pytest.approx(20 * math.log10(255 / 5), abs=1e-4)
    assert metrics['num_images'] == 1


def ssim_map(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """SSIM of float64 (H, W) with OpenCV's Gaussian filter (Wang et al. 2004)."""

    def blur(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT_101)

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean1, mean2 = blur(one), blur(two)
    var1, var2 = blur(one * one) - mean1**2, blur(two * two) - mean2**2
    covariance = blur(one * two) - mean1 * mean2
    structure = (2 * covariance + c2) / (var1 + var2 + c2)
    return structure * (2 * mean1 * mean2 + c1) / (mean1**2 + mean2**2 + c1)


def test_ssim_agrees_with_opencv_also_in_the_hole():
    truth, hole = colours(), hole_left(0.3)
    painted = noisy(truth, hole, 60)
    metrics = evaluate(painted_record(painted, truth, hole))
    pairs = zip(painted.double().numpy(), truth.double().numpy(), strict=True)
    maps = np.stack([ssim_map(*pair) for pair in pairs])
    assert metrics['SSIM'] == pytest.approx(maps.mean(), abs=1e-3)
    assert metrics['hole/SSIM'] == pytest.approx(maps[:, hole[0].numpy() > 0].mean(), abs=1e-3)
    assert metrics['hole/SSIM'] < metrics['SSIM'] < 1
    same = evaluate(painted_record(truth, truth, hole))
    assert same['SSIM'] == pytest.approx(1, abs=1e-5)
    assert same['hole/SSIM'] == pytest.approx(1, abs=1e-5)


def test_a_picture_without_error_has_the_greatest_psnr_and_the_mean_stays_finite():
    truth, hole = colours(), hole_left(0.5)
    wrong = painted_record(torch.where(hole > 0, 255 - truth, truth), truth, hole)
    right = painted_record(truth, truth, hole)
    assert evaluate(right)['PSNR'] == evaluate(right)['hole/PSNR'] == 100
    both = evaluate(right, wrong)
    assert both['PSNR'] == pytest.approx((100 + evaluate(wrong)['PSNR']) / 2)


def test_means_by_hole_ratio():
    truth = torch.zeros(3, *SIZE, dtype=torch.uint8)
    records = []
    for ratio, error in ((0.1, 10), (0.15, 20), (0.2, 40), (0.95, 80)):
        hole = hole_left(ratio)
        records.append(painted_record((error * hole).expand(3, -1, -1), truth, hole))
    metrics = evaluate(*records)
    assert metrics['hole/L1'] == pytest.approx(150 / 4 / 255)
    assert metrics['hole_0-10/hole/L1'] == pytest.approx(10 / 255), 'at most ten per cent'
    assert metrics['hole_10-20/hole/L1'] == pytest.approx(30 / 255)
    assert metrics['hole_10-20/num_images'] == 2
    assert metrics['hole_60-100/hole/L1'] == pytest.approx(80 / 255)
    assert not any(name.startswith('hole_30-40') for name in metrics), 'no image, no value'
    two = evaluate(*records, ratios=(0, 0.5, 1))
    assert two['hole_0-50/num_images'] == 3
    assert two['hole_50-100/num_images'] == 1


def test_what_is_missing_or_differs():
    truth, hole = colours(), hole_left(0.5)
    for field, source in (
        ('pred_image', 'the model'),
        ('gt_image', 'KeepTrueImage'),
        ('hole', 'CentreHole'),
    ):
        sample = painted_record(truth, truth, hole)
        del sample[field]
        with pytest.raises(KeyError, match=rf'a\.png has no {field}; it comes from .*{source}'):
            evaluate(sample)
    with pytest.raises(ValueError, match=r'pred_image of a\.png is \(3, 8, 8\), gt_image \(3, 16,'):
        evaluate(painted_record(colours((8, 8)), truth, hole))
    with pytest.raises(ValueError, match=r'hole of a\.png covers nothing'):
        evaluate(painted_record(truth, truth, 0 * hole))
    for ratios in ((0.5, 0.2), (0.1,), (0, 2)):
        with pytest.raises(ValueError, match='ratios must be numbers that rise'):
            InpaintingQualityMetric(ratios=ratios)
