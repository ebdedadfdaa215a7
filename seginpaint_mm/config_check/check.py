"""Reads a whole config before anything is built from it."""

import difflib
import importlib.util
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping

from mmengine.config import Config
from mmengine.registry import FUNCTIONS, Registry
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from seginpaint_mm.errors import ConfigError

from .registries import CONSUMED, NESTED, TOP_LEVEL, find_component, nearest_name
from .signatures import accepted_arguments
from .value_types import wrong_types

_RUNNER_KEYS = {
    *(set(inspect.signature(Runner.__init__).parameters) - {'self', 'cfg'}),
    *('runner_type', 'custom_imports', 'sync_bn', 'find_unused_parameters', 'compile'),
    *('model_wrapper_cfg', 'activation_checkpointing', 'efficient_conv_bn_eval'),
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
_NOT_BUILT = {'nms'}  # holds a type that names a plain function
_PACKAGES = {'TensorboardVisBackend': 'tensorboard'}


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


def _problems(cfg: Config) -> Iterator[str]:
    scope = cfg.get('default_scope') or 'mmengine'
    if importlib.util.find_spec(scope.partition('.')[0]) is None:
        yield f'default_scope: there is no package {scope!r}; use seginpaint_mm.'
        return
    yield from _misspelt_top_level(cfg)
    for key, known in _PLAIN_KEYS.items():
        part = cfg.get(key)
        if isinstance(part, Mapping):
            yield from _unknown_keys(part, known, key, key)
            if key.endswith('_dataloader') and 'dataset' not in part:
                yield f'{key}.dataset: a data loader needs a data set.'
    for key, registry in TOP_LEVEL.items():
        yield from _walk(_with_default_type(key, cfg.get(key)), key, registry, scope)


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
    if key == 'train_cfg':
        loop = EpochBasedTrainLoop if node.get('by_epoch', True) else IterBasedTrainLoop
        return {**{k: v for k, v in node.items() if k != 'by_epoch'}, 'type': loop}
    if key in _DEFAULT_TYPES:
        return {**node, 'type': _DEFAULT_TYPES[key]}
    return node


def _walk(node: object, path: str, registry: Registry, scope: str) -> Iterator[str]:
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            yield from _walk(item, f'{path}.{index}', registry, scope)
    elif isinstance(node, Mapping):
        scope = node.get('_scope_', scope)
        if 'type' in node:
            yield from _check_part(node, path, registry, scope)
        for key, value in node.items():
            if key not in _NOT_BUILT:
                yield from _walk(value, f'{path}.{key}', NESTED.get(key, registry), scope)


def _check_part(node: Mapping, path: str, registry: Registry, scope: str) -> Iterator[str]:
    component = node['type']
    if isinstance(component, str):
        component = find_component(component, registry, scope)
        if component is None:
            yield _unknown_type(node['type'], path, registry, scope)
            return
    name = getattr(component, '__name__', str(component))
    if not callable(component):
        yield f'{path}.type: {name!r} is neither a name nor a class.'
        return
    package = _PACKAGES.get(name)
    if package and importlib.util.find_spec(package) is None:
        yield (
            f'{path}: {name} needs the package {package}, which is not installed: '
            f'pip install {package}, or remove it from the config.'
        )
    yield from _wrong_arguments(component, node, path, registry)


def _unknown_type(name: str, path: str, registry: Registry, scope: str) -> str:
    nearest = nearest_name(name, registry, scope)
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
    yield from _unknown_keys(given, accepted, path, component.__name__)
    for key, expected, value in wrong_types(component, {key: node[key] for key in given}):
        yield f'{path}.{key}: {component.__name__} takes {expected} here, not {value!r}.'


def _unknown_keys(given: Iterable[str], known: set[str], path: str, owner: str) -> Iterator[str]:
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            advice = f'did you mean {close[0]!r}?' if close else f'it takes {_listed(known)}.'
            yield f'{path}.{key}: {owner} takes no {key!r}; {advice}'


def _listed(names: set[str]) -> str:
    return ', '.join(sorted(names)) or 'no arguments'
