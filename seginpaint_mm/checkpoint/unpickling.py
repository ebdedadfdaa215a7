"""Unpickling that finds tensors, plain values and MMEngine's log history, and nothing else."""

import pickle
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.utils import digit_version

torch_load = torch.load  # kept: enable_safe_loading() puts another function in its place
# before, torch's own safe loading cannot be given names to find
_CAN_BE_TOLD = digit_version(torch.__version__) >= digit_version('2.7')


def load_plain_data(path: str | Path | IO[bytes], map_location: Any) -> Any:
    """``torch.load`` of a file whose pickle may name nothing but ``_ALLOWED`` and tensors.

    Raises:
        pickle.UnpicklingError: the file names anything else.
        Exception: whatever torch and pickle raise for damaged files.
    """
    if _CAN_BE_TOLD:
        with _only_allowed():
            data = torch_load(path, map_location=map_location, weights_only=True)
    else:
        data = load_restricted(path, map_location)
    _restore_history(data)
    _drop_functions(data)
    return data


@contextmanager
def _only_allowed() -> Iterator[None]:
    """Let torch find ``_ALLOWED`` and nothing that others allowed: MMEngine allows ``getattr``."""
    others = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals([(value, name) for name, value in _ALLOWED.items()])
    try:
        yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(others)


def load_restricted(path: str | Path | IO[bytes], map_location: Any) -> dict:
    """The same with pickle's documented restriction, for an older torch."""
    restricted = types.SimpleNamespace(
        __name__='restricted_pickle', Unpickler=_RestrictedUnpickler, load=_restricted_load
    )
    return torch_load(path, map_location=map_location, weights_only=False, pickle_module=restricted)


def section(data: object, *names: str) -> dict:
    """The dict at ``data[name][name]...``; empty where there is none."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


class _History:
    """Takes :class:`HistoryBuffer`'s place while unpickling: its numbers without its functions."""

    def __setstate__(self, state: dict) -> None:
        self.log_history = state.get('_log_history')
        self.count_history = state.get('_count_history')
        self.max_length = state.get('max_length', 1000000)

    def restored(self) -> HistoryBuffer:
        return HistoryBuffer(self.log_history, self.count_history, self.max_length)


class _Function:
    """Takes the place of MMEngine's methods, which histories and OneCycleLR name by ``getattr``."""

    def __init__(self, *_: object) -> None:
        pass


def _latin1(text: str, _: str) -> bytes:
    """How pickle writes bytes; stands for ``_codecs.encode``."""
    return text.encode('latin1')


def _numpy_globals() -> dict[str, Callable]:
    name = 'core' if np.__version__.startswith('1.') else '_core'  # 1.26's _core is empty
    core = getattr(np, name)
    allowed: dict[str, Callable] = {'numpy.ndarray': np.ndarray, 'numpy.dtype': np.dtype}
    for module in ('numpy.core.multiarray', 'numpy._core.multiarray'):  # numpy 1 and 2
        allowed[f'{module}._reconstruct'] = core.multiarray._reconstruct
        allowed[f'{module}.scalar'] = core.multiarray.scalar
    for code in '?bBhHiIlLqQefdUS':
        dtype = type(np.dtype(code))
        allowed[f'{dtype.__module__}.{dtype.__qualname__}'] = dtype
    return allowed


_ALLOWED: dict[str, Callable] = {
    **_numpy_globals(),
    'mmengine.logging.history_buffer.HistoryBuffer': _History,
    '_codecs.encode': _latin1,
    'builtins.getattr': _Function,
    '__builtin__.getattr': _Function,
    'mmengine.optim.scheduler.param_scheduler.OneCycleParamScheduler': _Function,
}


class _RestrictedUnpickler(pickle.Unpickler):
    """Finds what torch's own safe loading allows and ``_ALLOWED``, nothing else."""

    def find_class(self, module: str, name: str) -> object:
        allowed = {**torch._weights_only_unpickler._get_allowed_globals(), **_ALLOWED}
        full_name = f'{module}.{name}'
        if full_name not in allowed:
            raise pickle.UnpicklingError(f'GLOBAL {full_name} was not an allowed global')
        return allowed[full_name]


def _restricted_load(file: IO[bytes], **kwargs: Any) -> object:
    return _RestrictedUnpickler(file, **kwargs).load()


def _restore_history(data: object) -> None:
    scalars = section(data, 'message_hub', 'log_scalars')
    for name, value in scalars.items():
        if isinstance(value, _History):
            scalars[name] = value.restored()


def _drop_functions(data: object) -> None:
    """Leave to a fresh scheduler what function it calls, e.g. the annealing of OneCycleLR."""
    schedulers = data.get('param_schedulers') if isinstance(data, dict) else None
    parts = schedulers.values() if isinstance(schedulers, dict) else [schedulers]
    for state in chain.from_iterable(part for part in parts if isinstance(part, list)):
        for key in [key for key, value in section(state).items() if isinstance(value, _Function)]:
            del state[key]
