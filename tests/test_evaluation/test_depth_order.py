import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.evaluation import DepthOrderMetric, LowerIsNearerMetric
from tests.helpers.amodal_records import layered, random_layers, record


def evaluate(metric: DepthOrderMetric, *records: dict) -> dict:
    metric.process(None, records)
    return metric.evaluate(size=len(records))


def strips(*parts: slice) -> np.ndarray:
    """Full masks in an image of one row and 20 columns."""
    masks = np.zeros((len(parts), 1, 20), bool)
    for mask, part in zip(masks, parts, strict=True):
        mask[0, part] = True
    return masks


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.05, 0.2]))
def test_the_truth_finds_every_pair(seed, threshold):
    full = random_layers(seed)
    sample = record(full, layered(full), predicted=full)
    metrics = evaluate(DepthOrderMetric(threshold=threshold), sample)
    if metrics['num_pairs']:
        assert metrics['success_rate'] == 100
        assert metrics['reversed_rate'] == metrics['undecided_rate'] == 0
    else:
        assert np.isnan(metrics['success_rate'])


def test_by_hand():
    full = strips(slice(0, 6), slice(4, 12), slice(10, 18))
    visible = layered(full)  # 0-6, 6-12, 12-18
    # the second is said to reach below the first as it does, the third to end where it is seen
    predicted = strips(slice(0, 6), slice(4, 12), slice(12, 18))
    metrics = evaluate(DepthOrderMetric(), record(full, visible, predicted=predicted))
    assert metrics == dict(
        success_rate=50, reversed_rate=0, undecided_rate=50, num_pairs=2, num_pictures=1
    )


def test_the_stronger_claim_counts():
    full = strips(slice(0, 6), slice(4, 12))
    for first, second, key in (
        (slice(0, 9), slice(4, 12), 'reversed_rate'),  # the first reaches 3 pixels, the second 2
        (slice(0, 7), slice(4, 12), 'success_rate'),
        (slice(0, 6), slice(6, 12), 'undecided_rate'),
        (slice(0, 12), slice(0, 12), 'undecided_rate'),  # each is all in front of the other
    ):
        predicted = strips(first, second)
        metrics = evaluate(DepthOrderMetric(), record(full, layered(full), predicted=predicted))
        assert metrics[key] == 100, (first, second)


def test_small_overlaps_are_no_pairs():
    full = strips(slice(0, 10), slice(9, 20))  # one pixel is hidden, ten are seen of the first
    sample = record(full, layered(full), predicted=full)
    assert evaluate(DepthOrderMetric(threshold=0.1), sample)['num_pairs'] == 0
    assert evaluate(DepthOrderMetric(threshold=0.05), sample)['num_pairs'] == 1


def test_rates_are_of_pictures_not_of_all_pairs():
    two = strips(slice(0, 6), slice(4, 12))
    three = strips(slice(0, 6), slice(4, 12), slice(10, 18))
    wrong = record(two, layered(two), predicted=layered(two))
    right = record(three, layered(three), predicted=three)
    without = record(two[:1], two[:1], predicted=two[:1])
    metrics = evaluate(DepthOrderMetric(), wrong, right, without)
    assert metrics['success_rate'] == 50
    assert (metrics['num_pairs'], metrics['num_pictures']) == (3, 2)


def test_given_masks_are_what_the_model_has():
    full = strips(slice(0, 6), slice(4, 12))
    visible = layered(full)
    given = visible.copy()
    given[0, 0, 3:] = False  # nothing was seen there, so nobody can say that it hides the second
    sample = record(full, visible, given=given, predicted=full)
    assert evaluate(DepthOrderMetric(), sample)['undecided_rate'] == 100


def test_the_lower_one_is_taken_for_the_nearer():
    full = np.zeros((3, 10, 4), bool)
    full[0, 4:9], full[1, 2:6], full[2, 5:10, :2] = True, True, True
    metrics = evaluate(LowerIsNearerMetric(threshold=0.0), record(full, layered(full)))
    # 0 hides 1 (lower: right) and 2 (2 reaches lower: wrong)
    assert metrics == {
        'lower_is_nearer/success_rate': 50,
        'lower_is_nearer/reversed_rate': 50,
        'lower_is_nearer/undecided_rate': 0,
        'lower_is_nearer/num_pairs': 2,
        'lower_is_nearer/num_pictures': 1,
    }


def test_who_stands_on_one_line_is_undecided():
    full = np.zeros((2, 10, 8), bool)
    full[0, 4:9, :5], full[1, 2:9, 3:] = True, True
    metrics = evaluate(LowerIsNearerMetric(), record(full, layered(full)))
    assert metrics['lower_is_nearer/undecided_rate'] == 100


def test_missing_and_differing():
    full = random_layers(1)
    visible = layered(full)
    with pytest.raises(KeyError, match=r'drawn\.png has no pred_instances\.full_masks'):
        DepthOrderMetric(threshold=0).process(None, [record(full, visible)])
    wrong = record(full, visible, predicted=np.zeros((5, 4, 4), bool))
    with pytest.raises(ValueError, match=r'full_masks of drawn\.png is \(5, 4, 4\), but input_m'):
        DepthOrderMetric(threshold=0).process(None, [wrong])


def test_the_larger_count_has_no_floor():
    """One pixel of 18 is hidden: no pair by the IoU; a small claim the other way round is none."""
    full = strips(slice(0, 18), slice(17, 20))
    predicted = strips(slice(0, 18), slice(17, 20))
    sample = record(full, layered(full), predicted=predicted)
    assert evaluate(DepthOrderMetric(threshold=0.06), sample)['num_pairs'] == 0
    found = evaluate(DepthOrderMetric(threshold=None), sample)
    assert (found['num_pairs'], found['success_rate']) == (1, 100)
    lower = evaluate(LowerIsNearerMetric(threshold=None), sample)
    assert lower['lower_is_nearer/undecided_rate'] == 100
