"""Checkpoints that a kill or a full disk cannot break."""

import shutil
from pathlib import Path

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from seginpaint_mm.engine import atomic_backend  # noqa: F401  registers the backend 'atomic'
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.files import write_text
from seginpaint_mm.registry import HOOKS


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's checkpoint hook, made safe to kill.

    MMEngine removes the oldest checkpoint, then writes the new one into its final name. Here the
    new one is written under a temporary name and renamed, then ``last_checkpoint`` is replaced,
    and only then the oldest one is removed: a whole checkpoint exists at any time.

    Args:
        interval: epochs (or iterations, with ``by_epoch=False``) between checkpoints.
        by_epoch: count epochs.
        max_keep_ckpts: how many of the last checkpoints are kept; -1 keeps all.
        save_last: also save at the end of training.
        save_best: name of a validation metric whose best checkpoint is kept as ``best_*.pth``.
        rule: ``'greater'`` or ``'less'`` is better; None infers it from the metric's name.

    Raises:
        OSError: the disk has no room for a checkpoint; told before the training starts.
        ConfigError: the validation gives no metric ``save_best``.
    """

    def __init__(
        self,
        *,
        interval: int = 1,
        by_epoch: bool = True,
        max_keep_ckpts: int = -1,
        save_last: bool = True,
        save_best: str | None = None,
        rule: str | None = None,
    ) -> None:
        super().__init__(
            interval=interval,
            by_epoch=by_epoch,
            max_keep_ckpts=max_keep_ckpts,
            save_last=save_last,
            save_best=save_best,
            rule=rule,
            backend_args={'backend': 'atomic'},
        )

    def before_train(self, runner: Runner) -> None:
        super().before_train(runner)
        if is_main_process():
            for left_by_a_kill in Path(self.out_dir).glob('*.pth.*.partial'):
                left_by_a_kill.unlink()
        _check_free_space(self.out_dir, runner.model)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        for name in self.save_best or ():
            if name != 'auto' and name not in metrics:
                raise ConfigError(
                    f'default_hooks.checkpoint.save_best: there is no metric {name!r}; the '
                    f'validation gives {", ".join(metrics)}.'
                )
        super().after_val_epoch(runner, metrics)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        kept = [s for s in self._kept(runner) if s != step] + [step]
        self.last_ckpt = self._path(step)
        runner.message_hub.update_info('keep_ckpt_ids', kept)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            self.filename_tmpl.format(step),
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler and runner.param_schedulers is not None,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
        )
        if is_main_process():
            write_text(Path(runner.work_dir) / 'last_checkpoint', self.last_ckpt)
        self._remove_outdated(runner, kept)

    def _kept(self, runner: Runner) -> list[int]:
        return list(runner.message_hub.runtime_info.get('keep_ckpt_ids', []))

    def _path(self, step: int) -> str:
        return str(Path(self.out_dir) / self.filename_tmpl.format(step))

    def _remove_outdated(self, runner: Runner, kept: list[int]) -> None:
        if self.max_keep_ckpts <= 0:
            return
        for step in kept[: -self.max_keep_ckpts]:
            if is_main_process():
                Path(self._path(step)).unlink(missing_ok=True)
        runner.message_hub.update_info('keep_ckpt_ids', kept[-self.max_keep_ckpts :])


def _check_free_space(folder: str, model: torch.nn.Module) -> None:
    needed = 3 * sum(p.numel() * p.element_size() for p in model.parameters())  # Adam keeps two
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(
            f'Only {free >> 20} MiB are free for {folder}, a checkpoint needs about '
            f'{needed >> 20} MiB: free some space or choose another --work-dir.'
        )
