"""ClassIoUMetric against sets of pixels, and against mmseg's summary."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric

from seginpaint_mm.evaluation import ClassIoUMetric
from seginpaint_mm.structures import SceneSample

CLASSES = ('road', 'traffic light', 'car', 'train')


def samples(seed: int, number: int = 2) -> list[SceneSample]:
    """Random truth, a fifth of it ignored, and predictions; no train anywhere."""
    generator = torch.Generator().manual_seed(seed)
    result = []
    for index in range(number):
        size = (1, 5 + index, 7)
        truth = torch.randint(0, 3, size, generator=generator)
        truth[torch.rand(size, generator=generator) < 0.2] = 255
        sample = SceneSample()
        sample.gt_sem_seg = PixelData(data=truth)
        sample.pred_sem_seg = PixelData(data=torch.randint(0, 3, size, generator=generator))
        result.append(sample)
    return result


def evaluate(metric: IoUMetric, batch: list[SceneSample]) -> dict[str, float]:
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, [sample.to_dict() for sample in batch])
    return metric.evaluate(len(batch))


def iou_of_sets(batch: list[SceneSample], class_id: int) -> float:
    """In percent: pixels of the class in both, over pixels of it in either."""
    truth, prediction = set(), set()
    for number, sample in enumerate(batch):
        for place, label in enumerate(sample.gt_sem_seg.data.flatten().tolist()):
            if label == class_id:
                truth.add((number, place))
            if label != 255 and sample.pred_sem_seg.data.flatten()[place] == class_id:
                prediction.add((number, place))
    return 100 * len(truth & prediction) / len(truth | prediction)


@given(seed=st.integers(0, 2**20))
def test_classes_groups_and_summary(seed: int) -> None:
    batch = samples(seed)
    groups = dict(rare=['traffic light', 'train'], others=['road', 'car'])
    metrics = evaluate(ClassIoUMetric(groups=groups), batch)
    for class_id, name in enumerate(CLASSES[:3]):
        assert metrics[f'IoU_{name}'] == pytest.approx(iou_of_sets(batch, class_id))
    assert math.isnan(metrics['IoU_train'])
    assert metrics['mIoU_rare'] == pytest.approx(metrics['IoU_traffic light'])
    mean = (metrics['IoU_road'] + metrics['IoU_car']) / 2
    assert metrics['mIoU_others'] == pytest.approx(mean)
    for name, value in evaluate(IoUMetric(), batch).items():
        assert metrics[name] == pytest.approx(value)
        assert type(metrics[name]) is float


def test_unknown_class_in_a_group() -> None:
    metric = ClassIoUMetric(groups=dict(rare=['lorry']))
    with pytest.raises(ValueError, match="group 'rare' names 'lorry', which is no class"):
        evaluate(metric, samples(0))
