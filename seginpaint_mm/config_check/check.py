"""Check a config before anything is built, and name the key of a part that fails to build."""

import difflib
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType

from mmengine.config import Config
from mmengine.registry import FUNCTIONS, Registry, build_functions
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from torch import nn
from torch.utils.data import DataLoader

from seginpaint_mm.config_check.registries import (
    CONSUMED,
    NESTED,
    TOP_LEVEL,
    find_component,
    nearest_name,
)
from seginpaint_mm.config_check.run_settings import run_setting_problems
from seginpaint_mm.config_check.signatures import (
    accepted_arguments,
    fits,
    unknown_keys,
    wrong_types,
)
from seginpaint_mm.errors import ConfigError

_RUNNER_KEYS = {
    *(set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'}),
    *('runner_type', 'custom_imports', 'sync_bn', 'find_unused_parameters', 'compile'),
    *('model_wrapper_cfg', 'activation_checkpointing', 'efficient_conv_bn_eval'),
    'pretrained',  # PretrainedHook reads it
    *('tracking', 'early_stopping', 'ema', 'accumulate', 'channels_last'),  # training_words
}
_LOADER_KEYS = {
    *(set(inspect.signature(DataLoader.__init__).parameters) - {'self'}),
    *('num_batch_per_epoch', 'disable_subprocess_warning'),
}
_PLAIN_KEYS = {
    'train_dataloader': _LOADER_KEYS,
    'val_dataloader': _LOADER_KEYS,
    'test_dataloader': _LOADER_KEYS,
    'env_cfg': {'cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'},
    'randomness': {'seed', 'diff_rank_seed', 'deterministic'},
    'auto_scale_lr': {'enable', 'base_batch_size'},
}
_DEFAULT_TYPES = {
    'val_cfg': 'ValLoop',
    'test_cfg': 'TestLoop',
    'optim_wrapper': 'OptimWrapper',
    'log_processor': 'LogProcessor',
    'visualizer': 'Visualizer',
    'model_wrapper_cfg': 'MMDistributedDataParallel',
}
# Keys of optim_wrapper that stand for all generators, or all discriminators, of a model.
OPTIM_ROLES = ('generators', 'discriminators')
_TOGETHER = [
    ('train_dataloader', 'train_cfg', 'optim_wrapper'),
    ('val_dataloader', 'val_cfg', 'val_evaluator'),
    ('test_dataloader', 'test_cfg', 'test_evaluator'),
]
# What stands below these keys is built as it stands. Below other keys of the libraries' components
# may be types and arguments that only the component knows, e.g. names of functions.
_REGISTERED = re.compile(
    r'(.*_)?(backbone|neck|head|dataset|datasets)|loss.*|(norm|conv|act)_cfg|' + '|'.join(NESTED)
)
_LOG_LEVELS = ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL')
# What the libraries import late, when a training has begun.
_PACKAGES = {
    'TensorboardVisBackend': 'tensorboard',
    'WandbVisBackend': 'wandb',
    'MLflowVisBackend': 'mlflow',
    'ClearMLVisBackend': 'clearml',
    'NeptuneVisBackend': 'neptune',
    'DVCLiveVisBackend': 'dvclive',
    'AimVisBackend': 'aim',
}


def check_config(cfg: Config) -> None:
    """Check every key, type and argument name in what MMEngine's Runner reads of ``cfg``.

    Helper variables at the top level of a config may have any name, unless it nearly is one that
    the Runner reads.

    Raises:
        ConfigError: one line for every mistake: its path in the config and the nearest match.
    """
    problems = list(_problems(cfg))
    if problems:
        raise ConfigError('\n'.join(problems))


def optim_wrapper_parts(optim_wrapper: Mapping) -> dict[str, Mapping]:
    """Role or part name -> its config; none where one optimiser serves the whole model."""
    if 'constructor' not in optim_wrapper or 'optimizer' in optim_wrapper:
        return {}
    return {name: part for name, part in optim_wrapper.items() if isinstance(part, Mapping)}


def over_role(role: Mapping, own: Mapping) -> dict:
    """Return a part's optimiser config: that of its role, with the part's own keys over it.

    An ``optimizer`` of the part's own replaces the role's if it has a ``type``; without one it
    changes single settings of it.
    """
    optimizer = own.get('optimizer')
    if isinstance(optimizer, Mapping) and 'type' not in optimizer:
        own = {**own, 'optimizer': {**role.get('optimizer', {}), **optimizer}}
    return {**role, **own}


def _problems(cfg: Config) -> Iterator[str]:
    scope = cfg.get('default_scope') or 'mmengine'
    if importlib.util.find_spec(scope.partition('.')[0]) is None:
        yield f'default_scope: there is no package {scope!r}; use seginpaint_mm.'
        return
    yield from _misspelt_top_level(cfg)
    yield from _plain_problems(cfg)
    for key, registry in TOP_LEVEL.items():
        yield from _walk(_with_default_type(key, cfg.get(key)), key, registry, scope, True)


def _plain_problems(cfg: Config) -> Iterator[str]:
    """In the parts that are not built from a registry."""
    for key, known in _PLAIN_KEYS.items():
        part = cfg.get(key)
        if isinstance(part, Mapping):
            yield from unknown_keys(part, known, key, key)
            if key.endswith('_dataloader') and 'dataset' not in part:
                yield f'{key}.dataset: a data loader needs a data set.'
    for keys in _TOGETHER:
        absent = [key for key in keys if cfg.get(key) is None]
        if 0 < len(absent) < len(keys):
            yield f'{absent[0]}: {", ".join(keys)} must be all given, or all None.'
    seed = (cfg.get('randomness') or {}).get('seed')
    if not fits(seed, int | None):
        yield f'randomness.seed: the seed must be a whole number or None, not {seed!r}.'
    level = cfg.get('log_level', 'INFO')
    if level not in _LOG_LEVELS:
        yield f'log_level: must be one of {", ".join(_LOG_LEVELS)}, not {level!r}.'
    yield from run_setting_problems(cfg)


def _misspelt_top_level(cfg: Config) -> Iterator[str]:
    for key in cfg:
        close = difflib.get_close_matches(key, _RUNNER_KEYS, n=1, cutoff=0.85)
        is_variant = close and (key.startswith(close[0]) or key.endswith(close[0]))
        if close and key not in _RUNNER_KEYS and not is_variant:
            yield f'{key}: nothing reads this key; did you mean {close[0]!r}?'


def _with_default_type(key: str, node: object) -> object:
    """Give a part that may leave its type out the one that the Runner takes."""
    if not isinstance(node, Mapping) or 'type' in node:
        return node
    if key == 'optim_wrapper' and (parts := optim_wrapper_parts(node)):
        roles = [parts[role] for role in OPTIM_ROLES if role in parts]
        optimizers = [role.get('optimizer') or {} for role in roles]
        if len({str(optimizer.get('type')) for optimizer in optimizers}) == 1:
            role = {'optimizer': optimizers[0]}  # of parts that only change settings of it
            parts = {name: over_role(role, part) for name, part in parts.items()}
        return {name: _with_default_type(key, part) for name, part in parts.items()}
    if key == 'train_cfg':
        loop = EpochBasedTrainLoop if node.get('by_epoch', True) else IterBasedTrainLoop
        return {**{k: v for k, v in node.items() if k != 'by_epoch'}, 'type': loop}
    if key in _DEFAULT_TYPES:
        return {**node, 'type': _DEFAULT_TYPES[key]}
    return node


def _walk(
    node: object, path: str, registry: Registry, scope: str, registered: bool
) -> Iterator[str]:
    """Check ``node`` and what is below; ``registered`` says that ``node`` is built as it stands."""
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            yield from _walk(item, f'{path}.{index}', registry, scope, registered)
    elif isinstance(node, Mapping):
        scope = node.get('_scope_', scope)
        component = _component(node, registry, scope)
        if component is not None:
            if registered:
                yield from _check_part(component, node, path, registry)
            registered = component.__module__.startswith('seginpaint_mm.')
        elif 'type' in node and registered:
            yield _unknown_type(node['type'], path, registry, scope)
        for key, value in node.items():
            below = registered or bool(_REGISTERED.fullmatch(key))
            yield from _walk(value, f'{path}.{key}', NESTED.get(key, registry), scope, below)


def _component(node: Mapping, registry: Registry, scope: str) -> Callable | None:
    """The class or function that ``node`` is built by; None where its type is unknown."""
    kind = node.get('type')
    if isinstance(kind, str):
        return find_component(kind, registry, scope)
    return kind if callable(kind) else None


def _check_part(component: Callable, node: Mapping, path: str, registry: Registry) -> Iterator[str]:
    name = getattr(component, '__name__', str(component))
    package = _PACKAGES.get(name)
    if package and importlib.util.find_spec(package) is None:
        yield (
            f'{path}: {name} needs the package {package}, which is not installed: '
            f'pip install {package}, or remove it from the config.'
        )
    yield from _wrong_arguments(component, node, path, registry)


def _unknown_type(name: object, path: str, registry: Registry, scope: str) -> str:
    nearest = nearest_name(str(name), registry, scope)
    advice = f'did you mean {nearest!r}?' if nearest else 'is its module in custom_imports?'
    return f'{path}.type: there is no {registry.name} {name!r}; {advice}'


def _wrong_arguments(
    component: Callable, node: Mapping, path: str, registry: Registry
) -> Iterator[str]:
    accepted = accepted_arguments(component)
    if accepted is None or registry is FUNCTIONS:
        return
    consumed = {'type', '_scope_', *CONSUMED.get(registry, ())}
    given = [key for key in node if key not in consumed]
    yield from unknown_keys(given, accepted, path, component.__name__)
    for key, expected, value in wrong_types(component, {key: node[key] for key in given}):
        yield f'{path}.{key}: {component.__name__} takes {expected} here, not {value!r}.'


def located_error(error: Exception, cfg: Config) -> ConfigError | None:
    """``error`` with the path of the innermost part that was being built; None if none was.

    The path is left out where it is ambiguous: several parts may be of one type.
    """
    frames = [frame for frame in _frames(error) if _builds(frame)]
    if not frames:
        return None
    part = frames[-1].f_locals['cfg']
    component = frames[-1].f_locals.get('obj_cls')
    name = getattr(component, '__name__', part.get('type'))
    path = _path(cfg, part)
    where = f'{path} ({name})' if path else str(name)
    kind = '' if isinstance(error, (ValueError, OSError)) else f'{type(error).__name__}: '
    return ConfigError(f'{where}: {kind}{error}')


# What PyTorch says where a part's numbers of channels or features do not fit what it is given.
_MISFIT = re.compile(
    r'expected input.* to have \d+ channels|shapes cannot be multiplied|to be divisible by'
    r'|expected weight to be a vector|running_mean should contain|does not match the input'
)


def misfitting_part(error: Exception, model: nn.Module) -> ConfigError | None:
    """``error`` with the name of the innermost module that was given a tensor of a wrong shape.

    None where the error is another one, or arose outside of ``model``.
    """
    if not isinstance(error, (RuntimeError, ValueError)) or not _MISFIT.search(str(error)):
        return None
    names = {id(module): name for name, module in model.named_modules() if name}
    running = [frame.f_locals.get('self') for frame in _frames(error)]
    inside = [(names[id(part)], part) for part in running if id(part) in names]
    if not inside:
        return None
    name, part = inside[-1]
    return ConfigError(
        f'model.{name} ({type(part).__name__}) does not fit what it is given: {error}. '
        f'Check in_channels, channels and num_classes of the parts before and after it.'
    )


def _frames(error: Exception) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _builds(frame: FrameType) -> bool:
    code = build_functions.build_from_cfg.__code__
    return frame.f_code is code and isinstance(frame.f_locals.get('cfg'), Mapping)


def _path(cfg: Config, part: Mapping) -> str | None:
    """Where ``part`` stands; arguments may have come to it, or gone, on the way to the builder."""
    parts = list(_typed_parts(dict(cfg.items()), ''))
    for path, node in parts:
        if all(key in part and part[key] == value for key, value in node.items()):
            return path
    alike = [path for path, node in parts if node['type'] == part.get('type')]
    return alike[0] if len(alike) == 1 else None


def _typed_parts(node: object, path: str) -> Iterator[tuple[str, Mapping]]:
    """Path and config of everything with a type, in the order of the config."""
    if isinstance(node, Mapping):
        if 'type' in node:
            yield path, node
        items: Iterable[tuple[object, object]] = node.items()
    elif isinstance(node, (list, tuple)):
        items = enumerate(node)
    else:
        return
    for key, value in items:
        yield from _typed_parts(value, f'{path}.{key}'.lstrip('.'))
