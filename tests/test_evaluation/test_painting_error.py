import numpy as np
import pytest
import torch
from torchmetrics.functional import mean_absolute_error, mean_squared_error

from seginpaint_mm.evaluation import PaintingErrorMetric, VisiblePaintingErrorMetric


def record(painted: torch.Tensor, truth: torch.Tensor) -> dict:
    """uint8 (n, 3, h, w) each; what is painted gets a random opacity."""
    generator = torch.Generator().manual_seed(1)
    alpha = torch.randint(0, 256, painted[:, :1].shape, generator=generator, dtype=torch.uint8)
    return dict(
        img_path='drawn.png',
        gt_instances=dict(full_appearance=truth),
        pred_instances=dict(painted=torch.cat([painted, alpha], dim=1)),
    )


def evaluate(*records: dict) -> dict:
    metric = PaintingErrorMetric()
    metric.process(None, records)
    return metric.evaluate(size=len(records))


def test_by_hand():
    truth = torch.zeros(2, 3, 2, 2, dtype=torch.uint8)
    truth[1] = 255
    painted = torch.zeros(2, 3, 2, 2, dtype=torch.uint8)
    painted[0, 0, 0, 0] = 255  # one of 12 values
    painted[1] = 51
    metrics = evaluate(record(painted, truth))
    assert metrics['L1'] == pytest.approx((1 / 12 + 0.8) / 2)
    assert metrics['L2'] == pytest.approx((1 / 12 + 0.64) / 2)
    assert metrics['num_painted'] == 2


def test_agrees_with_torchmetrics_also_less_a_mean_colour():
    generator = torch.Generator().manual_seed(0)
    painted, truth = torch.randint(0, 256, (2, 4, 3, 8, 8), generator=generator, dtype=torch.uint8)
    metrics = evaluate(record(painted[:3], truth[:3]), record(painted[3:], truth[3:]))
    mean = torch.tensor([0.3783, 0.3383, 0.2969])[:, None, None]
    pair = painted / 255 - mean, truth / 255 - mean
    assert metrics['L1'] == pytest.approx(mean_absolute_error(*pair).item(), rel=1e-5)
    assert metrics['L2'] == pytest.approx(mean_squared_error(*pair).item(), rel=1e-5)


def test_nothing_to_compare():
    empty = torch.zeros(0, 3, 4, 4, dtype=torch.uint8)
    metrics = evaluate(record(empty, empty))
    assert np.isnan(metrics['L1'])
    assert metrics['num_painted'] == 0


def test_missing_and_differing():
    truth = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    sample = record(truth, truth)
    del sample['pred_instances']['painted']
    with pytest.raises(KeyError, match=r'no pred_instances\.painted; it comes from the model'):
        PaintingErrorMetric().process(None, [sample])
    larger = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r'full_appearance of drawn\.png is \(2, 3, 4, 4\), but p'):
        PaintingErrorMetric().process(None, [record(larger, truth)])


def test_what_is_seen_as_an_answer():
    """One object of which the lower half is hidden, in its own colours and over black."""
    image = torch.full((3, 8, 8), 0, dtype=torch.uint8)
    image[:, 2:6, 2:6] = torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None]  # BGR
    mask = torch.zeros(1, 8, 8, dtype=torch.bool)
    mask[0, 2:4, 2:6] = True
    truth = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    truth[0, :, 2:6, 2:6] = torch.tensor([30, 20, 10], dtype=torch.uint8)[:, None, None]  # RGB
    boxes = torch.tensor([[0.0, 0.0, 8.0, 8.0]])
    instances = dict(full_appearance=truth, input_masks=mask, grown_boxes=boxes)
    metric = VisiblePaintingErrorMetric()
    metric.process(dict(inputs=[image]), [dict(gt_instances=instances)])
    metrics = metric.evaluate(size=1)
    hidden = 2 * 4 / 64
    assert metrics['visible_painting/L1'] == pytest.approx(hidden * 20 / 255)
    assert metrics['visible_painting/L2'] == pytest.approx(hidden * (1400 / 3) / 255**2)
    del instances['input_masks']
    with pytest.raises(KeyError, match=r'VisiblePaintingErrorMetric: .*gt_instances\.input_masks'):
        metric.process(dict(inputs=[image]), [dict(gt_instances=instances)])
