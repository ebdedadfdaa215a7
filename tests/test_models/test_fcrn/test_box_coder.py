"""Boxes come back from what their pixels say, and no prediction, however wild, overflows."""

import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.models.fcrn import BoxCoder, map_points
from seginpaint_mm.registry import MODELS

coordinates = st.floats(-500, 2500, width=32)
lengths = st.floats(0.5, 2048, width=32)
coders = st.builds(
    BoxCoder,
    offset_scale=st.floats(1, 256),
    size_scale=st.floats(4, 256),
    size=st.sampled_from(['log', 'linear']),
)


@settings(max_examples=100, deadline=None)
@given(coders, coordinates, coordinates, coordinates, coordinates, lengths, lengths)
def test_round_trip(coder, x, y, left, top, width, height) -> None:
    point = torch.tensor([x, y])
    box = torch.tensor([left, top, left + width, top + height])
    deltas = coder.encode(point, box)
    assert torch.allclose(coder.decode(point, deltas), box, atol=0.01)
    assert torch.allclose(coder.encode(point, coder.decode(point, deltas)), deltas, atol=0.01)


@pytest.mark.parametrize(
    ('size', 'expected'),
    [('log', [1.0, -2.0, math.log(2), 0.0]), ('linear', [1.0, -2.0, 2.0, 1.0])],
)
def test_a_box_by_hand(size: str, expected: list[float]) -> None:
    coder = BoxCoder(offset_scale=10, size_scale=20, size=size)
    centre_60_30 = torch.tensor([40.0, 20.0, 80.0, 40.0])
    deltas = coder.encode(torch.tensor([50.0, 50.0]), centre_60_30)
    assert torch.allclose(deltas, torch.tensor(expected))


@pytest.mark.parametrize('size', ['log', 'linear'])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16, torch.float32])
def test_no_prediction_overflows(size: str, dtype: torch.dtype) -> None:
    wild = torch.tensor([[3e4, -3e4, 6e4, -6e4], [0, 0, -100, 100], [0, 0, 0, 0]], dtype=dtype)
    boxes = BoxCoder(size=size).decode(torch.zeros(3, 2, dtype=dtype), wild)
    assert boxes.dtype == torch.float32
    assert torch.isfinite(boxes).all()
    assert (boxes[:, 2:] >= boxes[:, :2]).all()
    areas = (boxes[1:, 2:] - boxes[1:, :2]).prod(-1)
    assert (areas > 0).all()


def test_gradient_ends_where_sizes_are_clamped() -> None:
    deltas = torch.tensor([[0.0, 0.0, 200.0, 1.0]], requires_grad=True)
    BoxCoder().decode(torch.zeros(1, 2), deltas).sum().backward()
    assert torch.isfinite(deltas.grad).all()
    assert deltas.grad[0, 2] == 0


def test_half_precision_encodes_like_single() -> None:
    coder, point, box = BoxCoder(), torch.tensor([500.5, 250.5]), torch.tensor([0.0, 0, 500, 400])
    exact = coder.encode(point, box)
    assert torch.allclose(coder.encode(point.half(), box.half()), exact, atol=1e-2)


def test_points_of_a_map_are_means_of_the_image_points_they_cover() -> None:
    fine, coarse = map_points((8, 12)), map_points((2, 3), stride=4)
    means = torch.nn.functional.avg_pool2d(fine.permute(2, 0, 1), 4).permute(1, 2, 0)
    assert torch.equal(coarse, means)
    assert fine[0, 0].tolist() == [0.5, 0.5]
    assert coarse[1, 2].tolist() == [10.0, 6.0]


def test_is_built_from_a_config_and_compares_by_its_values() -> None:
    config = dict(type='BoxCoder', offset_scale=32.0)
    assert MODELS.build(config) == BoxCoder(offset_scale=32.0)
    assert MODELS.build(config) != BoxCoder()


@pytest.mark.parametrize(
    ('wrong', 'sentence'),
    [
        (dict(offset_scale=0), 'offset_scale must be above 0, not 0'),
        (dict(size_scale=-1.0), 'size_scale must be above 0, not -1.0'),
        (dict(size='sqrt'), "size must be one of ('log', 'linear'), not 'sqrt'"),
    ],
)
def test_wrong_arguments(wrong: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        BoxCoder(**wrong)
