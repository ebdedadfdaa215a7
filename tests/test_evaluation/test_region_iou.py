"""RegionIoUMetric against hand-made cases and against mmseg.IoUMetric."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import PixelData

from seginpaint_mm.evaluation import RegionIoUMetric
from seginpaint_mm.registry import METRICS
from seginpaint_mm.structures import SceneSample

META = dict(classes=('road', 'sidewalk', 'other'))


def make_sample(**maps: list | torch.Tensor) -> dict:
    sample = SceneSample(metainfo=dict(img_path='street/7.png', sample_idx=7))
    for name, values in maps.items():
        ids = torch.as_tensor(values)
        setattr(sample, name, PixelData(data=ids[None]))
    return sample.to_dict()


def evaluate(*batches: list[dict]) -> dict[str, float]:
    metric = RegionIoUMetric()
    metric.dataset_meta = META
    for batch in batches:
        metric.process(None, batch)
    return metric.evaluate(size=sum(map(len, batches)))


def random_sample(seed: int, height: int, width: int) -> dict:
    generator = torch.Generator().manual_seed(seed)

    def draw(*choices: int) -> torch.Tensor:
        index = torch.randint(len(choices), (height, width), generator=generator)
        return torch.tensor(choices)[index]

    return make_sample(
        gt_sem_seg=draw(0, 1, 2, 255),
        gt_background=draw(0, 1, 2, 255),
        gt_foreground=draw(0, 1),
        pred_background=draw(0, 1, 2),
        pred_sem_seg=draw(0, 1, 2),
        pred_foreground=draw(0, 1),
    )


HAND_MADE = dict(
    gt_sem_seg=[[0, 0, 1, 1], [0, 255, 255, 255]],
    gt_foreground=[[0, 0, 0, 0], [0, 1, 1, 0]],
    gt_background=[[0, 0, 1, 1], [0, 0, 1, 255]],
    pred_background=[[0, 0, 1, 0], [0, 0, 0, 2]],
    pred_foreground=[[0, 0, 0, 1], [0, 1, 0, 1]],
)


def test_hand_made_case() -> None:
    metrics = evaluate([make_sample(**HAND_MADE)])
    # all: road 4 of (4 true + 6 predicted - 4), sidewalk 1 of (3 + 1 - 1), other in neither.
    assert metrics['all_IoU_road'] == pytest.approx(100 * 4 / 6)
    assert metrics['all_IoU_sidewalk'] == pytest.approx(100 * 1 / 3)
    assert math.isnan(metrics['all_IoU_other'])
    assert metrics['all_mIoU'] == pytest.approx(50)
    # Behind the foreground: road 1 of (1 + 2 - 1), sidewalk 0 of 1.
    assert metrics['fg_IoU_road'] == pytest.approx(50)
    assert metrics['fg_IoU_sidewalk'] == 0
    assert metrics['fg_mIoU'] == pytest.approx(25)
    # The mask: 1 right of 2 true and 2 predicted; the void pixel does not count.
    assert metrics['foreground_IoU'] == pytest.approx(100 / 3)


def test_perfect_prediction_is_100() -> None:
    maps = dict(HAND_MADE, pred_foreground=HAND_MADE['gt_foreground'])
    maps['pred_background'] = [[0, 0, 1, 1], [0, 0, 1, 2]]
    metrics = evaluate([make_sample(**maps)])
    assert metrics['all_mIoU'] == metrics['fg_mIoU'] == metrics['foreground_IoU'] == 100


def test_one_matrix_over_the_set_not_a_mean_over_images() -> None:
    right = make_sample(**dict(HAND_MADE, pred_background=[[0, 0, 1, 1], [0, 0, 1, 2]]))
    wrong = make_sample(**dict(HAND_MADE, pred_background=[[1, 1, 1, 1], [1, 1, 1, 2]]))
    metrics = evaluate([right], [wrong])
    # road: 4 right, 8 true, 4 predicted; sidewalk: 6 right, 6 true, 10 predicted.
    assert metrics['all_IoU_road'] == pytest.approx(100 * 4 / 8)
    assert metrics['all_IoU_sidewalk'] == pytest.approx(100 * 6 / 10)


def test_no_foreground_at_all_is_nan_not_zero() -> None:
    metrics = evaluate([make_sample(**dict(HAND_MADE, gt_foreground=[[0] * 4] * 2))])
    assert math.isnan(metrics['fg_mIoU'])
    assert not math.isnan(metrics['all_mIoU'])


def test_model_without_a_foreground_gets_no_foreground_iou() -> None:
    maps = {name: value for name, value in HAND_MADE.items() if name != 'pred_foreground'}
    assert 'foreground_IoU' not in evaluate([make_sample(**maps)])


@settings(max_examples=25, deadline=None)
@given(
    seeds=st.lists(st.integers(0, 2**31), min_size=1, max_size=4),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
)
def test_all_region_agrees_with_mmseg(seeds: list[int], height: int, width: int) -> None:
    mmseg_evaluation = pytest.importorskip('mmseg.evaluation')
    samples = [random_sample(seed, height, width) for seed in seeds]
    for sample in samples:
        sample['pred_sem_seg'] = sample['pred_background']
    region_iou = evaluate(samples)

    for sample in samples:
        sample['gt_sem_seg'] = sample['gt_background']
    theirs = mmseg_evaluation.IoUMetric()
    theirs.dataset_meta = META
    theirs.process(None, samples)
    expected = theirs.evaluate(size=len(samples))['mIoU']
    assert region_iou['all_mIoU'] == pytest.approx(expected, abs=0.006, nan_ok=True)


def test_reads_the_field_and_writes_the_prefix_of_its_config() -> None:
    config = dict(type='RegionIoUMetric', prediction='pred_sem_seg', prefix='val')
    metric = METRICS.build(config)
    metric.dataset_meta = META
    metric.process(None, [make_sample(**HAND_MADE, pred_sem_seg=[[0, 0, 1, 1], [0, 0, 1, 2]])])
    assert metric.evaluate(size=1)['val/fg_mIoU'] == 100


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (dict(pred_background=[[0, 0], [0, 0]]), ValueError, 'resize labels and image alike'),
        (dict(pred_foreground=[[0, 0], [0, 0]]), ValueError, 'pred_foreground of street/7.png'),
        (dict(pred_background=[[3] * 4] * 2), ValueError, 'pred_background .* class 3'),
        (dict(gt_background=[[11] * 4] * 2), ValueError, 'gt_background .* class 11'),
        (dict(gt_background=None), KeyError, 'has no gt_background'),
    ],
)
def test_bad_input_is_told_in_one_sentence(change: dict, error: type, message: str) -> None:
    maps = {name: value for name, value in (HAND_MADE | change).items() if value is not None}
    with pytest.raises(error, match=message):
        evaluate([make_sample(**maps)])


def test_missing_class_names_are_told() -> None:
    with pytest.raises(KeyError, match='class names'):
        RegionIoUMetric().process(None, [make_sample(**HAND_MADE)])
