"""Check the settings of the run itself, and those that are read only late in it."""

import difflib
import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config
from mmengine.hooks import EMAHook, Hook
from mmengine.registry import MODELS
from mmengine.runner.priority import Priority
from mmengine.utils.dl_utils import set_multi_processing
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from seginpaint_mm.config_check.registries import find_component, nearest_name
from seginpaint_mm.config_check.signatures import accepted_arguments, unknown_keys

_PRIORITIES = [priority.name for priority in Priority]
_DEFAULT_HOOKS = (
    'runtime_info',
    'timer',
    'sampler_seed',
    'logger',
    'param_scheduler',
    'checkpoint',
)
# Settings of schedules that are divided by, or compared, when a step is due.
_NUMBERS_OF_SCHEDULES = {'step_size': 1, 'T_max': 1, 'total_steps': 1, 'begin': 0}
# Settings of optimisers that must be finite and not negative.
_RATES = ('lr', 'weight_decay', 'momentum', 'eps')
_MOST_IMAGES, _MOST_WORKERS = 1 << 20, 1024  # of a data loader
_DATA_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def late_setting_problems(cfg: Config, schedulers: list[tuple[str, Mapping]]) -> Iterator[str]:
    """Yield one sentence for each wrong setting.

    Args:
        cfg: The whole config.
        schedulers: Path within ``param_scheduler`` and config of each.
    """
    kinds = list(_kind_problems(cfg))
    if kinds:  # what follows looks into these values
        yield from kinds
        return
    yield from _hook_problems(cfg)
    yield from _scheduler_problems(cfg, schedulers)
    yield from _loop_name_problems(cfg)
    yield from _loader_problems(cfg)
    yield from _log_problems(cfg)
    mp_cfg = (cfg.get('env_cfg') or {}).get('mp_cfg')
    if isinstance(mp_cfg, Mapping):
        known = {*inspect.signature(set_multi_processing).parameters} - {'distributed'}
        yield from unknown_keys(mp_cfg, known, 'env_cfg.mp_cfg', 'mp_cfg')
    scaling = cfg.get('auto_scale_lr')
    if isinstance(scaling, Mapping):
        yield from _number_from(1, scaling, 'base_batch_size', 'auto_scale_lr')


def _kind_problems(cfg: Config) -> Iterator[str]:
    """Of values that MMEngine looks into, or hands on, without a check of their types."""
    for key in ('load_from', 'work_dir'):
        if not isinstance(cfg.get(key), (str, type(None))):
            yield f'{key}: takes a path in quotes, or None, not {cfg[key]!r}.'
    for key in ('resume', 'channels_last'):
        if not isinstance(cfg.get(key), (bool, type(None))):
            yield f'{key}: must be True or False, not {cfg[key]!r}.'
    if 'env_cfg' in cfg and not isinstance(cfg.env_cfg, Mapping):
        yield f'env_cfg: takes a dict, not {cfg.env_cfg!r}; leave it out for none.'
    hooks = cfg.get('custom_hooks') or []
    if not isinstance(hooks, (list, tuple)):
        yield f'custom_hooks: takes a list such as [dict(type="EMAHook")], not {hooks!r}.'
        return
    for number, hook in enumerate(hooks):
        if not isinstance(hook, (Mapping, Hook)):
            yield f'custom_hooks.{number}: takes a dict such as dict(type="EMAHook"), not {hook!r}.'


def _hook_problems(cfg: Config) -> Iterator[str]:
    default = cfg.get('default_hooks') or {}
    hooks = {f'custom_hooks.{k}': hook for k, hook in enumerate(cfg.get('custom_hooks') or [])}
    hooks |= {f'default_hooks.{key}': hook for key, hook in default.items()}
    for key, hook in default.items():
        if isinstance(hook, Mapping) and 'type' not in hook and key not in _DEFAULT_HOOKS:
            yield from unknown_keys([key], _DEFAULT_HOOKS, 'default_hooks', 'the Runner')
    for path, hook in hooks.items():
        if not isinstance(hook, Mapping):
            continue
        priority = hook.get('priority', 'NORMAL')
        if isinstance(priority, str) and priority not in _PRIORITIES:
            yield (
                f'{path}.priority: must be one of {", ".join(_PRIORITIES)}, or a number from 0 to '
                f'100, not {priority!r}.'
            )
        if hook.get('type') in ('EMAHook', 'mmengine.EMAHook', EMAHook):
            yield from _ema_problems(hook, path, cfg.get('default_scope') or 'mmengine')


def _ema_problems(hook: Mapping, path: str, scope: str) -> Iterator[str]:
    kind = hook.get('ema_type', 'ExponentialMovingAverage')
    average = find_component(kind, MODELS, scope)
    if average is None:
        nearest = nearest_name(kind, MODELS, scope)
        advice = f'; did you mean {nearest!r}?' if nearest else '.'
        yield f'{path}.ema_type: there is no model {kind!r}{advice}'
        return
    accepted = accepted_arguments(average)
    if accepted is not None:
        known = {*inspect.signature(EMAHook).parameters, *accepted} - {'model', 'kwargs'}
        given = [key for key in hook if key not in ('type', '_scope_', 'priority')]
        yield from unknown_keys(given, known, path, 'EMAHook')


def _scheduler_problems(cfg: Config, schedulers: list[tuple[str, Mapping]]) -> Iterator[str]:
    given = cfg.get('param_scheduler')
    if not isinstance(given, (Mapping, list, tuple, type(None))):
        yield f'param_scheduler: takes a list such as [dict(type="PolyLR")], not {given!r}.'
    if isinstance(given, Mapping) and 'type' not in given:
        yield from _part_problems(given, cfg.get('optim_wrapper') or {})
    for place, part in schedulers:
        if not isinstance(part, Mapping):
            continue
        path = f'param_scheduler{place}'
        for key, least in _NUMBERS_OF_SCHEDULES.items():
            yield from _number_from(least, part, key, path)
        milestones = part.get('milestones', [])
        if not isinstance(milestones, (list, tuple)) or not all(map(_is_number, milestones)):
            yield f'{path}.milestones: must be a list of numbers, not {milestones!r}.'


def _part_problems(schedulers: Mapping, wrapper: Mapping) -> Iterator[str]:
    """Where schedules are given by the parts of a model that have an optimiser each."""
    if 'optimizer' in wrapper:
        yield (
            f'param_scheduler: it has schedules for the parts {", ".join(schedulers)}, and '
            f'optim_wrapper one optimizer for the whole model: give a list.'
        )
        return
    parts = [name for name, part in wrapper.items() if isinstance(part, Mapping)]
    if not {'generators', 'discriminators'} & {*parts}:  # else the model must be built first
        yield from scheduler_part_problems(schedulers, parts)


def scheduler_part_problems(schedulers: object, parts: Iterable[str]) -> Iterator[str]:
    """Yield one sentence for each part that ``param_scheduler`` names wrongly, or leaves out.

    Args:
        schedulers: The whole ``param_scheduler``; nothing is wrong unless it is a dict of parts.
        parts: Names of the parts of the model that have an optimiser.
    """
    if not isinstance(schedulers, Mapping) or 'type' in schedulers:
        return
    yield from unknown_keys(schedulers, {*parts}, 'param_scheduler', 'a dict of parts')
    for name in sorted({*parts} - {*schedulers}):
        yield f'param_scheduler.{name}: is absent; give the schedules of this part, [] for none.'


def _loop_name_problems(cfg: Config) -> Iterator[str]:
    intervals = (cfg.get('train_cfg') or {}).get('dynamic_intervals') or []
    for item in intervals if isinstance(intervals, (list, tuple)) else [intervals]:
        is_pair = isinstance(item, (list, tuple)) and len(item) == 2
        if not is_pair or not all(map(_whole, item)) or item[0] < 0 or item[1] < 1:
            yield (
                f'train_cfg.dynamic_intervals: each must be (first epoch or iteration, interval '
                f'from 1), not {item!r}.'
            )
    for key in ('val_cfg', 'test_cfg'):
        fp16 = (cfg.get(key) or {}).get('fp16', False)
        if not isinstance(fp16, bool):
            yield f'{key}.fp16: must be True or False, not {fp16!r}.'


def _loader_problems(cfg: Config) -> Iterator[str]:
    for key in _DATA_LOADERS:
        loader = cfg.get(key) or {}
        size, workers = loader.get('batch_size', 1), loader.get('num_workers', 0)
        has_none = size is None and loader.get('batch_sampler') is None
        if has_none or (_whole(size) and size > _MOST_IMAGES):
            yield f'{key}.batch_size: must be a whole number from 1 to {_MOST_IMAGES}, not {size}.'
        if _whole(workers) and workers > _MOST_WORKERS:
            yield (
                f'{key}.num_workers: must be a whole number from 0 to {_MOST_WORKERS}, not '
                f'{workers}: each is a process.'
            )
        sampler = loader.get('sampler')
        for name in ('shuffle', 'round_up'):
            value = sampler.get(name, True) if isinstance(sampler, Mapping) else True
            if isinstance(value, str):
                yield f'{key}.sampler.{name}: must be True or False, not {value!r}.'


def _log_problems(cfg: Config) -> Iterator[str]:
    processor = cfg.get('log_processor')
    known = ('mean', 'min', 'max', 'current')  # HistoryBuffer's
    for number, item in enumerate(
        (processor.get('custom_cfg') if isinstance(processor, Mapping) else None) or []
    ):
        name = item.get('method_name') if isinstance(item, Mapping) else None
        if isinstance(name, str) and name not in known:
            yield (
                f'log_processor.custom_cfg.{number}.method_name: must be one of '
                f'{", ".join(known)}, not {name!r}.'
            )


def _number_from(least: int, part: Mapping, key: str, path: str) -> Iterator[str]:
    value = part.get(key)
    if value is not None and not (_is_number(value) and value >= least):
        yield f'{path}.{key}: must be a number from {least}, not {value!r}.'


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def unused_custom_keys(optim_wrapper: Mapping, names: Sequence[str]) -> Iterator[str]:
    """Yield one sentence for each custom key of ``paramwise_cfg`` that is in no parameter's name.

    Args:
        optim_wrapper: Its config, of one optimiser or of one for each part.
        names: Of the parameters of the model.
    """
    wrappers = {'optim_wrapper': optim_wrapper}
    wrappers |= {f'optim_wrapper.{key}': part for key, part in optim_wrapper.items()}
    for path, wrapper in wrappers.items():
        paramwise = wrapper.get('paramwise_cfg') if isinstance(wrapper, Mapping) else None
        for key in (paramwise or {}).get('custom_keys') or {}:
            if not any(key in name for name in names):
                known = {part for name in names for part in name.split('.')}
                close = difflib.get_close_matches(key, known, n=1)
                advice = f'; did you mean {close[0]!r}?' if close else '.'
                yield (
                    f'{path}.paramwise_cfg.custom_keys.{key} is in no name of a parameter, so that '
                    f'it has no effect{advice}'
                )


# What DefaultOptimWrapperConstructor reads; any other key has no effect there.
_PARAMWISE = {
    *('custom_keys', 'bias_lr_mult', 'bias_decay_mult', 'norm_decay_mult', 'flat_decay_mult'),
    *('dwconv_decay_mult', 'dcn_offset_lr_mult', 'bypass_duplicate'),
}
_CUSTOM_KEY = {'lr_mult', 'decay_mult'}
_CLIPPERS: dict[str, Callable] = {'norm': clip_grad_norm_, 'value': clip_grad_value_}
_AT_LEAST = {'max_epochs': 1, 'max_iters': 1, 'val_interval': 1, 'val_begin': 0}


def run_setting_problems(cfg: Config) -> Iterator[str]:
    """Yield one sentence for each wrong setting of loops, optimisers and schedules."""
    train_cfg = cfg.get('train_cfg')
    if isinstance(train_cfg, Mapping):
        yield from _loop_problems(train_cfg)
        if _counts_iterations(train_cfg):
            yield from _epoch_settings(cfg)
    yield from late_setting_problems(cfg, list(_schedulers(cfg)))
    yield from _normalisation_problems(cfg)
    optim_wrapper = cfg.get('optim_wrapper')
    if isinstance(optim_wrapper, Mapping):
        yield from _optim_problems(optim_wrapper, 'optim_wrapper')
        for name, part in optim_wrapper.items():
            if isinstance(part, Mapping) and 'optimizer' in part:
                yield from _optim_problems(part, f'optim_wrapper.{name}')


def _normalisation_problems(cfg: Config) -> Iterator[str]:
    model = cfg.get('model')
    preprocessor = model.get('data_preprocessor') if isinstance(model, Mapping) else None
    for key in ('mean', 'std'):
        values = preprocessor.get(key) if isinstance(preprocessor, Mapping) else None
        for value in values if isinstance(values, (list, tuple)) else ():
            if not _is_number(value) or not math.isfinite(value) or (key == 'std' and value <= 0):
                least = ' above 0' if key == 'std' else ''
                yield (
                    f'model.data_preprocessor.{key}: takes a finite number{least} for each '
                    f'channel, not {value!r}.'
                )
                break


def _loop_problems(train_cfg: Mapping) -> Iterator[str]:
    for key, least in _AT_LEAST.items():
        value = train_cfg.get(key, least)
        if not _whole(value) or value < least:
            yield f'train_cfg.{key}: must be a whole number from {least}, not {value!r}.'


def _counts_iterations(train_cfg: Mapping) -> bool:
    kind = train_cfg.get('type')
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
    return name.rpartition('.')[2] == 'IterBasedTrainLoop' or train_cfg.get('by_epoch') is False


def _epoch_settings(cfg: Config) -> Iterator[str]:
    """Where a training by iterations counts epochs, of which it has one."""
    hooks = cfg.get('default_hooks') or {}
    parts: dict[str, Any] = {f'param_scheduler{path}': part for path, part in _schedulers(cfg)}
    parts['default_hooks.checkpoint'] = hooks.get('checkpoint')
    parts['log_processor'] = cfg.get('log_processor')
    for path, part in parts.items():
        by_epoch = isinstance(part, Mapping) and part.get('by_epoch', True)
        if by_epoch and not part.get('convert_to_iter_based'):
            yield (
                f'{path}.by_epoch: a training by iterations has no epochs to count, so this would '
                f'have no effect: set {path}.by_epoch=False.'
            )


def _schedulers(cfg: Config) -> Iterator[tuple[str, Mapping]]:
    schedulers = cfg.get('param_scheduler') or []
    if not isinstance(schedulers, (Mapping, list, tuple)):
        return
    if isinstance(schedulers, Mapping) and 'type' in schedulers:
        yield '', schedulers
        return
    items = schedulers.items() if isinstance(schedulers, Mapping) else enumerate(schedulers)
    for key, part in items:
        if isinstance(part, Mapping):
            yield f'.{key}', part
        elif isinstance(part, (list, tuple)):
            for index, item in enumerate(part):
                yield f'.{key}.{index}', item


def _optim_problems(wrapper: Mapping, path: str) -> Iterator[str]:
    optimizer = wrapper.get('optimizer')
    for key in _RATES:
        value = optimizer.get(key, 0.0) if isinstance(optimizer, Mapping) else 0.0
        if _is_number(value) and not (math.isfinite(value) and value >= 0):
            yield f'{path}.optimizer.{key}: must be a finite number from 0, not {value!r}.'
    counts = wrapper.get('accumulative_counts', 1)
    if not _whole(counts) or counts < 1:
        yield f'{path}.accumulative_counts: must be a whole number from 1, not {counts!r}.'
    clip = wrapper.get('clip_grad')
    if isinstance(clip, Mapping):
        yield from _clip_problems(clip, f'{path}.clip_grad')
    elif clip is not None:
        yield f'{path}.clip_grad: takes a dict such as dict(max_norm=1.0) or None, not {clip!r}.'
    paramwise = wrapper.get('paramwise_cfg')
    if isinstance(paramwise, Mapping) and 'constructor' not in wrapper:
        yield from unknown_keys(paramwise, _PARAMWISE, f'{path}.paramwise_cfg', 'paramwise_cfg')
        for key, settings in (paramwise.get('custom_keys') or {}).items():
            where = f'{path}.paramwise_cfg.custom_keys.{key}'
            yield from unknown_keys(settings, _CUSTOM_KEY, where, 'a parameter group')


def _clip_problems(clip: Mapping, path: str) -> Iterator[str]:
    kind = clip.get('type', 'norm')
    if kind not in _CLIPPERS:
        yield f"{path}.type: must be 'norm' or 'value', not {kind!r}."
        return
    parameters = inspect.signature(_CLIPPERS[kind]).parameters
    known = set(parameters) - {'parameters'}
    yield from unknown_keys([key for key in clip if key != 'type'], known, path, 'clip_grad')
    needed = next(name for name in parameters if name != 'parameters')
    if needed in clip and not isinstance(clip[needed], (int, float)):
        yield f'{path}.{needed}: must be a number, not {clip[needed]!r}.'
    if needed not in clip:
        yield f'{path}: {needed} is missing, e.g. {path}.{needed}=1.0.'
