"""The optimisers of a model's parts: one backward pass, then a step of each."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

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
