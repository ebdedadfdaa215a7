import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import binary_jaccard_index

from seginpaint_mm.evaluation import AmodalIoUMetric, PaintedMaskIoUMetric, VisibleMaskIoUMetric
from seginpaint_mm.geometry.boxes import crop_masks
from tests.helpers.amodal_records import layered, random_layers, record


def evaluate(metric: AmodalIoUMetric, *records: dict) -> dict:
    metric.process(None, records)
    return metric.evaluate(size=len(records))


def row(*parts: slice) -> np.ndarray:
    """Mask of one object in an image of one row and 20 columns."""
    mask = np.zeros((1, 1, 20), bool)
    for part in parts:
        mask[0, 0, part] = True
    return mask


def test_by_hand():
    full, visible = row(slice(0, 10)), row(slice(0, 6))
    predicted = row(slice(1, 8), slice(10, 12))
    metrics = evaluate(AmodalIoUMetric(side=None), record(full, visible, predicted=predicted))
    expected = {
        'iou_full': 7 / 12,
        'iou_visible': 5 / 8,  # 1-6 and 10-12 against 0-6
        'iou_invisible': 2 / 6,  # 6-8 and 10-12 against 6-10
        'official/iou_full': 7 / 12,
        'official/iou_visible': 5 / 10,
        'official/iou_invisible': 2 / 4,
    }
    for key, value in expected.items():
        assert metrics[key] == pytest.approx(100 * value), key
    assert metrics['num_objects'] == 1
    assert metrics['num_unoccluded'] == 0


def test_objects_without_invisible_region_are_left_out_of_ours_and_count_in_the_official():
    whole = record(row(slice(0, 4)), row(slice(0, 4)), predicted=row(slice(0, 8)))
    half = record(row(slice(0, 8)), row(slice(0, 4)), predicted=row(slice(0, 8)))
    metrics = evaluate(AmodalIoUMetric(side=None), whole, half)
    assert metrics['iou_invisible'] == 100
    assert metrics['official/iou_invisible'] == 50
    assert (metrics['num_objects'], metrics['num_unoccluded']) == (2, 1)


def test_no_occluded_object():
    sample = record(row(slice(0, 4)), row(slice(0, 4)), predicted=row(slice(0, 4)))
    metrics = evaluate(AmodalIoUMetric(side=None), sample)
    assert np.isnan(metrics['iou_invisible'])
    assert metrics['iou_full'] == 100


def test_truth_scores_100_in_boxes():
    full = random_layers(0)
    visible = layered(full)
    sample = record(full, visible)
    boxes = sample['pred_instances']['grown_boxes']
    sample['pred_instances']['full_probs'] = crop_masks(torch.from_numpy(full), boxes, 58).float()
    metrics = evaluate(AmodalIoUMetric(), sample)
    assert [metrics[key] for key in ('iou_full', 'iou_visible', 'iou_invisible')] == [100] * 3


def test_half_is_in_the_mask():
    full = np.ones((1, 4, 4), bool)
    for value, iou in ((0.5, 100), (0.49, 0)):
        probs = torch.full((1, 4, 4), value)
        metrics = evaluate(AmodalIoUMetric(side=4), record(full, full, probs=probs))
        assert metrics['iou_full'] == iou


def test_united_with_what_was_given():
    full, given_mask = row(slice(0, 10)), row(slice(0, 6), slice(10, 12))
    sample = record(full, row(slice(0, 6)), given=given_mask)
    boxes = sample['pred_instances']['grown_boxes']
    masks = torch.from_numpy(row(slice(4, 8)))
    sample['pred_instances']['full_probs'] = crop_masks(masks, boxes, 28).float()
    metrics = evaluate(AmodalIoUMetric(side=28, with_given=True, prefix='with_given'), sample)
    united = crop_masks(masks | torch.from_numpy(given_mask), boxes, 28).numpy()
    truth = crop_masks(torch.from_numpy(full), boxes, 28).numpy()
    expected = 100 * (united & truth).sum() / (united | truth).sum()
    assert metrics['with_given/iou_full'] == pytest.approx(expected)


def official(predicted: np.ndarray, visible: np.ndarray, full: np.ndarray) -> list[float]:
    """What the published code computes, read from it: three states of a pixel, one overlap."""

    def overlap(one: np.ndarray, other: np.ndarray) -> float:
        both = one.astype(int) + other
        return (both >= 2).sum() / max((both >= 1).sum(), 1)

    state = np.where(visible, 1, np.where(full, 2, 0))
    hidden, guessed = np.where(state == 2, full, 0), np.where(state == 2, predicted, 0)
    return [overlap(full, predicted), overlap(visible, predicted), overlap(hidden, guessed)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_agrees_with_torchmetrics_and_with_what_the_published_code_does(seed, in_boxes):
    full = random_layers(seed, number=4)
    visible = layered(full)
    random = np.random.default_rng(seed)
    predicted = full ^ (random.random(full.shape) < 0.2)
    probs = torch.from_numpy(random.random((4, 9, 9)))
    side = 9 if in_boxes else None
    sample = record(full, visible, predicted=predicted, probs=probs)
    metrics = evaluate(AmodalIoUMetric(side=side), sample)
    if in_boxes:
        boxes = sample['pred_instances']['grown_boxes']
        visible, full = (
            crop_masks(torch.from_numpy(masks), boxes, 9).numpy() for masks in (visible, full)
        )
        predicted = (probs >= 0.5).numpy()

    def jaccard(one: np.ndarray, other: np.ndarray) -> float:
        return binary_jaccard_index(torch.from_numpy(one), torch.from_numpy(other)).item()

    theirs = [official(*masks) for masks in zip(predicted, visible, full, strict=True)]
    for key, value in zip(('full', 'visible', 'invisible'), np.mean(theirs, axis=0), strict=True):
        assert metrics[f'official/iou_{key}'] == pytest.approx(100 * value)
    objects = list(zip(predicted, visible, full, strict=True))
    ours = {
        'iou_full': [jaccard(p, f) for p, v, f in objects],
        'iou_visible': [jaccard(p & ~(f & ~v), v) for p, v, f in objects],
        'iou_invisible': [jaccard(p & ~v, f & ~v) for p, v, f in objects if (f & ~v).any()],
    }
    for key, values in ours.items():
        expected = 100 * np.mean(values) if values else np.nan
        assert metrics[key] == pytest.approx(expected, abs=1e-4, nan_ok=True), key


@pytest.mark.parametrize('side', [None, 58])
def test_the_visible_mask_as_an_answer(side):
    full = random_layers(0)
    visible = layered(full)
    metrics = evaluate(VisibleMaskIoUMetric(side=side), record(full, visible))
    metrics = {key.removeprefix('visible_mask/'): value for key, value in metrics.items()}
    assert metrics['iou_visible'] == metrics['official/iou_visible'] == 100
    assert metrics['iou_invisible'] == metrics['official/iou_invisible'] == 0
    assert 0 < metrics['iou_full'] < 100
    worse = evaluate(
        VisibleMaskIoUMetric(side=side),
        record(full, visible, given=visible & np.roll(visible, 1, axis=2)),
    )
    assert worse['visible_mask/iou_full'] < metrics['iou_full']


def test_what_is_not_black_in_a_painting_is_its_mask():
    full = random_layers(0)
    sample = record(full, layered(full))
    boxes = sample['pred_instances']['grown_boxes']
    shape = crop_masks(torch.from_numpy(full), boxes, 32)
    painted = torch.zeros(len(full), 4, 32, 32, dtype=torch.uint8)
    painted[:, 1] = 17 * shape
    painted[:, 2] = 16 * ~shape
    painted[:, 3] = 255
    sample['pred_instances']['painted'] = painted
    metrics = evaluate(PaintedMaskIoUMetric(side=32, darkest=16), sample)
    assert [metrics[f'painted_mask/iou_{key}'] for key in ('full', 'invisible')] == [100, 100]
    metrics = evaluate(PaintedMaskIoUMetric(side=32, darkest=17), sample)
    assert metrics['painted_mask/iou_full'] == 0
    smaller = evaluate(PaintedMaskIoUMetric(side=8, darkest=16), sample)
    assert smaller['painted_mask/iou_full'] > 90


def test_missing_predictions():
    full = random_layers(0)
    with pytest.raises(KeyError, match=r'drawn\.png has no pred_instances\.full_probs'):
        AmodalIoUMetric().process(None, [record(full, full)])
    sample = record(full, full, probs=torch.zeros(5, 58, 58))
    del sample['pred_instances']['grown_boxes']
    with pytest.raises(KeyError, match=r'no pred_instances\.grown_boxes; it comes from the mo'):
        AmodalIoUMetric().process(None, [sample])
    del sample['gt_instances']['full_masks']
    with pytest.raises(KeyError, match=r'gt_instances\.full_masks; it .*LoadAmodalObjects'):
        AmodalIoUMetric().process(None, [sample])


def test_sizes_that_differ():
    full = random_layers(0)
    with pytest.raises(ValueError, match=r'truth of drawn\.png is \(5, 58, 58\), but prediction'):
        AmodalIoUMetric().process(None, [record(full, full, probs=torch.zeros(5, 9, 9))])
    with pytest.raises(ValueError, match=r'is \(5, 24, 32\), but prediction is \(4, 24, 32\)'):
        AmodalIoUMetric(side=None).process(None, [record(full, full, predicted=full[:4])])


def hidden_behind() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Full and visible masks of two objects, and a prediction that is too large at both ends."""
    full = np.zeros((2, 1, 40), bool)
    full[0, 0, 10:20] = full[1, 0, 18:30] = True
    visible = full.copy()
    visible[1, 0, 18:20] = False
    predicted = full.copy()
    predicted[1, 0, 18:34] = predicted[0, 0, 6:20] = True
    return full, visible, predicted


@pytest.mark.parametrize('side', [None, 20])
def test_only_what_is_behind_another_counts(side):
    full, visible, predicted = hidden_behind()
    sample = record(full, visible, predicted=predicted)
    boxes = sample['pred_instances']['grown_boxes']
    probs = crop_masks(torch.from_numpy(predicted), boxes, side or 20).float()
    sample['pred_instances']['full_probs'] = probs
    options = dict(side=side, with_given=True)
    assert evaluate(AmodalIoUMetric(**options), sample)['iou_full'] < 90
    cut = evaluate(AmodalIoUMetric(**options, occluders='given'), sample)
    assert cut['iou_full'] == cut['iou_invisible'] == 100
    grown = evaluate(AmodalIoUMetric(**options, occluders='given', occluder_growth=2), sample)
    assert grown['iou_full'] == 100, 'beside the object in front the other is seen'


def test_at_the_size_of_the_photo():
    """The boxes are of an image of half the size; 14 cells are 28 pixels of the photo."""
    full, visible, predicted = hidden_behind()
    small = record(full, visible, predicted=predicted)
    big = [torch.from_numpy(masks.repeat(2, axis=1).repeat(2, axis=2)) for masks in (visible, full)]
    small['gt_instances'] |= dict(
        photo_masks=big[0], photo_input_masks=big[0], photo_full_masks=big[1]
    )
    small['scale_factor'] = (0.5, 0.5)
    boxes = small['pred_instances']['grown_boxes']
    assert boxes[:, [0, 2]].tolist() == [[8, 22], [18, 32]]
    probs = crop_masks(torch.from_numpy(predicted), boxes, 14).float()
    small['pred_instances']['full_probs'] = probs
    found = evaluate(AmodalIoUMetric(photo=True, occluders='given', prefix='photo'), small)
    assert found['photo/iou_full'] == found['photo/iou_invisible'] == 100
    raw = evaluate(AmodalIoUMetric(photo=True), small)
    assert raw['iou_full'] == pytest.approx(50 * (10 / 12 + 12 / 14))
    given = evaluate(VisibleMaskIoUMetric(photo=True), small)
    assert given['photo_visible_mask/iou_full'] == pytest.approx(50 * (1 + 10 / 12))
    assert given['photo_visible_mask/iou_invisible'] == 0
    with pytest.raises(KeyError, match='photo_masks'):
        evaluate(AmodalIoUMetric(photo=True), record(full, visible, predicted=predicted))


def test_what_is_unknown_counts_for_nothing() -> None:
    """Whatever is said of it, by the truth or by the prediction."""
    full = random_layers(0)
    unknown = np.zeros_like(full)
    unknown[:, :, 20:] = True
    unknown &= ~full
    results = []
    for truth in (full, full | unknown):
        sample = record(truth, layered(full), predicted=full | unknown)
        sample['gt_instances']['unknown_masks'] = torch.from_numpy(unknown)
        results.append(evaluate(AmodalIoUMetric(side=None), sample))
    assert unknown.any()
    assert results[0]['iou_full'] == 100
    assert results[1] == pytest.approx(results[0], nan_ok=True)
