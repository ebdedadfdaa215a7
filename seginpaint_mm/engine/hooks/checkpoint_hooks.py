"""Hooks of checkpoints: written whole, never overwritten by another run, loaded at the start."""

import shutil
from pathlib import Path

import torch
from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner
from torch import nn

from seginpaint_mm.checkpoint import check_checkpoint_fits, keep_what_fits
from seginpaint_mm.engine.hooks.check_hooks import unwrapped
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.models.backbones import check_depth, find_resnets, load_pretrained
from seginpaint_mm.registry import HOOKS
from seginpaint_mm.utils.files import write_bytes, write_text


@register_backend('atomic', force=True)
class AtomicBackend(LocalBackend):
    """``backend_args=dict(backend='atomic')``: a kill or a full disk leaves the old file."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        write_bytes(filepath, obj)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's checkpoint hook with atomic writes, safe to kill.

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
        save_optimizer: also save the optimiser's state. Without it checkpoints are a third as large
            with Adam, and a training cannot be resumed from them.
        save_param_scheduler: also save the state of the schedules.
        save_begin: no checkpoint before this epoch (or iteration).

    Raises:
        OSError: the disk has no room for a checkpoint; raised before the training starts.
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
        save_optimizer: bool = True,
        save_param_scheduler: bool = True,
        save_begin: int = 0,
    ) -> None:
        super().__init__(
            interval=interval,
            by_epoch=by_epoch,
            max_keep_ckpts=max_keep_ckpts,
            save_last=save_last,
            save_best=save_best,
            rule=rule,
            save_optimizer=save_optimizer,
            save_param_scheduler=save_param_scheduler,
            save_begin=save_begin,
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


@HOOKS.register_module()
class CheckpointGuardHook(Hook):
    """MMEngine only warns where tensors are missing or of another shape; this hook raises.

    Args:
        name: the checkpoint's path, for the message.
        partly: accept a checkpoint of which only a part matches (fine-tuning); the rest begins as
            the config says, which is logged in one line.
        resumes: the training of the checkpoint goes on, with its optimiser's state.

    Raises:
        CheckpointError: see :func:`check_checkpoint_fits`.
    """

    def __init__(self, *, name: str, partly: bool = False, resumes: bool = False) -> None:
        self._name = name
        self._resumes = resumes
        self._partly = partly

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        check_checkpoint_fits(
            unwrapped(runner.model),
            checkpoint,
            self._name,
            partly=self._partly,
            resumes=self._resumes,
        )
        if self._partly:
            runner.logger.info(
                f'{self._name}: {keep_what_fits(unwrapped(runner.model), checkpoint)}'
            )


KEY = 'pretrained'


@HOOKS.register_module()
class PretrainedHook(Hook):
    """Load the ImageNet weights that ``pretrained`` names into the ResNets of a model.

    ``pretrained`` is a key of the config, beside ``model``: a file or an address, in which
    ``{depth}`` stands for the depth of each backbone, as ``torchvision://resnet{depth}``. All
    ResNets that are trained take it, those of foreground branches and first networks too, except
    those that have an ``init_cfg`` or ``part_checkpoints`` of their own. Nothing is loaded where a
    training is resumed or starts from a checkpoint.

    ``pretrained=None`` starts from random weights, with a warning: a config that has the key is a
    paper's, whose results need ImageNet. Configs without the key are meant for random weights.

    Raises:
        CheckpointError: A file, also one that an ``init_cfg`` names, is of another depth.
    """

    def before_train(self, runner: Runner) -> None:
        """Load before the first step; every process loads the same."""
        cfg = runner.cfg
        if cfg.get('load_from') or cfg.get('resume'):
            return
        loaded = {}
        for name, resnet in _without_parts(runner).items():
            own = _own_start(resnet)
            if own is not None:
                if not own.get('prefix'):  # with one it is part of a whole model's file
                    check_depth(resnet, name, own['checkpoint'])
            elif cfg.get(KEY):
                loaded[name] = load_pretrained(resnet, name, cfg[KEY])
            elif KEY in cfg:
                loaded[name] = None
        _report(runner, loaded)


def _without_parts(runner: Runner) -> dict[str, nn.Module]:
    """The ResNets outside of the parts that have checkpoints of their own."""
    parts = tuple(f'{part}.' for part in runner.cfg.model.get('part_checkpoints') or {})
    resnets = find_resnets(unwrapped(runner.model))
    return {name: resnet for name, resnet in resnets.items() if not f'{name}.'.startswith(parts)}


def _own_start(resnet: nn.Module) -> dict | None:
    """The ``init_cfg`` that names a file for this whole module."""
    init_cfg = getattr(resnet, 'init_cfg', None)
    if isinstance(init_cfg, dict) and init_cfg.get('type') == 'Pretrained':
        return init_cfg
    return None


def _report(runner: Runner, loaded: dict[str, list[str] | None]) -> None:
    random = [f'model.{name}' for name, missing in loaded.items() if missing is None]
    if random:
        runner.logger.warning(
            f'{", ".join(random)}: RANDOM WEIGHTS, in a config of a paper whose results start from '
            f'ImageNet: expect much lower ones, or set pretrained=torchvision://resnet{{depth}}.'
        )
    for name, missing in loaded.items():
        if missing:
            runner.logger.warning(
                f'model.{name} starts from {runner.cfg[KEY]}, which lacks {len(missing)} of its '
                f'tensors (first: {missing[0]}): these are random.'
            )
        elif missing is not None:
            runner.logger.info(f'model.{name} starts from {runner.cfg[KEY]}.')
