"""An optimiser for each part of a model, from a config."""

from mmengine.model import is_model_wrapper
from mmengine.optim import build_optim_wrapper
from torch import nn

from seginpaint_mm.engine.part_optim_wrappers import PartOptimWrappers
from seginpaint_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class PartOptimWrapperConstructor:
    """Builds :class:`PartOptimWrappers` for a model whose ``parts()`` names its parts::

        optim_wrapper = dict(
            constructor='PartOptimWrapperConstructor',
            generator=dict(optimizer=dict(type='Adam', lr=2e-4)),
            discriminator=dict(optimizer=dict(type='Adam', lr=2e-4), every=2),
        )
        param_scheduler = [dict(type='StepLR', step_size=20)]  # or a list for each part

    Each part takes what MMEngine's ``optim_wrapper`` takes (``type``, ``optimizer``, ``clip_grad``,
    ``paramwise_cfg``, ``accumulative_counts``, ...), and ``every``: its n, where the part is to be
    updated in every n-th update only. Training such a config in several processes takes
    ``find_unused_parameters=True``.

    Args:
        optim_wrapper_cfg: Part name -> config of its optimiser wrapper.
        paramwise_cfg: None; it goes into the config of a part.
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
        parts = _parts(model)
        self._check_names(model, parts)
        _check_weights(model, parts)
        configs = {name: dict(config) for name, config in self._configs.items()}
        every = {name: config.pop('every', 1) for name, config in configs.items()}
        wrappers = {name: build_optim_wrapper(parts[name], configs[name]) for name in configs}
        return PartOptimWrappers(wrappers, every)

    def _check_names(self, model: nn.Module, parts: dict[str, nn.Module]) -> None:
        if set(self._configs) != set(parts):
            raise ValueError(
                f'optim_wrapper has {_listed(self._configs)}; {type(model).__name__}, as it is '
                f'configured, has the parts {_listed(parts)}: give each part its optimizer.'
            )


def _parts(model: nn.Module) -> dict[str, nn.Module]:
    if not hasattr(model, 'parts'):
        raise ValueError(
            f'optim_wrapper.constructor: {type(model).__name__} has no parts(); remove the '
            f'constructor and give one optimizer.'
        )
    return model.parts()


def _check_weights(model: nn.Module, parts: dict[str, nn.Module]) -> None:
    in_parts = [id(p) for part in parts.values() for p in part.parameters()]
    if len(in_parts) != len(set(in_parts)):
        raise ValueError(
            f'{type(model).__name__}.parts() share weights: two optimizers would move.'
        )
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and id(parameter) not in in_parts:
            raise ValueError(f'{name} of {type(model).__name__} is in none of {_listed(parts)}.')


def _listed(names: dict) -> str:
    return ', '.join(names) or 'none'
