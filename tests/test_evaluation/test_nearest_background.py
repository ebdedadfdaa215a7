"""The trivial answer: every hidden pixel gets the class of the nearest visible one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import PixelData

from seginpaint_mm.evaluation import NearestBackgroundMetric, RegionIoUMetric
from seginpaint_mm.evaluation.nearest_background import fill_from_nearest_background
from seginpaint_mm.registry import METRICS
from seginpaint_mm.structures import SceneSample

META = dict(classes=('road', 'sidewalk', 'other'))
ROW = dict(
    gt_sem_seg=[[0, 255, 255, 255, 255, 1]],
    gt_foreground=[[0, 1, 1, 1, 1, 0]],
    gt_background=[[0, 0, 0, 0, 1, 1]],
    pred_background=[[0, 2, 2, 2, 1, 1]],
    pred_foreground=[[0, 0, 1, 1, 0, 0]],
)


def make_sample(**maps: list) -> dict:
    sample = SceneSample(metainfo=dict(img_path='street/7.png'))
    for name, values in maps.items():
        setattr(sample, name, PixelData(data=torch.tensor(values)[None]))
    return sample.to_dict()


def evaluate(metric: RegionIoUMetric, sample: dict) -> dict[str, float]:
    metric.dataset_meta = META
    metric.process(None, [sample])
    return metric.evaluate(size=1)


def test_truth_fills_from_the_labels() -> None:
    metrics = evaluate(NearestBackgroundMetric('truth'), make_sample(**ROW))
    # The answer is 0 0 0 1 1 1 against 0 0 0 0 1 1: road 3 of 4, sidewalk 2 of 3.
    assert metrics['nearest_truth/all_IoU_road'] == pytest.approx(100 * 3 / 4)
    assert metrics['nearest_truth/all_IoU_sidewalk'] == pytest.approx(100 * 2 / 3)
    assert metrics['nearest_truth/fg_IoU_road'] == pytest.approx(100 * 2 / 3)


def test_prediction_fills_from_what_the_model_sees() -> None:
    metrics = evaluate(NearestBackgroundMetric('prediction'), make_sample(**ROW))
    # The model sees 0 2 . . 1 1, so the answer is 0 2 2 1 1 1.
    assert metrics['nearest_prediction/all_IoU_road'] == pytest.approx(100 / 4)
    assert metrics['nearest_prediction/all_IoU_sidewalk'] == pytest.approx(100 * 2 / 3)


def test_the_model_itself_is_not_touched() -> None:
    sample = make_sample(**ROW)
    before = evaluate(RegionIoUMetric(), sample)
    evaluate(NearestBackgroundMetric('truth'), sample)
    assert evaluate(RegionIoUMetric(), sample) == pytest.approx(before, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), height=st.integers(1, 12), width=st.integers(1, 12))
def test_every_hidden_pixel_takes_a_nearest_visible_label(
    seed: int, height: int, width: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (height, width), generator=generator)
    hidden = torch.rand(height, width, generator=generator) < 0.7
    filled = fill_from_nearest_background(labels, hidden)
    assert torch.equal(filled[~hidden], labels[~hidden])
    visible = (~hidden).nonzero().double()
    if not len(visible):
        assert not filled.any()
        return
    for row, column in hidden.nonzero().tolist():
        distance = (visible - torch.tensor([row, column])).square().sum(1)
        nearest = visible[distance == distance.min()].long()
        assert filled[row, column] in labels[nearest[:, 0], nearest[:, 1]]


def test_wrong_source_is_told() -> None:
    with pytest.raises(ValueError, match=r"must be one of .*'truth'.* not 'labels'"):
        METRICS.build(dict(type='NearestBackgroundMetric', source='labels'))


def test_model_without_foreground_is_told() -> None:
    sample = make_sample(**{name: ids for name, ids in ROW.items() if name != 'pred_foreground'})
    with pytest.raises(KeyError, match=r'street/7\.png has no pred_foreground'):
        evaluate(NearestBackgroundMetric('prediction'), sample)
