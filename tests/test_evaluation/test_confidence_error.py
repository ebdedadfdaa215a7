"""Correlation of confidence and error, classes in the hole, and the plot of Fig. 8."""

import json
import math

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr

from seginpaint_mm.evaluation import ClassIoUMetric, ConfidenceErrorMetric, HoleClassIoUMetric
from tests.helpers.painted_records import colours, hole_left, painted_record
from tests.helpers.tool_runs import load_tool

SIZE = (16, 20)


def record(confidence: float, error: int) -> dict:
    """Outside the hole the confidence is 1 and the error great: neither counts."""
    truth = torch.full((3, *SIZE), 100, dtype=torch.uint8)
    hole = hole_left(0.25)
    painted = torch.where(hole > 0, 100 + error, 255).byte().expand(3, -1, -1)
    sure = torch.where(hole > 0, confidence, 1.0)
    return painted_record(painted, truth, hole, pred_confidence=sure)


def evaluate(samples: list[dict], points: str | None = None) -> dict:
    metric = ConfidenceErrorMetric(points)
    metric.process(None, samples)
    return metric.evaluate(size=len(samples))


def test_agrees_with_scipy_and_writes_the_points(tmp_path):
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.3, 1, 30)
    error = (100 * (1 - confidence) + generator.integers(0, 30, 30)).astype(int)
    samples = [record(*pair) for pair in zip(confidence, error.tolist(), strict=True)]
    metrics = evaluate(samples, str(tmp_path / 'points.json'))
    expected = dict(pearson=pearsonr(confidence, error), spearman=spearmanr(confidence, error))
    for name, result in expected.items():
        assert metrics[f'confidence_error/{name}'] == pytest.approx(result[0], abs=1e-4)
    assert metrics['confidence_error/pearson'] < -0.5
    points = json.loads((tmp_path / 'points.json').read_text())
    assert [point['l1'] for point in points] == pytest.approx((error / 255).tolist(), abs=1e-6)
    assert points[0]['hole_ratio'] == pytest.approx(0.25)


def test_nothing_to_correlate():
    for samples in ([record(0.5, 10)], [record(0.5, 10), record(0.5, 20)]):
        assert math.isnan(evaluate(samples)['confidence_error/pearson'])
    sample = record(0.5, 10)
    del sample['pred_confidence']
    with pytest.raises(KeyError, match=r'a\.png has no pred_confidence; it comes from the model'):
        evaluate([sample])


def test_the_plot(tmp_path, capsys):
    samples = [record(0.9 - 0.02 * number, 10 + number) for number in range(20)]
    evaluate(samples, str(tmp_path / 'points.json'))
    tool = load_tool('analysis_tools/plot_confidence_error')
    for name in ('fig8.png', 'fig8.svg'):
        tool.main([str(tmp_path / 'points.json'), str(tmp_path / name), '--title', 'Street'])
        assert (tmp_path / name).stat().st_size > 5000
    (tmp_path / 'one.json').write_text('[{"confidence": 1}]')
    for wrong in ('one.json', 'absent.json'):
        with pytest.raises(SystemExit):
            tool.main([str(tmp_path / wrong), str(tmp_path / 'x.png')])
    told = capsys.readouterr().err
    assert 'one.json does not hold two or more points' in told
    assert 'absent.json cannot be read' in told


def test_classes_in_the_hole_only():
    hole = hole_left(0.5)
    truth = torch.zeros(1, *SIZE, dtype=torch.int64)
    truth[:, 8:] = 1
    truth[:, 0, 0] = 255
    wrong_outside = torch.where(hole > 0, truth.clamp(max=1), 1 - truth.clamp(max=1))
    wrong_outside[0, 0, 0] = 0
    sample = painted_record(
        colours(), colours(), hole, gt_sem_seg=truth, pred_sem_seg=wrong_outside
    )
    results = {}
    for metric in (ClassIoUMetric(), HoleClassIoUMetric()):
        metric.dataset_meta = dict(classes=('near', 'far'))
        metric.process(None, [sample])
        results |= metric.evaluate(size=1)
    assert results['hole/mIoU'] == 100
    assert results['mIoU'] < 50
    assert (sample['gt_sem_seg']['data'] == truth).all(), 'the record is left as it was'
