"""Check settings that MMEngine reads late, or reads past without a word."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mmengine.config import Config
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from .late_settings import late_setting_problems
from .signatures import unknown_keys

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
    optim_wrapper = cfg.get('optim_wrapper')
    if isinstance(optim_wrapper, Mapping):
        yield from _optim_problems(optim_wrapper, 'optim_wrapper')
        for name, part in optim_wrapper.items():
            if isinstance(part, Mapping) and 'optimizer' in part:
                yield from _optim_problems(part, f'optim_wrapper.{name}')


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


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
