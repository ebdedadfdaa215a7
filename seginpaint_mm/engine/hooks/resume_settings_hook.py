"""Resume a training only with the settings that it had."""

import copy
import inspect
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mmengine.hooks import EMAHook, Hook
from mmengine.optim import _ParamScheduler
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.optim import SGD

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.registry import HOOKS

_NUMBERED = re.compile(r'(?:epoch|iter)_(\d+)\.pth')


def latest_checkpoint(work_dir: str | Path) -> str | None:
    """The checkpoint named in ``last_checkpoint``; where that is gone, the newest numbered one.

    A work dir that was moved or copied names a file of its old place: the file of the same name
    in the new one is taken.
    """
    work_dir = Path(work_dir)
    pointer = work_dir / 'last_checkpoint'
    if pointer.is_file() and (text := os.fsdecode(pointer.read_bytes()).strip()):
        for named in (work_dir / Path(text).name, Path(text)):
            if named.is_file():
                return str(named)
    numbered = {
        path: int(match[1])
        for path in work_dir.glob('*.pth')
        if (match := _NUMBERED.fullmatch(path.name))
    }
    return str(max(numbered, key=numbered.__getitem__)) if numbered else None


# Switches of PyTorch's optimisers that newer releases add; their state does not depend on them.
_SWITCHES = {'foreach', 'fused', 'capturable', 'differentiable', 'maximize'}
# Settings for which an optimiser keeps sums of its own; SGD alone starts them in the midst.
_NEED_STATE = ('amsgrad', 'centered', 'momentum')
# Of a parameter group: not a setting.
_NOT_SETTINGS = {'params', 'param_names'}


@HOOKS.register_module()
class ResumeSettingsHook(Hook):
    """Follow the config where its optimiser or schedule differs from the checkpoint's.

    MMEngine restores the optimiser's settings and the schedulers' from the checkpoint, so a rate,
    a schedule or a longer training that the config asks for would be ignored without a word. This
    hook compares both. Where they agree, the checkpoint's state is restored as it is. Where they
    differ, each difference is logged, the optimiser's moments are kept, its settings are the
    config's, and the config's schedulers are advanced to the step that was reached: the rate is
    the one of a training that had this schedule from the start.

    A schedule that follows a metric (``ReduceOnPlateauLR``) cannot be advanced; it starts from
    the config's rate.

    The seed is the checkpoint's. If its weights are means (``ema``) and the config makes none, the
    training goes on from the weights that were averaged. A warning says so in both cases, and
    where there is no state of the optimiser, or nothing left to train.

    Args:
        name: The checkpoint's path, for the messages.

    Raises:
        CheckpointError: if the checkpoint is not of a training, or its optimiser is of another
            kind, or has other parameter groups.
    """

    def __init__(self, *, name: str) -> None:
        self._name = name
        self._settings: list[tuple[object, list[dict]]] = []
        self._states: list[tuple[_ParamScheduler, dict]] = []
        self._converted: list[_ParamScheduler] = []  # counted in epochs of as many iterations

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the fresh optimisers and schedulers with the checkpoint's."""
        meta = checkpoint.get('meta') or {}
        if not {'epoch', 'iter'} <= {*meta} or 'message_hub' not in checkpoint:
            raise CheckpointError(
                f'{self._name} holds weights, but not how far a training was: begin one from them '
                f'with --from (load_from and resume=False in a config).'
            )
        self._tell_seed(runner, meta.get('seed'))
        self._take_weights(runner, checkpoint)
        if 'optimizer' not in checkpoint:  # saved with save_optimizer=False: nothing overrules
            runner.logger.warning(
                f'{self._name} has no state of the optimiser: its moments begin at zero, and the '
                f'training does not go on as it would have.'
            )
            return
        differences = []
        saved_schedulers = checkpoint.get('param_schedulers')
        for part, wrapper, saved in _optimisers(runner.optim_wrapper, checkpoint['optimizer']):
            groups = wrapper.optimizer.param_groups
            self._check_kind(part, groups, saved['param_groups'])
            if not isinstance(wrapper.optimizer, SGD):
                self._check_state(part, groups, saved['param_groups'])
            differences += _changed_groups(part, groups, saved['param_groups'])
            schedulers = _of_part(runner.param_schedulers, part)
            differences += _changed_schedulers(part, schedulers, _of_part(saved_schedulers, part))
            self._settings.append((wrapper.optimizer, [_settings(group) for group in groups]))
            self._states += [(s, copy.deepcopy(s.state_dict())) for s in schedulers]
            self._converted += _converted(schedulers, runner.cfg.get('param_scheduler'), part)
        if not differences:
            self._settings, self._states = [], []
            return
        runner.logger.warning(
            f'The config differs from {self._name} in {"; ".join(differences)}. '
            f'The config is followed, as if it had been so from the first step.'
        )

    def before_train(self, runner: Runner) -> None:
        """Put the config's settings back, and advance the schedulers to the step reached."""
        self._tell_end(runner)
        if not self._settings:
            return
        for optimizer, groups in self._settings:
            for group, settings in zip(optimizer.param_groups, groups, strict=True):
                group.update(settings)
        for scheduler, state in self._states:
            scheduler.load_state_dict(state)
            # The count of optimiser steps; at -1, MMEngine warns that the schedule came first.
            scheduler.optimizer._global_step = 0
        _advance(
            [scheduler for scheduler, _ in self._states],
            runner.iter,
            runner.epoch,
            self._converted,
            len(runner.train_dataloader),
        )
        self._settings, self._states = [], []

    def _tell_seed(self, runner: Runner, seed: int | None) -> None:
        asked = (runner.cfg.get('randomness') or {}).get('seed')
        if seed is not None and asked is not None and asked != seed:
            runner.logger.warning(
                f'The seed is {seed}, as {self._name} was trained with, and not {asked}: a '
                f'training that is resumed keeps its seed.'
            )

    def _take_weights(self, runner: Runner, checkpoint: dict) -> None:
        averaged = checkpoint.get('ema_state_dict')
        if averaged is None or any(isinstance(hook, EMAHook) for hook in runner.hooks):
            return
        prefix = 'module.'  # below it are the weights of which state_dict is the mean
        checkpoint['state_dict'] |= {
            key.removeprefix(prefix): value
            for key, value in averaged.items()
            if key.startswith(prefix)
        }
        runner.logger.warning(
            f'{self._name} keeps a mean of the weights (ema) and the config does not: the training '
            f'goes on from the weights themselves, and the mean is left out.'
        )

    def _tell_end(self, runner: Runner) -> None:
        loop = runner.train_loop
        by_epoch = isinstance(loop, EpochBasedTrainLoop)
        key = 'max_epochs' if by_epoch else 'max_iters'
        done, wanted = (loop.epoch if by_epoch else loop.iter), getattr(loop, key, None)
        if wanted is not None and done >= wanted:
            runner.logger.warning(
                f'{self._name} was trained to the end, {done} of train_cfg.{key}={wanted}: there '
                f'is nothing left to train; raise train_cfg.{key} to go on.'
            )

    def _check_kind(self, part: str, groups: list[dict], saved: list[dict]) -> None:
        where = f'optim_wrapper{"." + part if part else ""}'
        if len(groups) != len(saved):
            raise CheckpointError(
                f'{self._name} has {len(saved)} parameter groups and {where} makes {len(groups)}: '
                f'resume with the same paramwise_cfg, or take the weights alone with load_from.'
            )
        wanted, found = (
            {key for key in group[0] if not key.startswith('initial_')}
            - _SWITCHES
            - _NOT_SETTINGS
            - {'decoupled_weight_decay'}  # absent before torch 2.7
            for group in (groups, saved)
        )
        if wanted != found:
            raise CheckpointError(
                f'{self._name} was trained with another optimiser than {where} names (its settings '
                f'are {", ".join(sorted(found))}): resume with the same one, or take the weights '
                f'alone with load_from.'
            )

    def _check_state(self, part: str, groups: list[dict], saved: list[dict]) -> None:
        for group, old in zip(groups, saved, strict=True):
            for key in _NEED_STATE:
                if group.get(key) and not old.get(key):
                    raise CheckpointError(
                        f'{self._name} was trained without {key}, which '
                        f'optim_wrapper{"." + part if part else ""} asks for and for which it has '
                        f'no state: resume without it, or take the weights alone with load_from.'
                    )


def _optimisers(wrapper: object, saved: Mapping) -> Iterator[tuple[str, object, Mapping]]:
    """Name of the part ('' if there is one optimiser), its wrapper, and its saved state."""
    if hasattr(wrapper, 'optim_wrappers'):
        for name, part in wrapper.optim_wrappers.items():
            if name not in saved:
                raise CheckpointError(
                    f'The checkpoint has no optimiser of {name!r}, which optim_wrapper names: '
                    f'resume with the same parts, or take the weights alone with load_from.'
                )
            yield name, part, saved[name]
    elif 'param_groups' not in saved:
        raise CheckpointError(
            f'The checkpoint has an optimiser for each of {", ".join(saved)}, the config one for '
            f'the whole model: resume with the same, or take the weights alone with load_from.'
        )
    else:
        yield '', wrapper, saved


def _of_part(schedulers: object, part: str) -> list:
    """The schedulers, or their states, of a part; a list serves every part."""
    if isinstance(schedulers, Mapping):
        return list(schedulers.get(part) or ())
    return list(schedulers or ())


def _settings(group: Mapping) -> dict:
    return {key: value for key, value in group.items() if key not in _NOT_SETTINGS}


def _changed_groups(part: str, groups: list[dict], saved: list[dict]) -> list[str]:
    """Differences of the optimiser's settings, e.g. ``lr (0.1 before, now 0.01)``, each once."""
    changed: dict[str, str] = {}
    for group, old in zip(groups, saved, strict=True):
        for key, value in group.items():
            scheduled = f'initial_{key}' in group or f'initial_{key}' in old
            if key in _NOT_SETTINGS | _SWITCHES or key.startswith('initial_'):
                continue
            if scheduled:  # what the schedule starts from
                value = group.get(f'initial_{key}', value)
                before = old.get(f'initial_{key}', old.get(key))
            else:
                before = old.get(key, value)
            if _plain(before) != _plain(value):
                changed.setdefault(key, f'{_dotted(part, key)} ({before} before, now {value})')
    return list(changed.values())


def _changed_schedulers(part: str, schedulers: list, saved: list[dict]) -> list[str]:
    name = _dotted(part, 'param_scheduler')
    if len(schedulers) != len(saved):
        return [f'{name} ({len(saved)} schedulers before, now {len(schedulers)})']
    changed = []
    for index, (scheduler, old) in enumerate(zip(schedulers, saved, strict=True)):
        for key in _arguments(scheduler):
            now = getattr(scheduler, key, None)
            if _plain(old.get(key)) != _plain(now):
                changed.append(f'{name}.{index}.{key} ({old.get(key)} before, now {now})')
    return changed


def _arguments(scheduler: _ParamScheduler) -> list[str]:
    """Names of the constructor's arguments that the scheduler keeps under the same name."""
    names: set[str] = set()
    for cls in type(scheduler).__mro__:
        if '__init__' in vars(cls) and cls is not object:
            names |= set(inspect.signature(cls.__init__).parameters)
    skipped = {'self', 'optimizer', 'last_step', 'verbose'}
    return sorted(name for name in names - skipped if name in vars(scheduler))


def _converted(schedulers: list, configs: object, part: str) -> list[_ParamScheduler]:
    """Those that the config gives in epochs and MMEngine converts to iterations."""
    if isinstance(configs, Mapping) and 'type' not in configs:
        configs = configs.get(part)
    configs = [configs] if isinstance(configs, Mapping) else configs or []
    return [
        scheduler
        for scheduler, config in zip(schedulers, configs, strict=False)
        if isinstance(config, Mapping) and config.get('convert_to_iter_based')
    ]


def _advance(
    schedulers: list[_ParamScheduler],
    iterations: int,
    epochs: int,
    converted: list[_ParamScheduler],
    length: int,
) -> None:
    """Step as a training does: by iteration in each epoch, then by epoch.

    Args:
        schedulers: All of them.
        iterations, epochs: That were done.
        converted: Those that count iterations of which an epoch has ``length``, whatever it had.
        length: Iterations of an epoch from now on.
    """
    fixed = [s for s in schedulers if not hasattr(s, 'need_val_args')]
    by_epoch = [s for s in fixed if s.by_epoch]
    by_iteration = [s for s in fixed if not s.by_epoch]
    steps = {id(s): epochs * length if s in converted else iterations for s in by_iteration}
    last = max(steps.values(), default=iterations)
    per_epoch = last // epochs if epochs else last
    for iteration in range(1, last + 1):
        for scheduler in by_iteration:
            if iteration <= steps[id(scheduler)]:
                scheduler.step()
        if epochs and iteration % per_epoch == 0 and iteration // per_epoch <= epochs:
            for scheduler in by_epoch:
                scheduler.step()


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _dotted(part: str, key: str) -> str:
    return f'{part}.{key}' if part else key
