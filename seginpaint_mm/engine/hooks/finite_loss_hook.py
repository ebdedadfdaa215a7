"""Stops a training whose loss or weights are not finite, and never saves such weights."""

from collections.abc import Mapping

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from seginpaint_mm.checkpoint import non_finite_tensors
from seginpaint_mm.errors import DivergenceError
from seginpaint_mm.registry import HOOKS

_ADVICE = (
    'lower optim_wrapper.optimizer.lr, train without --amp, or look for damaged images and '
    'labels; the checkpoints written so far are finite'
)


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Raise when a loss is NaN or infinite, or when a checkpoint would hold such weights.

    On a GPU looking at a loss waits for it, so losses are collected and looked at every
    ``interval`` iterations and before a checkpoint is written; on the CPU at every iteration.

    Raises:
        DivergenceError: names the first iteration and the losses, and what to try.
    """

    priority = 'VERY_HIGH'

    def __init__(self, *, interval: int = 50) -> None:
        self._interval = interval
        self._pending: list[tuple[int, int, dict[str, torch.Tensor]]] = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        losses = {
            name: value.detach()
            for name, value in (outputs or {}).items()
            if isinstance(value, torch.Tensor) and 'loss' in name
        }
        if losses:
            self._pending.append((runner.epoch + 1, runner.iter + 1, losses))
        on_cpu = all(value.device.type == 'cpu' for value in losses.values())
        if on_cpu or len(self._pending) >= self._interval:
            self._check_losses()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._check_losses()
        broken = non_finite_tensors(checkpoint['state_dict'])
        if broken:
            raise DivergenceError(
                f'The weights have become NaN or infinite by iteration {runner.iter + 1} '
                f'({len(broken)} tensors, first {broken[0]}): {_ADVICE}.'
            )

    def _check_losses(self) -> None:
        pending, self._pending = self._pending, []
        if not pending:
            return
        finite = torch.stack(
            [
                torch.stack([v.float().sum() for v in losses.values()]).isfinite().all()
                for _, _, losses in pending
            ]
        ).tolist()
        if not all(finite):
            epoch, iteration, losses = pending[finite.index(False)]
            values = ', '.join(f'{name} {float(value.sum()):.4g}' for name, value in losses.items())
            raise DivergenceError(
                f'The loss is not finite in epoch {epoch}, iteration {iteration} ({values}): '
                f'{_ADVICE}.'
            )
