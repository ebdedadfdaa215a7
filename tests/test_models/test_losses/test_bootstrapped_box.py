"""The loss against its definition in plain Python, and which pixels it learns from."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from seginpaint_mm.models.losses import BootstrappedBoxLoss


def pixels(num: int, num_images: int = 2, seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return dict(
        deltas=torch.randn(num, 4, generator=generator, requires_grad=True),
        target_deltas=2 * torch.randn(num, 4, generator=generator),
        ious=torch.rand(num, generator=generator),
        images=torch.randint(0, num_images, (num,), generator=generator),
        weight=0.5 + torch.rand(num, generator=generator),
    )


def by_definition(
    deltas: Tensor,
    target_deltas: Tensor,
    ious: Tensor,
    images: Tensor,
    weight: Tensor,
    *,
    num_pixels: float | None,
    stride: int,
    per: str,
    max_iou: float | None,
    beta: float,
) -> tuple[float, set[int]]:
    """The loss and the pixels kept."""
    numbers = range(len(ious))
    if per == 'image':
        groups = [[p for p in numbers if images[p] == image] for image in set(images.tolist())]
    else:
        groups = [list(numbers)]
    kept = set()
    for group in groups:
        most = len(group)
        if num_pixels is not None:
            most = num_pixels * stride**2 if num_pixels >= 1 else math.ceil(num_pixels * most)
        ranked = sorted(group, key=lambda p: float(ious[p]))[:most]
        kept |= {p for p in ranked if max_iou is None or ious[p] <= max_iou}
    total = 0.0
    for p in kept:
        for error in (deltas[p] - target_deltas[p]).abs().tolist():
            huber = 0.5 * error**2 / beta if error < beta else error - 0.5 * beta
            total += float(weight[p]) * huber
    return total / max(len(kept), 1), kept


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 30),
    st.integers(0, 1000),
    st.none() | st.integers(1, 20) | st.sampled_from([0.01, 0.46, 0.99]),
    st.sampled_from([1, 2]),
    st.sampled_from(['image', 'batch']),
    st.none() | st.floats(0, 1, width=32),
    st.floats(0.1, 3),
)
def test_equal_to_the_definition(num, seed, num_pixels, stride, per, max_iou, beta) -> None:
    batch = pixels(num, num_images=3, seed=seed)
    options = dict(num_pixels=num_pixels, stride=stride, per=per, max_iou=max_iou, beta=beta)
    loss = BootstrappedBoxLoss(**options)(**batch)
    expected, kept = by_definition(**batch, **options)
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    loss.backward()
    learnt = batch['deltas'].grad.abs().sum(-1).nonzero().flatten().tolist()
    assert set(learnt) == kept


def test_without_bootstrapping_it_is_the_mean_over_all_pixels() -> None:
    batch = pixels(50)
    batch.update(weight=None)
    expected = torch.nn.functional.smooth_l1_loss(batch['deltas'], batch['target_deltas'])
    loss = BootstrappedBoxLoss(num_pixels=None, loss_weight=3.0)(**batch)
    assert loss.item() == pytest.approx(3 * 4 * expected.item(), rel=1e-5)


def test_each_image_keeps_its_own_hardest() -> None:
    batch = pixels(6)
    batch.update(
        images=torch.tensor([0, 0, 0, 1, 1, 1]), ious=torch.tensor([0.1, 0.2, 0.3, 0.9, 0.7, 0.8])
    )
    BootstrappedBoxLoss(num_pixels=1, per='image')(**batch).backward()
    assert batch['deltas'].grad.any(-1).tolist() == [True, False, False, False, True, False]


def test_no_gradient_passes_through_the_iou() -> None:
    batch = pixels(8)
    batch['ious'].requires_grad_()
    BootstrappedBoxLoss(num_pixels=3)(**batch).backward()
    assert batch['ious'].grad is None


@pytest.mark.parametrize('per', ['image', 'batch'])
@pytest.mark.parametrize('num_pixels', [None, 512])
def test_without_instances_it_is_zero_and_still_has_a_gradient(per: str, num_pixels) -> None:
    maps = torch.randn(1, 4, 2, 2, requires_grad=True)
    nothing = pixels(0)
    nothing.update(deltas=maps.permute(0, 2, 3, 1)[torch.zeros(1, 2, 2, dtype=torch.bool)])
    loss = BootstrappedBoxLoss(num_pixels=num_pixels, per=per)(**nothing)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(maps.grad, torch.zeros_like(maps))


def test_half_precision_is_summed_in_single() -> None:
    batch = pixels(4000)
    exact = BootstrappedBoxLoss(num_pixels=None)(**batch)
    batch.update(deltas=(batch['deltas'].detach() * 100).half())
    batch.update(target_deltas=-batch['target_deltas'] * 100)
    loss = BootstrappedBoxLoss(num_pixels=None)(**batch)
    assert loss.dtype == exact.dtype == torch.float32
    assert torch.isfinite(loss)


@pytest.mark.parametrize(
    ('wrong', 'sentence'),
    [
        (dict(num_pixels=0), 'num_pixels must be a whole number of at least 1, .*, not 0'),
        (dict(num_pixels=1.5), 'a share between 0 and 1, or None to keep all, not 1.5'),
        (dict(stride=0), 'stride must be at least 1, not 0'),
        (dict(per='pixel'), "per must be one of .*, not 'pixel'"),
    ],
)
def test_wrong_arguments(wrong: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        BootstrappedBoxLoss(**wrong)
