import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.datasets import RandomRectangles


def holes(transform: RandomRectangles, size: tuple[int, int], index: int = 0) -> np.ndarray:
    return transform(dict(img=np.zeros((*size, 3), np.uint8), sample_idx=index))['hole']


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    ratios=st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)).map(sorted),
    index=st.integers(0, 10),
)
def test_one_rectangle_of_the_wanted_size(height, width, ratios, index):
    transform = RandomRectangles(num=1, min_ratio=ratios[0], max_ratio=ratios[1], fixed=True)
    hole = holes(transform, (height, width), index)
    assert hole.shape == (height, width)
    assert hole.dtype == np.uint8
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    assert hole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    for extent, length in ((rows.size, height), (columns.size, width)):
        assert max(1, round(ratios[0] * length - 0.5)) <= extent
        assert extent <= max(1, round(ratios[1] * length + 0.5))


def test_fixed_depends_on_the_sample_only():
    transform = RandomRectangles(fixed=True, seed=1)
    first = holes(transform, (40, 60), index=7)
    torch.rand(3)
    np.testing.assert_array_equal(first, holes(transform, (40, 60), index=7))
    assert (first != holes(transform, (40, 60), index=8)).any()
    assert (first != holes(RandomRectangles(fixed=True, seed=2), (40, 60), index=7)).any()


def test_random_follows_torch_and_seg_fields_grow():
    torch.manual_seed(0)
    first = holes(RandomRectangles(), (40, 60))
    torch.manual_seed(0)
    np.testing.assert_array_equal(first, holes(RandomRectangles(), (40, 60)))
    results = dict(img=np.zeros((4, 4, 3), np.uint8), seg_fields=['gt_seg_map'])
    assert RandomRectangles()(results)['seg_fields'] == ['gt_seg_map', 'hole']


@pytest.mark.parametrize('options', [dict(num=-1), dict(min_ratio=0), dict(max_ratio=0.05)])
def test_wrong_options(options):
    with pytest.raises(ValueError, match='0 < min_ratio <= max_ratio <= 1'):
        RandomRectangles(**options)
