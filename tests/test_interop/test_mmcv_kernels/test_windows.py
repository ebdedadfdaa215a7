"""CARAFE, masked convolution and PSA masks against loops and plain convolution."""

import mmcv.ops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.ops.psa_mask import psa_mask

from tests.helpers import mmcv_reference
from tests.helpers.mmcv_operator_cases import floats
from tests.helpers.mmcv_reference import assert_alike, our_outcome, outcome


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(1, 2),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 2]),
    st.integers(1, 3),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.booleans(),
)
def test_carafe_is_the_loop(seed, batch, kernel, groups, scale, size, channels_last) -> None:
    features = floats(seed, batch, 4, *size).double()
    if channels_last:
        features = features.contiguous(memory_format=torch.channels_last)
    fine = [scale * side for side in size]
    masks = floats(seed + 1, batch, groups * kernel**2, *fine).double().requires_grad_()
    arguments = (features.requires_grad_(), masks, kernel, groups, scale)
    expected = outcome(mmcv_reference.carafe, *arguments)
    assert_alike(our_outcome('carafe', *arguments), expected, 1e-9)
    with mmcv_reference.ours():
        naive = mmcv.ops.carafe_naive(*arguments)
    torch.testing.assert_close(naive, expected[0])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 1000),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.sampled_from([0, 1]),
)
def test_psa_mask_is_the_loop(seed, size, mask_size, psa_type) -> None:
    mask = floats(seed, 2, mask_size[0] * mask_size[1], *size).double().requires_grad_()
    expected = outcome(mmcv_reference.psa_mask, mask, psa_type, mask_size)
    with mmcv_reference.ours():
        found = outcome(psa_mask, mask, psa_type, mask_size)
    assert_alike(found, expected, 1e-12)


@pytest.mark.parametrize('share', [0.0, 0.5, 1.0])
def test_masked_convolution_is_convolution_where_the_mask_is(share: float) -> None:
    features, mask = floats(0, 1, 3, 6, 7), floats(1, 1, 6, 7, low=0) < share
    layer = mmcv.ops.MaskedConv2d(3, 4, 3, padding=1)
    with mmcv_reference.ours(), torch.no_grad():
        torch.testing.assert_close(layer(features, mask), layer(features) * mask)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_low_precision_under_autocast(dtype: torch.dtype) -> None:
    features, masks = floats(0, 1, 4, 3, 4).to(dtype), floats(1, 1, 9, 6, 8).to(dtype)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        (found,) = our_outcome('carafe', features, masks, 3, 1, 2)
    (expected,) = our_outcome('carafe', features.float(), masks.float(), 3, 1, 2)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), expected, rtol=0.01, atol=0.01)
