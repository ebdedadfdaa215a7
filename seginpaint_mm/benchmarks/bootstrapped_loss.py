"""Bootstrapped cross-entropy against plain cross-entropy and mmseg's hard example mining."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import torch
from mmseg.models.losses import CrossEntropyLoss
from mmseg.structures import OHEMPixelSampler
from torch import Tensor
from torch.nn.functional import cross_entropy

from seginpaint_mm.benchmarks.measure import Table, median_seconds
from seginpaint_mm.models.losses import BootstrappedCrossEntropyLoss

SHAPE = (2, 21, 512, 512)  # N,K,H,W
WANTED = 1.15  # times plain cross-entropy, at most
NUM_PIXELS = 512
IGNORE_INDEX = 255
LOGIT_OF_TRUTH = 4.0  # above the others', which are normally distributed: most pixels are easy
SHARE_IGNORED = 0.05
PLAIN = 'plain, torch'
Loss = Callable[[Tensor, Tensor], Tensor]


def bootstrap_table(repeats: int, device: torch.device) -> Table:
    """Time forward and backward of each loss on the same logits.

    Args:
        repeats: Rounds.
        device: Where it runs.
    """
    scores, labels = _batch(device)
    actions = {name: _action(loss, scores, labels) for name, loss in _losses().items()}
    seconds = median_seconds(actions, repeats, device)
    table = Table(
        f'Loss on {SHAPE}, forward + backward',
        ('', 'ms', 'times plain', 'wanted'),
        f'{NUM_PIXELS} pixels an image unless said otherwise, of logits of which '
        f'{100 * _share_right(scores, labels):.0f} % are right; {100 * SHARE_IGNORED:.0f} % of the '
        f'labels are ignored.',
    )
    for name, value in seconds.items():
        ratio = value / seconds[PLAIN]
        wanted = WANTED if name.startswith('ours') else None
        table.rows.append({'': name, 'ms': value * 1e3, 'times plain': ratio, 'wanted': wanted})
    return table


def _losses() -> dict[str, Loss]:
    return {
        PLAIN: partial(cross_entropy, ignore_index=IGNORE_INDEX),
        'plain, mmseg': partial(CrossEntropyLoss(avg_non_ignore=True), ignore_index=IGNORE_INDEX),
        'ours': BootstrappedCrossEntropyLoss(NUM_PIXELS),
        'ours, per batch': BootstrappedCrossEntropyLoss(NUM_PIXELS, per='batch'),
        'ours, times 8 squared': BootstrappedCrossEntropyLoss(NUM_PIXELS, stride=8),
        'ours, fixed threshold 0.7': BootstrappedCrossEntropyLoss(NUM_PIXELS, threshold=0.7),
        "mmseg's OHEM sampler": _ohem(None),
        "mmseg's OHEM sampler, threshold 0.7": _ohem(0.7),
    }


def _ohem(threshold: float | None) -> Loss:
    """mmseg's sampler in front of its cross-entropy, as its heads call them."""
    plain = CrossEntropyLoss(avg_non_ignore=True)
    head = SimpleNamespace(ignore_index=IGNORE_INDEX, loss_decode=plain)
    sampler = OHEMPixelSampler(head, thresh=threshold, min_kept=NUM_PIXELS)

    def loss(scores: Tensor, labels: Tensor) -> Tensor:
        weight = sampler.sample(scores, labels[:, None])
        return plain(scores, labels, weight=weight, ignore_index=IGNORE_INDEX)

    return loss


def _batch(device: torch.device) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(SHAPE, generator=generator)
    area = (SHAPE[0], *SHAPE[2:])
    labels = torch.randint(0, SHAPE[1], area, generator=generator)
    scores.scatter_add_(1, labels[:, None], torch.full((area[0], 1, *area[1:]), LOGIT_OF_TRUTH))
    labels[torch.rand(area, generator=generator) < SHARE_IGNORED] = IGNORE_INDEX
    return scores.to(device).requires_grad_(), labels.to(device)


def _share_right(scores: Tensor, labels: Tensor) -> float:
    labelled = labels != IGNORE_INDEX
    return (scores.argmax(1) == labels)[labelled].float().mean().item()


def _action(loss: Loss, scores: Tensor, labels: Tensor) -> Callable[[], None]:
    def run() -> None:
        torch.autograd.grad(loss(scores, labels), scores)

    return run
