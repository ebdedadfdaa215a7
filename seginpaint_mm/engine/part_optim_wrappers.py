"""Optimisers by part of a model: generators, discriminators."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict, build_optim_wrapper
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from seginpaint_mm.config_check import OPTIM_ROLES, over_role
from seginpaint_mm.registry import OPTIM_WRAPPER_CONSTRUCTORS
from seginpaint_mm.utils.torch_modules import frozen


class PartOptimWrappers(OptimWrapperDict):
    """An ``OptimWrapperDict`` that a model is trained with as with a single ``OptimWrapper``.

    There is one loss and one backward pass, so the wrappers must agree in precision, loss scale
    and ``accumulative_counts``; the first one counts iterations for all. A part that rests in an
    iteration is frozen for it: neither its gradients nor, in :class:`AdversarialModel`, its losses
    are computed.

    Args:
        wrappers: Part name -> its optimiser wrapper.
        every: Part name -> it is updated in every n-th update only, beginning with the first.
            Parts that are not named are updated every time.

    Raises:
        ValueError: when the wrappers differ, or there are updates in which all parts rest.
    """

    def __init__(
        self, wrappers: dict[str, OptimWrapper], every: dict[str, int] | None = None
    ) -> None:
        super().__init__(**wrappers)
        self._every = {name: (every or {}).get(name, 1) for name in wrappers}
        self._lead = next(iter(wrappers.values()))
        self._check_every()
        self._check_agreement()
        for wrapper in wrappers.values():
            if hasattr(wrapper, 'loss_scaler'):
                wrapper.loss_scaler = self._lead.loss_scaler

    def _check_every(self) -> None:
        if any(not isinstance(n, int) or n < 1 for n in self._every.values()):
            raise ValueError(f'optim_wrapper: every must be a whole number from 1, {self._every}.')
        if min(self._every.values()) > 1:
            raise ValueError(
                f'optim_wrapper: in some iterations no part would be updated ({self._every}); '
                f'leave every=1 for at least one part.'
            )

    def _check_agreement(self) -> None:
        expected = _shared_settings(self._lead)
        for name, wrapper in self.items():
            for key, value in _shared_settings(wrapper).items():
                if value != expected[key]:
                    raise ValueError(
                        f'optim_wrapper: the parts have one backward pass and must agree in '
                        f'{key}, but {next(iter(self.keys()))} has {expected[key]} and {name} has '
                        f'{value}.'
                    )

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Around the forward pass: precision, and no gradients for the parts that rest.

        Raises:
            ValueError: when parts rest, but the model's wrapper expects gradients of all.
        """
        self._check_wrapper(model)
        resting = [
            parameter
            for name, wrapper in self.items()
            if not self._is_due(name)
            for group in wrapper.optimizer.param_groups
            for parameter in group['params']
        ]
        with frozen(resting), self._lead.optim_context(model):
            yield

    def update_params(
        self,
        loss: Tensor,
        step_kwargs: dict | None = None,
        zero_kwargs: dict | None = None,
    ) -> None:
        """Differentiate the loss, and step those that are due once enough is accumulated."""
        due = [wrapper for name, wrapper in self.items() if self._is_due(name)]
        self._lead.backward(self._lead.scale_loss(loss))
        if self._lead.should_update():
            self._step(due, step_kwargs or {})
            for wrapper in self.values():
                wrapper.zero_grad(**(zero_kwargs or {}))

    def _step(self, due: list[OptimWrapper], step_kwargs: dict) -> None:
        scaler = getattr(self._lead, 'loss_scaler', None)
        if scaler is None:
            for wrapper in due:
                wrapper.step(**step_kwargs)
            return
        for wrapper in due:  # AmpOptimWrapper.step would change the common scale between two
            if wrapper.clip_grad_kwargs:
                scaler.unscale_(wrapper.optimizer)
                wrapper._clip_grad()
            scaler.step(wrapper.optimizer, **step_kwargs)
        scaler.update(self._lead._scale_update_param)

    def initialize_count_status(self, model: nn.Module, cur_iter: int, max_iters: int) -> None:
        """Called by the Runner, also after a resume: count on from ``cur_iter``."""
        self._lead.initialize_count_status(model, cur_iter, max_iters)

    def _is_due(self, name: str) -> bool:
        update = self._lead.inner_count // self._lead._accumulative_counts
        return update % self._every[name] == 0

    def _check_wrapper(self, model: nn.Module) -> None:
        rests = max(self._every.values()) > 1
        parallel = isinstance(model, DistributedDataParallel)
        if rests and parallel and not model.find_unused_parameters:
            raise ValueError(
                f'Parts that rest (optim_wrapper: every, {self._every}) give no gradients: set '
                f'find_unused_parameters=True in the config to train in several processes.'
            )


def _shared_settings(wrapper: OptimWrapper) -> dict[str, object]:
    scaler = getattr(wrapper, 'loss_scaler', None)
    return {
        'type': type(wrapper).__name__,
        'accumulative_counts': wrapper._accumulative_counts,
        'dtype': getattr(wrapper, 'cast_dtype', None),
        'loss_scale': None if scaler is None else scaler.state_dict(),
    }


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
