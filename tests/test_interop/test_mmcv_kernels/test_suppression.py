"""nms, soft_nms and nms_match against loops over all pairs."""

import mmcv.ops
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.interop.mmcv_kernels import suppression
from tests.helpers import mmcv_reference
from tests.helpers.mmcv_operator_cases import boxes_apart, boxes_with_ties

THRESHOLDS = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 1.0])
KINDS = st.sampled_from([boxes_with_ties, boxes_apart])


@pytest.fixture(autouse=True)
def our_operators():
    with mmcv_reference.ours():
        yield


def degenerate(dets: torch.Tensor) -> torch.Tensor:
    """Give some boxes no area, one a negative width, one an infinite corner, one a NaN."""
    dets = dets.clone()
    dets[::5, 2] = dets[::5, 0]
    for number, (column, value) in enumerate(((2, -50.0), (3, torch.inf), (0, torch.nan))):
        dets[number + 1 : number + 2, column] = value
    return dets


@settings(max_examples=80, deadline=None)
@given(KINDS, st.integers(0, 40), st.integers(0, 1000), THRESHOLDS, st.booleans(), st.booleans())
def test_nms_match_is_the_loop(kind, number, seed, threshold, broken, with_lists) -> None:
    dets = kind(seed, number)
    if broken:
        dets = degenerate(dets)
    expected = mmcv_reference.nms_match(dets.numpy(), threshold)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suppression, 'PLAIN', 0 if with_lists else 256)
        found = mmcv.ops.nms_match(dets, threshold)
    assert [group.tolist() for group in found] == expected


@settings(max_examples=80, deadline=None)
@given(
    KINDS,
    st.integers(0, 40),
    st.integers(0, 1000),
    THRESHOLDS,
    st.sampled_from([0, 1]),
    st.sampled_from([torch.float32, torch.float64]),
    st.booleans(),
)
def test_nms_keeps_what_the_loop_keeps(
    kind, number, seed, threshold, offset, dtype, with_lists
) -> None:
    dets = kind(seed, number).to(dtype)
    expected = mmcv_reference.nms_match(dets.numpy(), np.float32(threshold), offset, False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suppression, 'PLAIN', 0 if with_lists else 256)
        found = mmcv.ops.nms(dets[:, :4], dets[:, 4], threshold, offset)[1]
    assert found.tolist() == [group[0] for group in expected]


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_nms_takes_low_precision_and_mixed_dtypes(dtype: torch.dtype) -> None:
    dets = boxes_with_ties(3, 30)
    boxes, scores = dets[:, :4].to(dtype), dets[:, 4]
    expected = mmcv.ops.nms(boxes.float(), scores, 0.5)[1]
    assert torch.equal(mmcv.ops.nms(boxes, scores, 0.5)[1], expected)
    assert torch.equal(mmcv.ops.nms(boxes.float(), scores.double(), 0.5)[1], expected)
    assert torch.equal(
        mmcv.ops.nms(boxes, scores, 0.5, offset=1)[1].sort()[0].unique(),
        (mmcv.ops.nms(boxes.float(), scores, 0.5, offset=1)[1].sort()[0]),
    )


@settings(max_examples=60, deadline=None)
@given(
    KINDS,
    st.integers(0, 25),
    st.integers(0, 1000),
    st.sampled_from(['naive', 'linear', 'gaussian']),
    st.sampled_from([0, 1]),
    st.sampled_from([0.1, 0.3, 0.7]),
    st.sampled_from([0.0, 0.05, 0.5]),
)
def test_soft_nms_is_the_loop(kind, number, seed, method, offset, threshold, min_score) -> None:
    dets = kind(seed, number)
    boxes, scores = dets[:, :4].contiguous(), dets[:, 4].contiguous()
    expected, expected_indices = mmcv_reference.soft_nms(
        boxes.numpy(), scores.numpy(), threshold, 0.5, min_score, method, offset
    )
    found, indices = mmcv.ops.soft_nms(boxes, scores, threshold, 0.5, min_score, method, offset)
    assert indices.tolist() == expected_indices
    np.testing.assert_allclose(found.numpy(), expected.reshape(-1, 5), rtol=1e-5, atol=1e-6)
    assert torch.equal(boxes, dets[:, :4])
    assert torch.equal(scores, dets[:, 4])


def test_only_boxes_nearby_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of boxes that do not overlap each is compared with those of its row or column."""
    rows, columns = np.divmod(np.arange(10_000), 100)
    corners = np.column_stack((columns, rows)) * 20.0
    scores = np.random.default_rng(0).random(len(corners))
    dets = np.column_stack((corners, corners + 10, scores)).astype(np.float32)
    compared = 0
    plain = suppression._Suppression._iou

    def counting(self, index: int, rest: np.ndarray) -> np.ndarray:
        nonlocal compared
        compared += len(rest)
        return plain(self, index, rest)

    monkeypatch.setattr(suppression._Suppression, '_iou', counting)
    assert len(mmcv.ops.nms_match(dets, 0.5)) == len(dets)
    assert compared < 10_000 * 100


def test_bbox_overlaps_by_hand() -> None:
    one = torch.tensor([[0.0, 0, 10, 10], [0, 0, 4, 4]])
    other = torch.tensor([[0.0, 5, 10, 10]])
    assert mmcv.ops.bbox_overlaps(one, other).tolist() == [[0.5], [0.0]]
    assert mmcv.ops.bbox_overlaps(one[:1], other, mode='iof', aligned=True).tolist() == [0.5]
    assert mmcv.ops.bbox_overlaps(one[:0], other).shape == (0, 1)
