"""Make the network of a config a quarter as wide, with as many layers and outputs.

Networks of the papers' widths take up to a minute each to be drawn, saved and loaded.
"""

import copy
import inspect

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from seginpaint_mm.registry import MODELS

_LARGE = 20e6  # parameters
_FACTOR = 4
_WIDE = 32  # counts of channels from here on are widths; fewer are classes, masks or colours


def is_large(cfg: Config) -> bool:
    with torch.device('meta'), DefaultScope.overwrite_default_scope('seginpaint_mm'):
        model = MODELS.build(copy.deepcopy(cfg.model))
    return sum(parameter.numel() for parameter in model.parameters()) > _LARGE


def thin(cfg: Config) -> Config:
    """Return the config with a thin network.

    Every number of channels is divided, those that a class takes by default included.
    """
    cfg = cfg.copy()
    _thin(cfg._cfg_dict.model, 'seginpaint_mm')
    return cfg


def _thin(value: object, scope: str) -> None:
    """Thin a part, and its parts, of the library that the part is of."""
    if isinstance(value, dict):
        name, scope = value.get('type'), value.get('_scope_', scope)
        if isinstance(name, str):
            scope, _, name = name.rpartition('.') if '.' in name else (scope, '', name)
        for key, width in {**_defaults(scope, name), **value}.items():
            if key.endswith('channels') and _thinner(width) != width:
                value[key] = _thinner(width)
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            _thin(item, scope)


def _defaults(scope: str, name: object) -> dict[str, object]:
    """What a class, and those that it hands the rest to, take where a config says nothing."""
    found: dict[str, object] = {}
    cls = MODELS.get(f'{scope}.{name}') or MODELS.get(name) if isinstance(name, str) else None
    for base in cls.__mro__ if cls is not None else ():
        parameters = list(inspect.signature(base).parameters.values())
        found = {p.name: p.default for p in parameters if p.default is not p.empty} | found
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found


def _thinner(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return type(value)(_thinner(item) for item in value)
    if isinstance(value, int) and value >= _WIDE and value % 8 == 0:
        return value // _FACTOR
    return value
