"""The region-weighted loss against the equations, written as loops over pixels."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seginpaint_mm.models.losses import RegionWeightedBCELoss
from seginpaint_mm.registry import MODELS


def by_equations(logits: Tensor, visible: Tensor, full: Tensor) -> float:
    """Eq. (2) and (3) of each object, and the mean over objects."""
    total = 0.0
    for o, sv, g in zip(logits.double().sigmoid(), visible, full, strict=True):
        regions: dict[float, list[float]] = {1.0: [], 5.0: [], 3.0: []}
        for i in range(o.shape[0]):
            for j in range(o.shape[1]):
                weight = 1.0 if not g[i, j] else 5.0 if sv[i, j] else 3.0
                probability = o[i, j].item() if g[i, j] else 1 - o[i, j].item()
                regions[weight].append(-math.log(probability))
        total += sum(w * sum(values) / len(values) for w, values in regions.items() if values)
    return total / len(logits)


def random_masks(seed: int, share: float, n: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(n, 5, 4, generator=generator)
    full, visible = (torch.rand(n, 5, 4, generator=generator) < share for _ in range(2))
    return logits, visible & full, full


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_mean_equals_the_equations(seed: int, share: float) -> None:
    logits, visible, full = random_masks(seed, share)
    loss = RegionWeightedBCELoss()(logits, visible, full)
    assert loss.item() == pytest.approx(by_equations(logits, visible, full), rel=1e-5)


def test_pixel_mean_with_equal_weights_is_plain_cross_entropy() -> None:
    logits, visible, full = random_masks(0, 0.5)
    loss = RegionWeightedBCELoss(visible_weight=1.0, hidden_weight=1.0, reduction='pixel_mean')
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logits, full.float())
    torch.testing.assert_close(loss(logits, visible, full), plain)


@pytest.mark.parametrize('reduction', ['mean', 'pixel_mean', 'sum'])
def test_unknown_pixels_lose_and_teach_nothing(reduction: str) -> None:
    logits, visible, full = random_masks(0, 0.5)
    logits.requires_grad_()
    unknown = torch.rand(logits.shape) < 0.3
    loss = RegionWeightedBCELoss(reduction=reduction)
    loss(logits, visible, full, unknown).backward()
    assert not logits.grad[unknown].any()
    assert logits.grad[~unknown].all()
    nothing = torch.zeros_like(unknown)
    torch.testing.assert_close(loss(logits, visible, full, nothing), loss(logits, visible, full))


def test_by_hand() -> None:
    """Logit 0 everywhere: each pixel loses log 2, each region that is there its weight of it."""
    logits = torch.zeros(1, 4, 4, requires_grad=True)
    visible, full = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    full[0, :2], visible[0, 0] = True, True
    assert RegionWeightedBCELoss()(logits, visible, full).item() == pytest.approx(9 * math.log(2))
    nothing_hidden = RegionWeightedBCELoss()(logits, full, full)
    assert nothing_hidden.item() == pytest.approx(6 * math.log(2))
    published = RegionWeightedBCELoss(
        background_weight=1 / 37000,
        visible_weight=5 / 27000,
        hidden_weight=3 / 12000,
        reduction='sum',
    )(logits.expand(2, 4, 4), visible.expand(2, 4, 4), full.expand(2, 4, 4))
    pixels = 2 * (8 / 37000 + 4 * 5 / 27000 + 4 * 3 / 12000)
    assert published.item() == pytest.approx(pixels * math.log(2))
    published.backward()
    assert logits.grad.isfinite().all()


def test_huge_logits_stay_finite() -> None:
    _, visible, full = random_masks(0, 0.5)
    logits = torch.full(full.shape, -1e4, dtype=torch.bfloat16)
    loss = RegionWeightedBCELoss()(logits, visible, full)
    assert loss.dtype == torch.float32
    assert loss.isfinite()


def test_built_by_name_and_wrong_word() -> None:
    assert MODELS.build(dict(type='RegionWeightedBCELoss', hidden_weight=2.0)).weights[2] == 2.0
    with pytest.raises(ValueError, match="must be one of .*, not 'average'"):
        RegionWeightedBCELoss(reduction='average')
