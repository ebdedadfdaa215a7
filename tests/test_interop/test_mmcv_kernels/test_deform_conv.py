"""Deformable convolution, plain and modulated, against the loop over pixels and taps."""

import mmcv.ops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import mmcv_reference
from tests.helpers.mmcv_operator_cases import floats
from tests.helpers.mmcv_reference import assert_alike, our_outcome, outcome

GEOMETRIES = st.tuples(
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.sampled_from([1, 2]),
    st.sampled_from([1, 2]),
)


def tensors(seed, batch, kernel, geometry, moves, channels_last=False) -> list[torch.Tensor]:
    """Return features, offsets, masks, weights and biases of a convolution, in float64."""
    stride, padding, dilation, groups, deform_groups = geometry
    size = (5, 6)
    outputs = [
        (size[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1) // stride[axis]
        + 1
        for axis in (0, 1)
    ]
    taps = deform_groups * kernel[0] * kernel[1]
    offset = floats(seed + 1, batch, 2 * taps, *outputs, low=-2, high=2)
    result = [
        floats(seed, batch, 4, *size),
        offset.round() if moves == 'whole' else offset * (moves == 'any'),
        floats(seed + 2, batch, taps, *outputs),
        floats(seed + 3, 2, 4 // groups, *kernel),
        floats(seed + 4, 2),
    ]
    if channels_last:
        result[0] = result[0].contiguous(memory_format=torch.channels_last)
    return [tensor.double().requires_grad_() for tensor in result]


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(1, 2),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    GEOMETRIES,
    st.sampled_from(['none', 'whole', 'any']),
    st.booleans(),
    st.booleans(),
)
def test_modulated_is_the_loop(
    seed, batch, kernel, geometry, moves, channels_last, with_bias
) -> None:
    *inputs, bias = tensors(seed, batch, kernel, geometry, moves, channels_last)
    arguments = (*inputs, bias if with_bias else None, *geometry)
    expected = outcome(mmcv_reference.modulated_deform_conv2d, *arguments)
    assert_alike(our_outcome('modulated_deform_conv2d', *arguments), expected, 1e-9)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(1, 2),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    GEOMETRIES,
    st.sampled_from(['none', 'whole', 'any']),
    st.booleans(),
)
def test_plain_is_the_loop(seed, batch, kernel, geometry, moves, channels_last) -> None:
    features, offset, _, weight, _ = tensors(seed, batch, kernel, geometry, moves, channels_last)
    arguments = (features, offset, weight, *geometry)
    expected = outcome(mmcv_reference.deform_conv2d, *arguments)
    assert_alike(our_outcome('deform_conv2d', *arguments), expected, 1e-9)


GEOMETRY = ((1, 1), (1, 1), (1, 1), 2, 1)


def test_gradients_are_those_of_finite_differences() -> None:
    # Offsets away from whole numbers, where the result has corners.
    features, offset, mask, weight, bias = tensors(0, 1, (2, 2), GEOMETRY, 'any')
    offset = (offset.detach().round() + 0.3).requires_grad_()
    with mmcv_reference.ours():
        assert torch.autograd.gradcheck(
            mmcv.ops.modulated_deform_conv2d, (features, offset, mask, weight, bias, *GEOMETRY)
        )
        assert torch.autograd.gradcheck(
            mmcv.ops.deform_conv2d, (features, offset, weight, *GEOMETRY)
        )


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_low_precision_under_autocast(dtype: torch.dtype) -> None:
    """As in a network: autocast has made the offsets of low precision, not the weights."""
    exact = [
        tensor.detach().to(dtype).float().requires_grad_()
        for tensor in tensors(0, 2, (3, 3), GEOMETRY, 'any')
    ]
    features, offset, mask, weight, bias = exact
    low = offset.detach().to(dtype).requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = our_outcome('modulated_deform_conv2d', features, low, mask, weight, bias, *GEOMETRY)
    assert found[0].dtype == dtype
    expected = our_outcome('modulated_deform_conv2d', *exact, *GEOMETRY)
    # Gradients hold the weights of the sum, which are of the result's dtype.
    torch.testing.assert_close(found[0].float(), expected[0], rtol=0.02, atol=0.02)
    for one, other in zip(found[1:], expected[1:], strict=True):
        error = (one.float() - other).norm() / other.norm()
        assert error < 0.02


@pytest.mark.parametrize('layer', ['DCN', 'DCNv2'])
def test_layers_of_mmcv_learn(layer: str) -> None:
    from mmcv.cnn import build_conv_layer

    module = build_conv_layer(dict(type=layer), 4, 6, 3, padding=1, deform_groups=2)
    with mmcv_reference.ours():
        module(floats(0, 2, 4, 6, 7)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
