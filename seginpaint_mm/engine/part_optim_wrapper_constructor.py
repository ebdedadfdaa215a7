"""An optimiser for each part of a model, from a config."""

from collections.abc import Collection, Mapping

from mmengine.model import is_model_wrapper
from mmengine.optim import build_optim_wrapper
from torch import nn

from seginpaint_mm.config_check import OPTIM_ROLES, over_role
from seginpaint_mm.engine.part_optim_wrappers import PartOptimWrappers
from seginpaint_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class PartOptimWrapperConstructor:
    """Builds :class:`PartOptimWrappers` for a model whose ``parts()`` names its parts::

        optim_wrapper = dict(
            constructor='PartOptimWrapperConstructor',
            generators=dict(optimizer=dict(type='Adam', lr=2e-4)),
            discriminators=dict(optimizer=dict(type='Adam', lr=2e-4), every=2),
            edge=dict(optimizer=dict(lr=1e-4)),
        )
        param_scheduler = [dict(type='StepLR', step_size=20)]  # or a list for each part

    ``generators`` and ``discriminators`` are for all parts that the model's methods of these names
    return; a model may have none of a role. A part may also be named by itself: its keys go over
    those of its role, and an ``optimizer`` with a ``type`` replaces the role's.

    Each role or part takes what MMEngine's ``optim_wrapper`` takes (``type``, ``optimizer``,
    ``clip_grad``, ``paramwise_cfg``, ``accumulative_counts``, ...), and ``every``: its n, where the
    part is to be updated in every n-th update only. Training such a config in several processes
    takes ``find_unused_parameters=True``.

    Args:
        optim_wrapper_cfg: Role or part name -> config of its optimiser wrapper.
        paramwise_cfg: None; it goes into the config of a role or part.
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        if paramwise_cfg is not None:
            raise ValueError('optim_wrapper.paramwise_cfg: put it into the config of a part.')
        self._configs = optim_wrapper_cfg

    def __call__(self, model: nn.Module) -> PartOptimWrappers:
        """Build the optimisers.

        Raises:
            ValueError: when the config's parts are not the model's, or weights are in no part.
        """
        model = model.module if is_model_wrapper(model) else model
        configs = part_configs(self._configs, model)
        parts = model.parts()
        _check_weights(model, parts)
        every = {name: config.pop('every', 1) for name, config in configs.items()}
        wrappers = {name: build_optim_wrapper(parts[name], configs[name]) for name in configs}
        return PartOptimWrappers(wrappers, every)


def part_configs(optim_wrapper: Mapping, model: nn.Module) -> dict[str, dict]:
    """Return the optimiser config of each part of a model: that of its role, or its own, or both.

    Args:
        optim_wrapper: Role or part name -> config, as the constructor takes it.
        model: The model.

    Raises:
        ValueError: the model has no parts, lacks a part that is named, or has one that is neither
            named nor in a role that is.
    """
    if not hasattr(model, 'parts'):
        raise ValueError(
            f'optim_wrapper.constructor: {type(model).__name__} has no parts(); remove the '
            f'constructor and give one optimizer.'
        )
    roles = {
        name: optim_wrapper[role]
        for role in OPTIM_ROLES
        for name in getattr(model, role, dict)()
        if role in optim_wrapper
    }
    own = {name: config for name, config in optim_wrapper.items() if name not in OPTIM_ROLES}
    parts = model.parts()
    if not {*own} <= {*parts} <= {*own, *roles}:
        raise ValueError(
            f'optim_wrapper has {_listed(optim_wrapper)}; {type(model).__name__}, as it is '
            f'configured, has the parts {_listed(parts)}: give each part, or its role '
            f'(generators, discriminators), its optimizer.'
        )
    return {name: over_role(roles.get(name, {}), own.get(name, {})) for name in parts}


def _check_weights(model: nn.Module, parts: dict[str, nn.Module]) -> None:
    in_parts = [id(p) for part in parts.values() for p in part.parameters()]
    if len(in_parts) != len(set(in_parts)):
        raise ValueError(
            f'{type(model).__name__}.parts() share weights: two optimizers would move.'
        )
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and id(parameter) not in in_parts:
            raise ValueError(f'{name} of {type(model).__name__} is in none of {_listed(parts)}.')


def _listed(names: Collection[str]) -> str:
    return ', '.join(names) or 'none'
