"""Max-pooling as inpainting as a graph of standard operators, for networks that are exported."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

Maps = tuple[Tensor, Tensor, Tensor, Tensor]


def looped_inpainting(
    features: Tensor,
    foreground: Tensor,
    padding: Tensor | None,
    fill_ring: bool,
    repeat: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor],
) -> Tensor:
    """Fill by the loop of Algorithm 1, which becomes one loop of the graph (ONNX: ``Loop``).

    The values are those of :func:`max_pool_inpainting`, bit by bit, also for samples that are all
    foreground; maps of any size and any number of iterations run in the same graph.

    Args:
        features: float tensor (N, C, H, W).
        foreground: bool tensor (N, 1, H, W), 1 = to be filled, not yet grown.
        padding: bool tensor (N, 1, H, W), 1 = no part of the image, or None.
        fill_ring: whether the ring by which the foreground is grown is filled as well.
        repeat: The loop, :func:`exported_loop` or :func:`scripted_loop`.

    Returns:
        Tensor: like ``features``; gradients do not pass.
    """
    if padding is not None:
        foreground = foreground & ~padding
    grown = _pool(foreground.to(features.dtype))
    covered = 1 - grown
    hole = grown > 0 if fill_ring else foreground
    if padding is not None:
        covered = covered * ~padding  # nothing comes from what was padded
        hole = hole & ~padding
    fillable = covered.amax(dim=(1, 2, 3), keepdim=True) > 0
    pooled = torch.where(covered > 0, features, torch.zeros_like(features))
    patch = repeat(pooled, covered, torch.zeros_like(features), fillable)
    return torch.where(hole & fillable, patch, features)


def exported_loop(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
    """Repeat :func:`_step` until all is covered, as an operator that ``torch.export`` keeps."""
    from torch._higher_order_ops.while_loop import while_loop

    # the condition gives a tensor of its own: an alias of what the loop carries is refused
    def goes_on(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
        return ((covered == 0) & fillable).any().clone()

    def step(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Maps:
        return (*_step(pooled, covered, patch), fillable.clone())

    return while_loop(goes_on, step, (pooled, covered, patch, fillable))[2]


def scripted_loop(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
    """Do the same in TorchScript, where ``torch.jit.trace`` alone would unroll one example's."""
    return _script()(pooled, covered, patch, fillable)


def _step(pooled: Tensor, covered: Tensor, patch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    pooled = _pool(pooled)
    now_covered = _pool(covered)
    return pooled, now_covered, torch.where(now_covered > covered, pooled, patch)


def _pool(maps: Tensor) -> Tensor:
    return max_pool2d(maps, kernel_size=3, stride=1, padding=1)


def _loop(pooled: Tensor, covered: Tensor, patch: Tensor, fillable: Tensor) -> Tensor:
    while bool(((covered == 0) & fillable).any()):
        pooled = max_pool2d(pooled, kernel_size=3, stride=1, padding=1)
        now_covered = max_pool2d(covered, kernel_size=3, stride=1, padding=1)
        patch = torch.where(now_covered > covered, pooled, patch)
        covered = now_covered
    return patch


def _script() -> torch.jit.ScriptFunction:
    return torch.jit.script(_loop)
