"""Multi-scale deformable attention against the loop over queries and points."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction

from tests.helpers import mmcv_reference
from tests.helpers.mmcv_operator_cases import floats
from tests.helpers.mmcv_reference import assert_alike, outcome


def inputs(seed: int, batch: int, levels: list[tuple[int, int]], grid: bool) -> list[torch.Tensor]:
    """Return value, shapes, starts, locations and weights; ``grid`` puts points on whole pixels."""
    shapes = torch.tensor(levels)
    sizes = shapes.prod(dim=1)
    starts = torch.cat((sizes.new_zeros(1), sizes.cumsum(0)[:-1]))
    queries, heads, points = 2, 2, 3
    locations = floats(seed, batch, queries, heads, len(levels), points, 2, low=-0.4, high=1.4)
    locations = locations.double()
    if grid:
        pixels = shapes.flip(1)[:, None]
        locations = ((locations * pixels).round() - 0.5) / pixels
    return [
        floats(seed + 1, batch, int(sizes.sum()), heads, 3).double().requires_grad_(),
        shapes,
        starts,
        locations.requires_grad_(),
        floats(seed + 2, *locations.shape[:-1]).double().requires_grad_(),
    ]


def attend(*args: object) -> torch.Tensor:
    return MultiScaleDeformableAttnFunction.apply(*args, 64)


SIDES = st.sampled_from([1, 2, 4])


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 1000),
    st.integers(1, 2),
    st.lists(
        st.tuples(st.sampled_from([1, 2, 4]), st.sampled_from([1, 2, 4])), min_size=1, max_size=3
    ),
    st.booleans(),
)
def test_is_the_loop(seed, batch, levels, grid) -> None:
    arguments = inputs(seed, batch, levels, grid)
    expected = outcome(mmcv_reference.ms_deform_attn, *arguments)
    with mmcv_reference.ours():
        found = outcome(attend, *arguments)
    if grid:
        # On whole pixels the slope differs by side, and rounding decides about the side.
        del found[2], expected[2]
    assert_alike(found, expected, 1e-9)


def test_one_pixel_outside_has_no_gradient() -> None:
    """As in mmcv; grid_sample has the slope towards the image there."""
    value = torch.ones(1, 4, 1, 1, requires_grad=True)
    locations = torch.tensor([-0.25, 0.25]).view(1, 1, 1, 1, 1, 2).requires_grad_()
    weights = torch.ones(1, 1, 1, 1, 1, requires_grad=True)
    arguments = (value, torch.tensor([[2, 2]]), torch.tensor([0]), locations, weights)
    with mmcv_reference.ours():
        for tensor in outcome(attend, *arguments):
            assert not tensor.any()


def test_gradients_are_those_of_finite_differences() -> None:
    value, shapes, starts, locations, weights = inputs(0, 1, [(3, 4), (2, 2)], grid=False)
    with mmcv_reference.ours():
        assert torch.autograd.gradcheck(attend, (value, shapes, starts, locations, weights))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_low_precision_under_autocast(dtype: torch.dtype) -> None:
    value, shapes, starts, locations, weights = inputs(0, 2, [(4, 4), (2, 2)], grid=False)
    low = value.detach().to(dtype).requires_grad_()
    rounded = [t.detach().to(dtype) for t in (locations, weights)]
    with mmcv_reference.ours():
        with torch.autocast('cpu', dtype=torch.bfloat16):
            found = outcome(attend, low, shapes, starts, *rounded)
        exact = low.detach().double().requires_grad_()
        expected = outcome(attend, exact, shapes, starts, *(t.double() for t in rounded))
    assert found[0].dtype == dtype
    assert_alike([tensor.double() for tensor in found], expected, 0.03)
