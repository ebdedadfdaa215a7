"""RoIAlign and RoIPool against loops over RoIs, bins and samples."""

import mmcv.ops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.interop.mmcv_kernels import pooling
from tests.helpers import mmcv_reference
from tests.helpers.mmcv_operator_cases import floats
from tests.helpers.mmcv_reference import assert_alike, our_outcome, outcome

SIZES = st.tuples(st.integers(1, 3), st.integers(1, 3))
FEATURES = st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6))


def rois_of(seed: int, number: int, images: int, extent: float = 40) -> torch.Tensor:
    """Return RoIs (R, 5), in part outside of an image of 24 pixels."""
    rois = floats(seed, number, 5, low=0, high=extent)
    rois[:, 1:3] -= 8
    rois[:, 3:] = rois[:, 1:3] + rois[:, 3:] / 2
    rois[:, 0] = torch.arange(number) % images
    return rois


@settings(max_examples=60, deadline=None)
@given(
    FEATURES,
    st.integers(0, 4),
    st.integers(0, 1000),
    SIZES,
    st.sampled_from([0, 1, 2]),
    st.sampled_from(['avg', 'max']),
    st.booleans(),
    st.booleans(),
)
def test_roi_align_is_the_loop(
    shape, number, seed, size, ratio, pool_mode, aligned, channels_last
) -> None:
    features = floats(seed, *shape).double()
    if channels_last:
        features = features.contiguous(memory_format=torch.channels_last)
    features.requires_grad_()
    arguments = (features, rois_of(seed, number, shape[0]).double(), size, 0.25, ratio, pool_mode)
    expected = outcome(mmcv_reference.roi_align, *arguments, aligned)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, 'SAMPLES_AT_ONCE', 64)
        found = our_outcome('roi_align', *arguments, aligned)
    assert_alike(found, expected, 1e-9)


@settings(max_examples=60, deadline=None)
@given(FEATURES, st.integers(0, 4), st.integers(0, 1000), SIZES, st.booleans())
def test_roi_pool_is_the_loop(shape, number, seed, size, channels_last) -> None:
    features = (floats(seed, *shape) * 4).round().double()  # with equal values
    if channels_last:
        features = features.contiguous(memory_format=torch.channels_last)
    features.requires_grad_()
    rois = rois_of(seed, number, shape[0]).double()
    rois[::3, 3] = rois[::3, 1] - 2  # no width
    arguments = (features, rois, size, 0.25)
    expected = outcome(mmcv_reference.roi_pool, *arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, 'SAMPLES_AT_ONCE', 64)
        found = our_outcome('roi_pool', *arguments)
    torch.testing.assert_close(found[0], expected[0])
    if len(found) > 1:  # among equal values autograd may choose another
        torch.testing.assert_close(found[1].sum(), expected[1].sum())


def test_roi_pool_takes_the_first_of_equal_values() -> None:
    features = torch.zeros(1, 1, 4, 4, requires_grad=True)
    rois = torch.tensor([[0.0, 0, 0, 3, 3]])
    _, gradient = our_outcome('roi_pool', features, rois, (2, 2), 1.0)
    assert gradient[0, 0].nonzero().tolist() == [[0, 0], [0, 2], [2, 0], [2, 2]]


@pytest.mark.parametrize('name', ['roi_align', 'roi_pool'])
@pytest.mark.parametrize('pool_mode', ['avg', 'max'])
def test_gradients_are_those_of_finite_differences(name: str, pool_mode: str) -> None:
    features = torch.linspace(0, 7, 2 * 2 * 5 * 6).sin().view(2, 2, 5, 6).double()
    rois = rois_of(0, 3, 2).double()
    more = (0.25, 2, pool_mode, True) if name == 'roi_align' else (0.25,)
    with mmcv_reference.ours():
        assert torch.autograd.gradcheck(
            lambda x: getattr(mmcv.ops, name)(x, rois, (2, 3), *more), features.requires_grad_()
        )


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    'settings_of', [('roi_align', 0, 'avg'), ('roi_align', 0, 'max'), ('roi_pool',)]
)
def test_low_precision_under_autocast(dtype: torch.dtype, settings_of: tuple) -> None:
    name, *more = settings_of
    features = floats(0, 2, 3, 6, 6).to(dtype).requires_grad_()
    exact = features.detach().float().requires_grad_()
    rois = rois_of(1, 5, 2)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = our_outcome(name, features, rois, (2, 2), 0.25, *more)
    assert {tensor.dtype for tensor in found} == {dtype}
    expected = our_outcome(name, exact, rois, (2, 2), 0.25, *more)
    assert_alike([tensor.float() for tensor in found], expected, 0.02)


def test_deterministic_gradient_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the GPU torchvision's gradient refuses where PyTorch must be deterministic."""
    features = floats(0, 2, 3, 6, 6).double().requires_grad_()
    arguments = (features, rois_of(1, 6, 2).double(), (2, 3), 0.25, 0, 'avg', True)
    expected = our_outcome('roi_align', *arguments)
    monkeypatch.setattr(pooling, '_must_be_deterministic', lambda tensor: True)
    monkeypatch.setattr(pooling, 'SAMPLES_AT_ONCE', 64)
    assert_alike(our_outcome('roi_align', *arguments), expected, 1e-9)


def test_maximum_of_nothing_is_what_mmcv_has() -> None:
    features = torch.ones(1, 2, 4, 4, requires_grad=True)
    rois = torch.tensor([[0.0, 1, 1, 1, 1]])  # without area, so without samples
    value, gradient = our_outcome('roi_align', features, rois, (1, 1), 1.0, 0, 'max', True)
    assert value.flatten().tolist() == [-10000, -10000]
    assert not gradient.any()
