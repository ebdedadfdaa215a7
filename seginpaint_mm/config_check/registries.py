"""Which registry a part of a config is built from, and what is in it."""

import difflib
import importlib
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

from mmengine import registry as mmengine_registry
from mmengine.registry import (
    DATA_SAMPLERS,
    DATASETS,
    FUNCTIONS,
    HOOKS,
    LOG_PROCESSORS,
    LOOPS,
    METRICS,
    MODEL_WRAPPERS,
    MODELS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    TRANSFORMS,
    VISBACKENDS,
    VISUALIZERS,
    WEIGHT_INITIALIZERS,
    Registry,
)

from seginpaint_mm.interop.mmengine import only_log

_LIBRARIES = ('seginpaint_mm', 'mmseg', 'mmdet')
_ROOTS = [v for v in vars(mmengine_registry).values() if isinstance(v, Registry)]

# Parts of a config that MMEngine's Runner builds, and their registries.
TOP_LEVEL = {
    'model': MODELS,
    'data_preprocessor': MODELS,
    'tta_model': MODELS,
    'tta_pipeline': TRANSFORMS,
    'train_dataloader': DATASETS,
    'val_dataloader': DATASETS,
    'test_dataloader': DATASETS,
    'val_evaluator': METRICS,
    'test_evaluator': METRICS,
    'optim_wrapper': OPTIM_WRAPPERS,
    'param_scheduler': PARAM_SCHEDULERS,
    'default_hooks': HOOKS,
    'custom_hooks': HOOKS,
    'visualizer': VISUALIZERS,
    'train_cfg': LOOPS,
    'val_cfg': LOOPS,
    'test_cfg': LOOPS,
    'log_processor': LOG_PROCESSORS,
    'model_wrapper_cfg': MODEL_WRAPPERS,
}
# Keys further down whose parts come from another registry than what holds them.
NESTED = {
    'sampler': DATA_SAMPLERS,
    'batch_sampler': DATA_SAMPLERS,
    'collate_fn': FUNCTIONS,
    'worker_init_fn': FUNCTIONS,
    'pipeline': TRANSFORMS,
    'transforms': TRANSFORMS,
    'optimizer': OPTIMIZERS,
    'vis_backends': VISBACKENDS,
    'init_cfg': WEIGHT_INITIALIZERS,
    'data_preprocessor': MODELS,
}
# Keys that are taken out of a part's config before it is built.
CONSUMED = {
    OPTIM_WRAPPERS: {'constructor', 'paramwise_cfg', 'every'},
    PARAM_SCHEDULERS: {'convert_to_iter_based'},
    HOOKS: {'priority'},
    WEIGHT_INITIALIZERS: {'override'},
    MODELS: {'requires_grad', 'bg_cls_weight'},  # by norm_cfg's reader, by mmdet's DETR heads
}


def find_component(name: str, registry: Registry, scope: str) -> Callable | None:
    """What ``name`` stands for, searched as MMEngine does; any registry will do in the end."""
    if not name.strip():  # which registries refuse with an error
        return None
    with only_log(logging.ERROR):  # MMEngine warns of every registry that lacks a name
        for candidate in (registry, *_ROOTS):
            with candidate.switch_scope_and_registry(scope) as scoped:
                component = scoped.get(name)
            if component is not None:
                return component
    return None


def nearest_name(name: str, registry: Registry, scope: str) -> str | None:
    """The name in ``registry`` that is most likely meant, with the prefix that it needs."""
    known = dict(_known_names(registry, scope))
    bare = name.rpartition('.')[2]
    same = [full for full, short in known.items() if short.lower() == bare.lower()]
    if same:
        return same[0]
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return close[0]
    close = difflib.get_close_matches(bare, known.values(), n=1)
    return next((full for full, short in known.items() if short in close), None)


def _known_names(registry: Registry, scope: str) -> Iterator[tuple[str, str]]:
    """Full name -> bare name, the config's own scope first."""
    with only_log(logging.ERROR):
        for library in _LIBRARIES:
            _import_registry(library)
        root = registry.root
        for node in sorted((root, *_children(root)), key=lambda r: r.scope != scope):
            with suppress(ImportError):  # mmagic's transforms need what its models do not
                node.import_from_location()
            prefix = '' if node.scope in (scope, root.scope) else f'{node.scope}.'
            for short in node.module_dict:
                yield prefix + short, short


def _children(root: Registry) -> list[Registry]:
    return [child for same_scope in root.children.values() for child in _as_list(same_scope)]


def _as_list(value: object) -> list[Registry]:
    return value if isinstance(value, list) else [value]


def _import_registry(library: str) -> None:
    with suppress(ImportError):  # an optional library has no names to offer
        importlib.import_module(f'{library}.registry')
