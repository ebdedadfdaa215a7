"""Reliability against NumPy's sorting, and its polarity."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.models.sgenet import SCEM
from seginpaint_mm.models.sgenet.guidance import outside_hole


def probabilities(seed: int, size: tuple[int, int] = (5, 7)) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (3 * torch.randn(2, 4, *size, generator=generator)).softmax(dim=1)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.floats(0, 0.99))
def test_quantile(seed: int, share: float) -> None:
    """The least sure places of each image, so many of them, are unreliable."""
    found = SCEM(tau=('quantile', share))(probabilities(seed))
    for reliability, of_picture in zip(found, probabilities(seed), strict=True):
        surest = of_picture.numpy().max(axis=0).ravel()
        least_sure = np.argsort(surest)[: round(share * surest.size)]
        expected = np.ones(surest.size)
        expected[least_sure] = 0
        assert np.array_equal(reliability.numpy().ravel(), expected)


@pytest.mark.parametrize('sure', [0, 0.9, 1], ids='all alike {}'.format)
@pytest.mark.parametrize('share', [0, 0.25, 0.6])
def test_equally_sure_places_do_not_change_the_share(sure: float, share: float) -> None:
    """With saturated probabilities all places of an image may be equally sure."""
    logits = torch.zeros(2, 4, 10, 20)
    logits[:, 0] = 20 * (torch.rand(2, 10, 20) < sure)
    found = SCEM(tau=('quantile', share))(logits.softmax(dim=1))
    assert found.flatten(1).mean(dim=1).tolist() == pytest.approx([1 - share] * 2)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_low_precision_does_not_change_the_share(dtype: torch.dtype) -> None:
    logits = torch.randn(1, 4, 20, 20) * 3
    logits[:, 0] += 9
    found = SCEM(tau=('quantile', 0.25))(logits.softmax(dim=1).to(dtype))
    assert found.dtype == torch.float32
    assert found.mean() == 0.75


def test_it_can_be_traced() -> None:
    """As the exporter to ONNX does, to which sizes are tensors."""
    module, given_ = SCEM(tau=('quantile', 0.3)), probabilities(1)
    traced = torch.jit.trace(module, given_)
    assert torch.equal(traced(given_), module(given_))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1000), st.floats(0, 0.99))
def test_ratio(seed: int, ratio: float) -> None:
    found = SCEM(tau=('ratio', ratio))(probabilities(seed))
    surest = probabilities(seed).numpy().max(axis=1, keepdims=True)
    expected = surest > np.float32(ratio) * surest.max(axis=(1, 2, 3), keepdims=True)
    assert np.array_equal(found.numpy(), expected.astype(np.float32))


def test_polarity() -> None:
    """1 where one class is likely, 0 where all are equally so."""
    sure, unsure = torch.tensor([0.98, 0.01, 0.01]), torch.full((3,), 1 / 3)
    of_classes = torch.stack([sure, unsure], dim=1)[None, :, None]
    for tau in (('quantile', 0.5), ('ratio', 0.5)):
        assert SCEM(tau=tau)(of_classes).flatten().tolist() == [1, 0]


def test_only_a_ratio_calls_fewer_places_unreliable_as_all_become_surer() -> None:
    unsure = probabilities(0, (16, 16))
    sure = unsure.square() / unsure.square().sum(dim=1, keepdim=True)
    quantile, ratio = SCEM(tau=('quantile', 0.25)), SCEM(tau=('ratio', 0.7))
    assert quantile(sure).mean() == quantile(unsure).mean() == 0.75
    assert ratio(sure).mean() > ratio(unsure).mean() + 0.05


def test_no_gradient() -> None:
    of_classes = probabilities(0).requires_grad_()
    assert not SCEM()(of_classes).requires_grad


def test_the_coarsest_reliability_is_the_input_mask() -> None:
    """A place is reliable when no pixel of it is in the hole."""
    hole = torch.zeros(1, 1, 8, 12)
    hole[0, 0, 5, 4:9] = 1
    expected = torch.ones(2, 3)
    expected[1, 1:] = 0
    assert torch.equal(outside_hole(hole, 4)[0, 0], expected)


@pytest.mark.parametrize('tau', [('share', 0.5), ('ratio', 1.0), ('quantile', -0.1), ('ratio',)])
def test_wrong_tau(tau: tuple) -> None:
    with pytest.raises(ValueError, match=r'SCEM\.tau must be one of'):
        SCEM(tau=tau)
