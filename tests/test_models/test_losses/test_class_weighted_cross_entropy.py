"""Class-weighted cross-entropy against PyTorch's own."""

import torch
from torch.nn.functional import cross_entropy

from seginpaint_mm.models.losses import ClassWeightedCrossEntropyLoss

WEIGHTS = [1.0, 5.8, 0.8]


def scores_and_labels() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    labels = torch.randint(0, 3, (2, 5, 7))
    labels[:, :2] = 255
    return torch.randn(2, 3, 5, 7, requires_grad=True), labels


def test_agrees_with_pytorch_on_maps_with_ignored_pixels() -> None:
    scores, labels = scores_and_labels()
    expected = cross_entropy(scores, labels, torch.tensor(WEIGHTS), ignore_index=255)
    loss = ClassWeightedCrossEntropyLoss(WEIGHTS)(scores, labels, ignore_index=255)
    torch.testing.assert_close(loss, expected)


def test_pixel_weights_and_loss_weight_scale_it() -> None:
    scores, labels = scores_and_labels()
    plain = ClassWeightedCrossEntropyLoss(WEIGHTS)(scores, labels)
    scaled = ClassWeightedCrossEntropyLoss(WEIGHTS, loss_weight=0.5)(
        scores, labels, weight=torch.full(labels.shape, 3.0)
    )
    torch.testing.assert_close(scaled, 1.5 * plain)


def test_nothing_to_learn_is_zero_loss_and_zero_gradient() -> None:
    scores, labels = scores_and_labels()
    loss = ClassWeightedCrossEntropyLoss(WEIGHTS)(scores, torch.full_like(labels, 255))
    loss.backward()
    assert loss == 0
    assert torch.equal(scores.grad, torch.zeros_like(scores))
