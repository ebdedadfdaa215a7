"""Compute focal losses as ``mmcv._ext`` does."""

import torch
from torch import Tensor

from seginpaint_mm.interop.mmcv_kernels.windows import wide, without_autocast

SMALLEST = torch.finfo(torch.float32).tiny  # below which probabilities are clamped before a log


@without_autocast
def sigmoid_focal_loss_forward(
    logits: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Set ``output`` to the focal loss of each logit.

    Args:
        logits: floats (N, C).
        target: int64 (N,), classes; C is background, of which no class is positive.
        weight: floats (C,) per class of ``target``, or empty; background has weight 1.
        output: floats (N, C).
        gamma: focusing parameter.
        alpha: weight of positives, against 1 - alpha of negatives.
    """
    (logits,) = wide(logits)
    p, positive = logits.sigmoid(), _one_hot(target, logits)
    of_positive = (1 - p) ** gamma * p.clamp(min=SMALLEST).log()
    of_negative = p**gamma * (1 - p).clamp(min=SMALLEST).log()
    loss = torch.where(positive, -alpha * of_positive, (alpha - 1) * of_negative)
    output.copy_(loss * _class_weight(weight, target, logits)[:, None])


@without_autocast
def sigmoid_focal_loss_backward(
    logits: Tensor, target: Tensor, weight: Tensor, grad_input: Tensor, gamma: float, alpha: float
) -> None:
    """Set ``grad_input`` (N, C) to the derivative of each loss by its logit."""
    (logits,) = wide(logits)
    p, positive = logits.sigmoid(), _one_hot(target, logits)
    of_positive = (1 - p) ** gamma * (1 - p - gamma * p * p.clamp(min=SMALLEST).log())
    of_negative = p**gamma * (gamma * (1 - p) * (1 - p).clamp(min=SMALLEST).log() - p)
    gradient = torch.where(positive, -alpha * of_positive, (alpha - 1) * of_negative)
    grad_input.copy_(gradient * _class_weight(weight, target, logits)[:, None])


@without_autocast
def softmax_focal_loss_forward(
    softmax: Tensor, target: Tensor, weight: Tensor, output: Tensor, gamma: float, alpha: float
) -> None:
    """Set ``output`` (N,) to the focal loss of each row of probabilities.

    Args:
        softmax: floats (N, C) that sum to 1.
        target: int64 (N,), classes; negative ones have loss 0.
        weight: floats (C,) per class, or empty.
        output: floats (N,).
        gamma: focusing parameter.
        alpha: factor of the loss.
    """
    (softmax,) = wide(softmax)
    p = _of_target(softmax, target)
    loss = -alpha * (1 - p) ** gamma * p.clamp(min=SMALLEST).log()
    output.copy_(torch.where(target >= 0, loss, 0) * _class_weight(weight, target, softmax))


@without_autocast
def softmax_focal_loss_backward(
    softmax: Tensor,
    target: Tensor,
    weight: Tensor,
    buff: Tensor,
    grad_input: Tensor,
    gamma: float,
    alpha: float,
) -> None:
    """Set ``grad_input`` (N, C) to the derivative of each row's loss by its logits.

    ``buff`` (N,) is set to the derivative by the target's logit but for a factor of 1 - p.
    """
    (softmax,) = wide(softmax)
    p = _of_target(softmax, target)
    log = p.clamp(min=SMALLEST).log()
    left = (1 - p).clamp(min=SMALLEST) ** (gamma - 1)  # finite also for gamma < 1 at p = 1
    slope = alpha * (gamma * left * p * log - (1 - p) ** gamma)
    slope = torch.where(target >= 0, slope, 0) * _class_weight(weight, target, softmax)
    buff.copy_(slope)
    grad_input.copy_(slope[:, None] * (_one_hot(target, softmax).to(softmax) - softmax))


def _one_hot(target: Tensor, scores: Tensor) -> Tensor:
    return target[:, None] == torch.arange(scores.shape[1], device=scores.device)


def _of_target(scores: Tensor, target: Tensor) -> Tensor:
    return scores.gather(1, target.clamp(min=0)[:, None])[:, 0]


def _class_weight(weight: Tensor, target: Tensor, scores: Tensor) -> Tensor:
    ones = scores.new_ones(len(target))
    if not weight.numel():
        return ones
    known = (target >= 0) & (target < len(weight))
    return torch.where(known, weight.to(scores)[target.clamp(0, len(weight) - 1)], ones)
