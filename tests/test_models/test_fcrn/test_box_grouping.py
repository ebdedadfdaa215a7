"""Groups of boxes against the plain loop, always the same; and how much is looked at for them."""

from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.ops import nms_match

from seginpaint_mm.models.fcrn.hough_reference import group_boxes_reference
from seginpaint_mm.ops import box_grouping
from seginpaint_mm.ops.box_grouping import BoxGrid, greedy_keep, group_boxes

SIZES = (1e-3, 1e6)


def scattered(number: int, seed: int, smallest: float = 4, largest: float = 256) -> np.ndarray:
    random = np.random.default_rng(seed)
    centres = random.uniform(0, 500, (number, 2))
    sizes = np.exp(random.uniform(np.log(smallest), np.log(largest), (number, 2)))
    return np.hstack([centres - sizes / 2, centres + sizes / 2]).astype(np.float32)


def around_objects(number: int, objects: int, noise: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    boxes = scattered(objects, seed)[np.sort(random.integers(0, objects, number))]
    sizes = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    return (boxes + noise * sizes * random.uniform(-0.5, 0.5, boxes.shape)).astype(np.float32)


def as_lists(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[list[int]]:
    """Groups as the reference gives them."""
    kept, groups = group_boxes(boxes, scores, threshold)
    order = np.argsort(-scores, kind='stable')
    lists = [order[groups[order] == number].tolist() for number in range(len(kept))]
    assert [group[0] for group in lists] == kept.tolist()
    return lists


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, float]:
    number, seed = draw(st.integers(0, 120)), draw(st.integers(0, 10**6))
    random = np.random.default_rng(seed)
    kind = draw(st.sampled_from(['scattered', 'objects', 'few values', 'wild']))
    if kind == 'scattered':
        boxes = scattered(number, seed, largest=draw(st.sampled_from([8, 64, 500])))
    elif kind == 'objects':
        boxes = around_objects(number, draw(st.integers(1, 9)), draw(st.floats(0, 1)), seed)
    elif kind == 'few values':  # many IoUs are alike, some just at the threshold
        corner, size = random.integers(0, 4, (number, 2)), random.integers(1, 5, (number, 2))
        boxes = np.hstack([corner, corner + size]).astype(np.float32)
    else:
        boxes = scattered(number, seed, *SIZES)
    scores = random.uniform(0, 1, number).astype(np.float32)
    if draw(st.booleans()):
        scores = np.ceil(scores * draw(st.integers(1, 4)))
    return boxes, scores, draw(st.sampled_from([0.05, 0.25, 1 / 3, 0.5, 0.7, 0.95]))


@settings(max_examples=120, deadline=None)
@given(
    case=cases(),
    head=st.sampled_from([(1, 1), (2, 4), (32, 256)]),
    window=st.integers(1, 99),
    plain_pairs=st.sampled_from([0, 500, 2**16]),
)
def test_groups_are_those_of_the_plain_loop(
    case: tuple[np.ndarray, np.ndarray, float],
    head: tuple[int, int],
    window: int,
    plain_pairs: int,
) -> None:
    boxes, scores, threshold = case
    limits = dict(HEAD=head, WINDOW=window, PLAIN_PAIRS=plain_pairs)
    with mock.patch.multiple(box_grouping, **limits):
        result = as_lists(boxes, scores, threshold)
    assert result == group_boxes_reference(boxes.tolist(), scores.tolist(), threshold)


@pytest.mark.parametrize('noise', [0, 0.1, 0.5, None])
def test_large_numbers(noise: float | None) -> None:
    number = 1000
    boxes = scattered(number, 5) if noise is None else around_objects(number, 30, noise, 5)
    scores = np.random.default_rng(6).uniform(0, 1, number).astype(np.float32)
    expected = group_boxes_reference(boxes.tolist(), scores.tolist(), 0.5)
    assert as_lists(boxes, scores, 0.5) == expected


@pytest.mark.parametrize('noise', [0.1, 0.5, None])
def test_mmcv_finds_the_same_groups(noise: float | None) -> None:
    """Its threshold is inclusive and its arithmetic float32: the same where none is just at it."""
    boxes = scattered(3000, 1) if noise is None else around_objects(3000, 30, noise, 1)
    scores = np.random.default_rng(2).permutation(3000).astype(np.float32)
    theirs = nms_match(torch.from_numpy(np.column_stack([boxes, scores])), 0.5)
    assert as_lists(boxes, scores, 0.5) == [group.tolist() for group in theirs]


def test_an_iou_at_the_threshold_does_not_suppress() -> None:
    boxes = np.array([[0, 0, 2, 2], [0, 0, 2, 1], [0, 0, 2, 1.01]], np.float32)
    assert as_lists(boxes, np.array([3.0, 2.0, 1.0]), 0.5) == [[0, 2], [1]]


def test_of_equal_scores_the_first_is_kept() -> None:
    boxes = np.tile(np.float32([0, 0, 9, 9]), (5, 1))
    assert as_lists(boxes, np.array([1, 2, 2, 1, 2]), 0.5) == [[1, 2, 4, 0, 3]]


def test_a_box_joins_the_first_group_not_the_nearest() -> None:
    boxes = np.array([[0, 0, 10, 10], [3, 0, 13, 10], [5, 0, 15, 10], [4, 0, 14, 10]], np.float32)
    assert as_lists(boxes, np.array([0.9, 0.7, 0.8, 0.6]), 0.4) == [[0, 1, 3], [2]]


def test_nothing() -> None:
    kept, groups = group_boxes(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.5)
    assert kept.shape == groups.shape == (0,)


@pytest.mark.parametrize(
    ('value', 'sentence'),
    [
        ([3, 1, 3, 4], r'1 of 3 votes have boxes with no area, e\.g\. \[3\.0, 1\.0, 3\.0, 4\.0\]'),
        ([0, 4, 3, 1], '1 of 3 votes have boxes with no area'),
        ([0, 0, np.nan, 1], 'A vote has a box that is not finite'),
        ([0, 0, np.inf, 1], 'A vote has a box that is not finite'),
    ],
)
def test_boxes_that_mean_nothing_are_told(value: list[float], sentence: str) -> None:
    boxes = np.array([[0, 0, 1, 1], value, [5, 5, 6, 6]], np.float32)
    with pytest.raises(ValueError, match=sentence):
        group_boxes(boxes, np.ones(3, np.float32), 0.5)


def pairs_near(boxes: np.ndarray, queries: np.ndarray) -> list[tuple[int, int]]:
    grid = BoxGrid(boxes.astype(np.float64).T.copy(), 0.5)
    pairs = [np.stack(part, axis=1) for part in grid.near(queries)]
    return [tuple(pair) for pair in np.concatenate(pairs).tolist()]


def test_what_is_near_comes_once_and_in_the_order_of_the_queries() -> None:
    boxes, queries = scattered(4000, 3), np.array([7, 3999, 5, 42])
    pairs = pairs_near(boxes, queries)
    assert len(set(pairs)) == len(pairs)
    first_places = [[query for query, _ in pairs].index(query) for query in queries.tolist()]
    assert first_places == sorted(first_places)
    assert {(query, query) for query in queries.tolist()} <= set(pairs)


def pairs_looked_at(boxes: np.ndarray) -> int:
    looked_at = 0
    plain = box_grouping._Grouping._overlap

    def counting(self: object, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        nonlocal looked_at
        overlap = plain(self, one, other)
        looked_at += overlap.size
        return overlap

    with mock.patch.object(box_grouping._Grouping, '_overlap', counting):
        group_boxes(boxes, np.ones(len(boxes)), 0.5)
    return looked_at


@pytest.mark.parametrize('scatter', [False, True])
def test_the_work_is_linear_in_the_votes(scatter: bool) -> None:
    """The plain loop looks at 16 times as many pairs of four times as many scattered boxes."""
    few, many = (
        pairs_looked_at(scattered(number, 4) if scatter else around_objects(number, 40, 0.1, 4))
        for number in (10_000, 40_000)
    )
    assert many < 5 * few
    assert many < 200 * 40_000


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), number=st.integers(0, 40), share=st.floats(0, 1))
def test_greedy_keep_is_the_greedy_loop(seed: int, number: int, share: float) -> None:
    random = np.random.default_rng(seed)
    suppresses = np.triu(random.uniform(0, 1, (number, number)) < share, 1)
    kept = []
    for candidate in range(number):
        if not suppresses[kept, candidate].any():
            kept.append(candidate)
    assert np.flatnonzero(greedy_keep(suppresses.astype(np.float32))).tolist() == kept


def test_a_long_chain_of_suppression() -> None:
    chain = np.eye(50, k=1, dtype=np.float32)
    assert np.flatnonzero(greedy_keep(chain)).tolist() == list(range(0, 50, 2))
