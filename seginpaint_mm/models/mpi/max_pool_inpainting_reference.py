"""The plain loop of max-pooling as inpainting: the definition that the fast operator is held to."""

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d


def max_pool_inpainting_reference(
    features: Tensor,
    foreground: Tensor,
    *,
    padding: Tensor | None = None,
    merge: str = 'dilated',
    detach: bool = False,
) -> Tensor:
    """Algorithm 1 of the paper (section III-C), step by step.

    Arguments, result and errors are those of :func:`max_pool_inpainting`, except that nothing is
    checked here. It takes one pooling of the whole map for every pixel of the largest distance
    to the background: use it to test and to compare, not to train.
    """
    foreground = foreground > 0.5
    outside = torch.zeros_like(foreground) if padding is None else padding > 0.5
    foreground = (foreground & ~outside).to(features.dtype)
    grown = _pool(foreground)
    covered = (1 - grown) * ~outside  # nothing comes from what was padded
    fillable = covered.flatten(1).any(dim=1).view(-1, 1, 1, 1)
    hole = (foreground if merge == 'mask' else grown).bool() & ~outside

    pooled = torch.where(covered.bool(), features, torch.zeros_like(features))
    patch = torch.zeros_like(features)
    while not (covered.bool() | ~fillable).all():
        pooled = _pool(pooled)
        newly_covered = _pool(covered) - covered
        patch = torch.where(newly_covered.bool(), pooled, patch)
        covered = covered + newly_covered

    if detach:
        patch = patch.detach()
    return torch.where(hole & fillable, patch, features)


def _pool(maps: Tensor) -> Tensor:
    return max_pool2d(maps, kernel_size=3, stride=1, padding=1)
