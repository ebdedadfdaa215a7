"""Focal losses against their definitions."""

import mmcv.ops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers import mmcv_reference
from tests.helpers.mmcv_operator_cases import floats
from tests.helpers.mmcv_reference import assert_alike, our_outcome, outcome

NAMES = ['sigmoid_focal_loss', 'softmax_focal_loss']


def inputs(name: str, seed: int, rows: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits float64 (N, C) and targets, background or ignored ones among them."""
    logits = (floats(seed, rows, classes) * 6).double().requires_grad_()
    target = (floats(seed + 1, rows, low=0, high=1) * (classes + 1)).long()
    return logits, target if name == 'sigmoid_focal_loss' else target - 1


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(NAMES),
    st.integers(0, 1000),
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from([0.0, 1.0, 2.0, 2.5]),
    st.sampled_from([0.25, 0.5]),
    st.booleans(),
    st.sampled_from(['none', 'mean', 'sum']),
)
def test_is_the_definition(name, seed, rows, classes, gamma, alpha, weighted, reduction) -> None:
    logits, target = inputs(name, seed, rows, classes)
    weight = floats(seed, classes, low=0.5, high=2).double() if weighted else None
    if name == 'softmax_focal_loss' and reduction == 'none':
        reduction = 'sum'  # mmcv's own backward pass multiplies (N, C) by (N,)
    arguments = (logits, target, gamma, alpha, weight, reduction)
    expected = outcome(getattr(mmcv_reference, name), *arguments)
    assert_alike(our_outcome(name, *arguments), expected, 1e-9)


@pytest.mark.parametrize('name', NAMES)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    logits, target = inputs(name, 0, 4, 3)
    with mmcv_reference.ours():
        assert torch.autograd.gradcheck(
            lambda x: getattr(mmcv.ops, name)(x, target, 2.0, 0.25, None, 'mean'), logits
        )


@pytest.mark.parametrize('name', NAMES)
def test_certain_predictions_stay_finite(name: str) -> None:
    logits = torch.tensor([[200.0, -200], [-200, 200]], requires_grad=True)
    for tensor in our_outcome(name, logits, torch.tensor([0, 0]), 2.0, 0.25, None, 'mean'):
        assert tensor.isfinite().all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_low_precision_under_autocast(dtype: torch.dtype) -> None:
    logits, target = inputs('sigmoid_focal_loss', 0, 6, 3)
    low = logits.detach().to(dtype).requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = our_outcome('sigmoid_focal_loss', low, target, 2.0, 0.25, None, 'none')
    exact = low.detach().double().requires_grad_()
    expected = our_outcome('sigmoid_focal_loss', exact, target, 2.0, 0.25, None, 'none')
    assert_alike([tensor.double() for tensor in found], expected, 0.02)


@pytest.mark.parametrize('name', NAMES)
def test_no_rows_have_no_loss(name: str) -> None:
    logits, target = inputs(name, 0, 4, 3)
    (loss,) = our_outcome(name, logits[:0].detach(), target[:0], 2.0, 0.25, None, 'none')
    assert not loss.numel()
