"""Bootstrapped cross-entropy against a direct reading of the paper's eq. (1)."""

import logging
import math
import re
from importlib import import_module
from unittest import mock

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from seginpaint_mm.models.losses import BootstrappedCrossEntropyLoss

MODULE = import_module('seginpaint_mm.models.losses.cross_entropy')
IGNORE = 255


def equation_1(probabilities: list[list[float]], labels: list[int], t: float) -> tuple[float, int]:
    """The negative sum and the number of terms of eq. (1), term by term."""
    total, number = 0.0, 0
    for p_i, y_i in zip(probabilities, labels, strict=True):
        for j, p_ij in enumerate(p_i):
            if y_i == j and p_ij < t:
                total -= math.log(p_ij)
                number += 1
    return total, number


def pixels_of(scores: Tensor, labels: Tensor) -> list[tuple[list[list[float]], list[int]]]:
    """Probabilities and labels of each image, pixel by pixel."""
    return [
        (s.double().softmax(0).flatten(1).t().tolist(), y.flatten().tolist())
        for s, y in zip(scores.detach(), labels, strict=True)
    ]


def true_probabilities(probabilities: list[list[float]], labels: list[int]) -> list[float]:
    """p of the true class at each labelled pixel, hardest first."""
    return sorted(p[y] for p, y in zip(probabilities, labels, strict=True) if y != IGNORE)


def threshold_that_keeps(number: int, hardest_first: list[float]) -> float:
    """The t between the last p that is kept and the first that is dropped."""
    if number >= len(hardest_first):
        return math.inf
    if number == 0:
        return -math.inf
    return (hardest_first[number - 1] + hardest_first[number]) / 2


def mean_of(parts: list[tuple[float, int]]) -> float:
    """The mean over all kept pixels of the batch; 0 where none is."""
    total, number = (sum(column) for column in zip(*parts, strict=True))
    return total / max(number, 1)


@st.composite
def batches(draw: st.DrawFn) -> tuple[Tensor, Tensor, int]:
    """Scores N,C,H,W, labels N,H,W of which any part is ignored, and how many pixels to keep."""
    images, classes = draw(st.integers(1, 3)), draw(st.integers(2, 5))
    height, width = draw(st.integers(1, 6)), draw(st.integers(2, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**20)))
    scores = torch.randn(images, classes, height, width, generator=generator) * 2
    labels = torch.randint(0, classes, (images, height, width), generator=generator)
    share = draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))
    labels[torch.rand(labels.shape, generator=generator) < share] = IGNORE
    if draw(st.booleans()):
        labels[0] = IGNORE
    return scores.requires_grad_(), labels, draw(st.integers(1, height * width - 1))


@given(batch=batches())
def test_hardest_pixels_of_each_image(batch: tuple[Tensor, Tensor, int]) -> None:
    scores, labels, number = batch
    parts = []
    for image in pixels_of(scores, labels):
        t = threshold_that_keeps(number, true_probabilities(*image))
        parts.append(equation_1(*image, t))
    loss = BootstrappedCrossEntropyLoss(num_pixels=number)(scores, labels)
    assert loss.item() == pytest.approx(mean_of(parts), rel=1e-4, abs=1e-6)


@given(batch=batches())
def test_hardest_pixels_of_the_batch(batch: tuple[Tensor, Tensor, int]) -> None:
    scores, labels, number = batch
    images = pixels_of(scores, labels)
    hardest_first = sorted(p for image in images for p in true_probabilities(*image))
    t = threshold_that_keeps(number, hardest_first)
    expected = mean_of([equation_1(*image, t) for image in images])
    loss = BootstrappedCrossEntropyLoss(num_pixels=number, per='batch')(scores, labels)
    assert loss.item() == pytest.approx(expected, rel=1e-4, abs=1e-6)


@given(batch=batches(), t=st.floats(0.05, 0.99), min_kept=st.integers(0, 20))
def test_fixed_threshold_is_only_raised(
    batch: tuple[Tensor, Tensor, int], t: float, min_kept: int
) -> None:
    scores, labels, _ = batch
    min_kept = min(min_kept, labels[0].numel() - 1)
    parts = []
    for image in pixels_of(scores, labels):
        enough = threshold_that_keeps(min_kept, true_probabilities(*image))
        parts.append(equation_1(*image, max(t, enough)))
    loss = BootstrappedCrossEntropyLoss(threshold=t, min_kept=min_kept)(scores, labels)
    assert loss.item() == pytest.approx(mean_of(parts), rel=1e-4, abs=1e-6)


@given(batch=batches(), options=st.sampled_from([{}, {'threshold': 0.4}, {'per': 'batch'}]))
def test_gradient_is_that_of_the_kept_pixels_only(
    batch: tuple[Tensor, Tensor, int], options: dict
) -> None:
    """Where the map of losses is 0 nothing is learnt; elsewhere it is (p - 1{y = j}) / number."""
    scores, labels, number = batch
    loss = BootstrappedCrossEntropyLoss(num_pixels=number, **options)
    kept = loss(scores, labels, reduction_override='none').detach() > 0
    loss(scores, labels).backward()
    truth = torch.nn.functional.one_hot(labels.where(kept, 0), scores.shape[1]).movedim(-1, 1)
    expected = (scores.detach().softmax(1) - truth) * kept[:, None] / kept.sum().clamp(min=1)
    torch.testing.assert_close(scores.grad, expected)
    assert torch.equal(scores.grad.abs().sum(1) > 0, kept)


def scores_and_labels(height: int = 5, width: int = 7) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    labels = torch.randint(0, 3, (2, height, width))
    labels[:, :2] = IGNORE
    return torch.randn(2, 3, height, width, requires_grad=True), labels


@pytest.mark.parametrize('options', [{}, {'threshold': 0.5}, {'per': 'batch'}])
def test_reductions_agree(options: dict) -> None:
    scores, labels = scores_and_labels()
    loss = BootstrappedCrossEntropyLoss(num_pixels=4, loss_weight=0.5, **options)
    losses = loss(scores, labels, reduction_override='none')
    assert losses.shape == labels.shape
    total = loss(scores, labels, reduction_override='sum')
    torch.testing.assert_close(losses.sum(), total)
    torch.testing.assert_close(loss(scores, labels), total / (losses > 0).sum())
    torch.testing.assert_close(loss(scores, labels, avg_factor=3.0), total / 3)


@pytest.mark.parametrize('options', [{}, {'threshold': 0.5}])
def test_pixel_weights_scale_kept_losses_and_choose_nothing(options: dict) -> None:
    scores, labels = scores_and_labels()
    loss = BootstrappedCrossEntropyLoss(num_pixels=4, **options)
    weights = torch.rand(labels.shape)
    losses = loss(scores, labels, reduction_override='none')
    expected = (losses * weights).sum() / (losses > 0).sum()
    torch.testing.assert_close(loss(scores, labels, weight=weights), expected)


@pytest.mark.parametrize('options', [{}, {'threshold': 0.5}])
def test_class_weights_as_in_pytorch(options: dict) -> None:
    scores, labels = scores_and_labels()
    class_weight = [1.0, 5.8, 0.8]
    plain = BootstrappedCrossEntropyLoss(num_pixels=4, **options)
    kept = plain(scores, labels, reduction_override='none') > 0
    expected = torch.nn.functional.cross_entropy(
        scores, labels.where(kept, IGNORE), torch.tensor(class_weight), ignore_index=IGNORE
    )
    weighted = BootstrappedCrossEntropyLoss(num_pixels=4, class_weight=class_weight, **options)
    torch.testing.assert_close(weighted(scores, labels), expected)


@pytest.mark.parametrize('options', [{}, {'threshold': 0.5}, {'class_weight': [1.0, 2.0, 3.0]}])
def test_nothing_labelled_is_zero_loss_and_zero_gradient(options: dict) -> None:
    scores, labels = scores_and_labels()
    loss = BootstrappedCrossEntropyLoss(num_pixels=4, **options)
    value = loss(scores, torch.full_like(labels, IGNORE))
    value.backward()
    assert value == 0
    assert torch.equal(scores.grad, torch.zeros_like(scores))


def test_an_image_without_labels_adds_nothing() -> None:
    scores, labels = scores_and_labels()
    loss = BootstrappedCrossEntropyLoss(num_pixels=4)
    alone = loss(scores[:1], labels[:1])
    labels[1] = IGNORE
    torch.testing.assert_close(loss(scores, labels), alone)


def test_all_labelled_pixels_where_fewer_than_asked() -> None:
    scores, labels = scores_and_labels()
    labels[:, 3:] = IGNORE
    expected = torch.nn.functional.cross_entropy(scores, labels, ignore_index=IGNORE)
    torch.testing.assert_close(
        BootstrappedCrossEntropyLoss(num_pixels=20)(scores, labels), expected
    )


def test_exactly_k_of_equally_hard_pixels() -> None:
    scores, labels = torch.zeros(1, 2, 4, 5), torch.zeros(1, 4, 5, dtype=torch.long)
    loss = BootstrappedCrossEntropyLoss(num_pixels=3)
    assert (loss(scores, labels, reduction_override='none') > 0).sum() == 3


def test_stride_keeps_the_share_of_an_enlarged_map() -> None:
    scores, labels = scores_and_labels(16, 24)
    torch.testing.assert_close(
        BootstrappedCrossEntropyLoss(num_pixels=3, stride=4)(scores, labels),
        BootstrappedCrossEntropyLoss(num_pixels=48)(scores, labels),
    )


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('options', [{}, {'threshold': 0.5}])
def test_half_precision_is_ranked_and_summed_in_float32(dtype: torch.dtype, options: dict) -> None:
    """Logits that differ little have log-probabilities that half precision rounds to the same."""
    scores, labels = scores_and_labels(8, 9)
    half = (scores.detach() * 0.01 + 20).to(dtype).requires_grad_()
    loss = BootstrappedCrossEntropyLoss(num_pixels=7, **options)
    value = loss(half, labels)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(half.detach().float(), labels))
    value.backward()
    assert half.grad.dtype == dtype
    assert torch.isfinite(half.grad).all()


def test_impossible_pixels_give_no_nan() -> None:
    """An infinite loss at a kept pixel is told as such; at a dropped one it does not matter."""
    scores, labels = torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 3, dtype=torch.long)
    scores[0, 0, :, 1:] = -math.inf
    assert BootstrappedCrossEntropyLoss(num_pixels=3)(scores, labels).item() == math.inf
    labels[0, :, 1:] = IGNORE
    loss = BootstrappedCrossEntropyLoss(num_pixels=3)(scores, labels)
    assert loss.item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ({'num_pixels': 0}, 'num_pixels and stride must be at least 1, not 0 and 1'),
        ({'stride': 0}, 'num_pixels and stride must be at least 1'),
        ({'per': 'pixel'}, "per must be one of ('image', 'batch'), not 'pixel'"),
        ({'threshold': 0.0}, r'threshold must be in (0, 1], not 0.0'),
        ({'threshold': 1.5}, r'threshold must be in (0, 1], not 1.5'),
        ({'min_kept': 9}, 'goes with a threshold'),
        ({'threshold': 0.5, 'min_kept': -1}, 'must be at least 0'),
    ],
)
def test_wrong_arguments_are_told(arguments: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        BootstrappedCrossEntropyLoss(**arguments)


@pytest.mark.parametrize(
    ('arguments', 'sentence'),
    [
        ({'num_pixels': 512}, 'keeps 512 pixels per image'),
        ({'num_pixels': 35}, 'there are only 35, the predictions being 5x7'),
        ({'num_pixels': 70, 'per': 'batch'}, 'keeps 70 pixels per batch'),
        ({'num_pixels': 1, 'stride': 8}, 'keeps 64 pixels per image'),
        ({'threshold': 0.5}, 'keeps 512 pixels per image'),
    ],
)
def test_a_map_of_fewer_pixels_keeps_all_of_them(arguments: dict, sentence: str) -> None:
    loss = BootstrappedCrossEntropyLoss(**arguments)
    scores, labels = scores_and_labels()
    with mock.patch.object(MODULE, 'print_log') as log:
        values = [loss(scores, labels) for _ in range(2)]
    expected = F.cross_entropy(scores, labels, ignore_index=IGNORE)
    torch.testing.assert_close(values, [expected, expected])
    log.assert_called_once()
    assert sentence in log.call_args.args[0]
    assert log.call_args.kwargs['level'] == logging.WARNING


def test_wrong_inputs_are_told() -> None:
    scores, labels = scores_and_labels()
    loss = BootstrappedCrossEntropyLoss(num_pixels=4)
    with pytest.raises(ValueError, match='one channel'):
        loss(scores[:, :1], labels)
    with pytest.raises(ValueError, match='reduction_override must be one of'):
        loss(scores, labels, reduction_override='average')
    with pytest.raises(ValueError, match='avg_factor'):
        loss(scores, labels, avg_factor=2.0, reduction_override='sum')
