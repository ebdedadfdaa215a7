"""Checkpoints from strangers: loaded without running their code, compared with the model."""

import functools
import json
import logging
import os
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.error import URLError

import torch
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from safetensors import SafetensorError, safe_open

from seginpaint_mm.errors import CheckpointError, ConfigError
from seginpaint_mm.safe_unpickling import load_plain_data, section, torch_load
from seginpaint_mm.zoo.shipped import named_file

UNSAFE_LOAD = 'SEGINPAINT_UNSAFE_LOAD'
SAFETENSORS = '.safetensors'
META = 'meta'  # of a safetensors file: JSON of what ``meta`` of a checkpoint holds


def load_checkpoint_safely(
    path: str | Path | IO[bytes], map_location: str | torch.device | Callable | None = 'cpu'
) -> dict:
    """Load a checkpoint of tensors, plain Python values and MMEngine's log history.

    It is a file (of ``torch.save``, or ``.safetensors``), the name of a network in the package
    (:data:`seginpaint_mm.zoo.SHIPPED`), or an address that MMEngine can load from
    (``https://...``), which is downloaded once.

    Nothing in the file can run code: neither its pickle nor the config texts in it, which MMEngine
    would execute on resume and in its inferencer and which are therefore left out.
    The environment variable ``SEGINPAINT_UNSAFE_LOAD=1`` lifts both restrictions.

    Raises:
        CheckpointError: the file is missing, damaged, cannot be downloaded, or needs code to be
            run.
    """
    path = named_file(path) if isinstance(path, str) else path
    name = str(path if isinstance(path, (str, Path)) else getattr(path, 'name', path))
    if isinstance(path, str) and '://' in path:
        enable_safe_loading()
        return CheckpointLoader.load_checkpoint(path, map_location)
    if isinstance(path, (str, Path)) and not Path(path).is_file():
        raise CheckpointError(f'Checkpoint {name} does not exist: check the path.')
    if isinstance(path, (str, Path)) and Path(path).suffix == SAFETENSORS:
        return _read_safetensors(str(path), map_location)
    if os.environ.get(UNSAFE_LOAD) == '1':
        return torch_load(path, map_location=map_location, weights_only=False)
    if _is_torchscript(path):
        raise CheckpointError(
            f'{name} is a TorchScript program, not a checkpoint: give one written by '
            f'tools/train.py or torch.save.'
        )
    try:
        checkpoint = load_plain_data(path, map_location)
    except Exception as error:
        raise CheckpointError(_refusal(name, error)) from error
    _drop_config_texts(checkpoint)
    return checkpoint


def _read_safetensors(name: str, map_location: str | torch.device | Callable | None) -> dict:
    """Tensors and the text ``meta``: such a file can hold nothing else."""
    device = map_location if isinstance(map_location, (str, torch.device)) else 'cpu'
    try:
        with safe_open(name, framework='pt', device=str(device)) as file:
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 no dict
            meta = json.loads((file.metadata() or {}).get(META, '{}'))
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(
            f'{name} cannot be read: it is cut short, damaged, or no safetensors file ({error}).'
        ) from error
    return dict(state_dict=state, meta=meta)


def enable_safe_loading() -> None:
    """Let everything that MMEngine loads (resume, ``load_from``, ``init_cfg``, URLs) go through
    :func:`load_checkpoint_safely`. Calling it again changes nothing."""
    original = CheckpointLoader.load_checkpoint.__func__
    if getattr(original, 'is_safe', False):
        return

    @functools.wraps(original)
    def load_checkpoint(
        cls: type[CheckpointLoader],
        filename: str,
        map_location: str | None = None,
        logger: str = 'current',
    ) -> dict:
        filename = named_file(filename)
        if '://' not in filename and not Path(filename).expanduser().is_file():
            raise CheckpointError(f'Checkpoint {filename} does not exist: check the path.')
        with _torch_load_replaced(), _told_downloads(filename):
            return original(cls, filename, map_location, logger)

    setattr(load_checkpoint, 'is_safe', True)  # noqa: B010 (functions declare no such attribute)
    CheckpointLoader.load_checkpoint = classmethod(load_checkpoint)


def non_finite_tensors(state_dict: Mapping[str, object]) -> list[str]:
    """Names of the floating-point tensors that hold NaN or infinity."""
    return [
        name
        for name, value in state_dict.items()
        if isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and not torch.isfinite(value).all()
    ]


def check_checkpoint_fits(
    model: torch.nn.Module,
    checkpoint: dict,
    name: str,
    *,
    partly: bool = False,
    resumes: bool = False,
) -> dict[str, torch.Tensor]:
    """Compare a loaded checkpoint with the model that is to take it.

    Where an earlier version of this package built a module otherwise, and the module knows how
    (``earlier_form(state, prefix)`` returns the arguments, ``take_earlier_form`` applies them), it
    becomes what it was, with a warning.

    Args:
        model: unwrapped model. Buffers that it names in ``tensors_of_any_shape`` are as large as
            what it has seen, and so may be of another shape.
        checkpoint: with ``state_dict``, or a state dict itself; a prefix ``module.`` is ignored.
        name: the checkpoint's path, for the message.
        partly: accept missing and unexpected tensors as long as one matches (fine-tuning).
        resumes: the training of the checkpoint goes on: the model must be built as it was.

    Returns:
        The checkpoint's state dict without prefixes.

    Raises:
        CheckpointError: tensors are missing, unexpected, of another shape, or not finite; the
            sentence says how many match and names the first of each kind.
    """
    state = _state_dict(checkpoint)
    _take_earlier_forms(model, state, name, resumes=resumes)
    expected = _without_counters(model.state_dict())
    differences = _differences(expected, state, getattr(model, 'tensors_of_any_shape', ()))
    num_unmatched = len(differences['missing']) + len(differences['of another shape'])
    num_matched = len(expected) - num_unmatched
    if num_matched == 0 or (not partly and any(differences.values())):
        found = ', '.join(f'{len(v)} {k} (first: {v[0]})' for k, v in differences.items() if v)
        raise CheckpointError(
            f'{name} is not a checkpoint of this {type(model).__name__}: {num_matched} of '
            f'{len(expected)} tensors match, {found}; give the config that it was trained with.'
        )
    broken = non_finite_tensors(state)
    if broken:
        raise CheckpointError(
            f'{name} holds NaN or infinity in {len(broken)} tensors (first: {broken[0]}): its '
            f'training diverged; use an earlier checkpoint.'
        )
    return state


def keep_what_fits(model: torch.nn.Module, checkpoint: dict) -> str:
    """Replace what a checkpoint lacks or has in another shape by the model's own values.

    Args:
        model: unwrapped model, as it begins.
        checkpoint: with ``state_dict``, which is changed in place; what the model does not have is
            left out of it.

    Returns:
        One sentence: how much was loaded, and which modules are new.
    """
    own, given = model.state_dict(), _state_dict(checkpoint)
    of_any_shape = getattr(model, 'tensors_of_any_shape', ())
    fitting = {
        name: given[name]
        for name, value in own.items()
        if name in given
        and (name in of_any_shape or getattr(given[name], 'shape', None) == value.shape)
    }
    checkpoint['state_dict'] = {**own, **fitting}
    new = [name for name in _without_counters(own) if name not in fitting]
    unused = [name for name in _without_counters(given) if name not in own]
    parts = list(dict.fromkeys(name.rpartition('.')[0] for name in new))
    changed = _changed_shape(given, own)
    total = len(_without_counters(own))
    return (
        f'{total - len(new)} of {total} tensors are loaded'
        + (f'; from scratch: {", ".join(parts)}' if parts else '')
        + (f' ({changed})' if changed else '')
        + (f'; {len(unused)} of the checkpoint are not used' if unused else '')
        + '.'
    )


def _changed_shape(given: Mapping, own: Mapping) -> str:
    """The first tensor whose shape has changed, for people."""
    for name, value in own.items():
        shape = getattr(given.get(name), 'shape', value.shape)
        if shape != value.shape and len(shape) == len(value.shape):
            return f'{name} {tuple(shape)} becomes {tuple(value.shape)}'
    return ''


def _take_earlier_forms(
    model: torch.nn.Module, state: Mapping[str, object], name: str, *, resumes: bool
) -> None:
    """Let the modules that an earlier version built otherwise become what the checkpoint is of."""
    options: dict[str, object] = {}
    for place, module in list(model.named_modules()):
        prefix = f'{place}.' if place else ''
        form = module.earlier_form(state, prefix) if hasattr(module, 'earlier_form') else {}
        if form and not resumes:
            module.take_earlier_form(form)
        options |= {f'model.{prefix}{key}': value for key, value in form.items()}
    if not options:
        return
    listed = ' '.join(f'{key}={value}'.replace(' ', '') for key, value in options.items())
    if resumes:
        raise CheckpointError(
            f'{name} was trained by an earlier version, with {listed}: resume it with '
            f'--cfg-options and these.'
        )
    print_log(
        f'{name} was trained by an earlier version: the network is built with {listed}, as then.',
        'current',
        logging.WARNING,
    )


def load_part(part: torch.nn.Module, place: str, path: str | Path) -> None:
    """Load a part of a model from a checkpoint of a model that has it in the same place.

    Args:
        part: the part.
        place: its dotted name in the checkpoint's model, e.g. ``painter.generator``.
        path: the checkpoint.

    Raises:
        CheckpointError: the file is missing or damaged, or what it holds in that place is not the
            part's.
    """
    prefix = f'{place}.'
    state = _state_dict(load_checkpoint_safely(path))
    of_part = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    if not of_part:
        tops = sorted({name.partition('.')[0] for name in state})
        raise CheckpointError(f'{path} has no {place}, only {", ".join(tops) or "nothing"}.')
    check_checkpoint_fits(part, of_part, f'{path} ({place})')
    part.load_state_dict(of_part, strict=False)  # batch counters may be absent


def untrained_parts(model: torch.nn.Module, named: Collection[str] = ()) -> list[str]:
    """Find the parts that predictions need and that no checkpoint is named for.

    Args:
        model: A model.
        named: Names of the parts that a checkpoint is named for (``part_checkpoints``).

    Returns:
        list: Names of ``predicting_parts()``, or else of ``generators()``, or else of the model's
        modules; none of those whose ``init_cfg`` is ``Pretrained``.
    """
    if _is_pretrained(model):
        return []
    if getattr(model, 'tensors_of_any_shape', ()):  # what it has seen is in no init_cfg
        return [type(model).__name__]
    parts = dict(model.named_children())
    for method in ('predicting_parts', 'generators'):
        if hasattr(model, method):
            parts = getattr(model, method)()
            break
    return [name for name, part in parts.items() if name not in named and not _is_covered(part)]


def check_parts_named(model: torch.nn.Module, cfg: Mapping) -> list[str]:
    """Find the untrained parts of a model that is to predict without a checkpoint of its own.

    Args:
        model: Built from ``cfg.model``.
        cfg: The config.

    Returns:
        list: As :func:`untrained_parts`.

    Raises:
        ConfigError: when ``model.part_checkpoints`` names checkpoints, but not of all these parts.
    """
    named = cfg['model'].get('part_checkpoints') or {}
    untrained = untrained_parts(model, named)
    if named and untrained:
        raise ConfigError(
            f'model.part_checkpoints names {", ".join(named)}, but none of '
            f'{", ".join(untrained)}, which would be random: name all of them, or give one '
            f'checkpoint of the whole model.'
        )
    return untrained


def names_checkpoints(model: torch.nn.Module) -> bool:
    """Whether the ``init_cfg`` of a module in the model names a checkpoint."""
    return any(_is_pretrained(module) for module in model.modules())


def _is_covered(module: torch.nn.Module) -> bool:
    """Whether checkpoints are named for all weights of a module."""
    if _is_pretrained(module):
        return True
    own = next(module.parameters(recurse=False), None)
    return own is None and all(_is_covered(child) for child in module.children())


def _is_pretrained(module: torch.nn.Module) -> bool:
    settings = getattr(module, 'init_cfg', None) or []
    several = settings if isinstance(settings, (list, tuple)) else [settings]
    return any(isinstance(one, dict) and one.get('type') == 'Pretrained' for one in several)


def _state_dict(checkpoint: object) -> dict:
    state = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, dict) else {}
    if not isinstance(state, Mapping):
        return {}
    return {str(name).removeprefix('module.'): value for name, value in state.items()}


def _without_counters(state: Mapping[str, object]) -> dict[str, object]:
    """Batch norm's counters are of no consequence, and older checkpoints lack them."""
    return {name: value for name, value in state.items() if 'num_batches_tracked' not in name}


def _differences(expected: dict, state: dict, of_any_shape: Sequence[str]) -> dict[str, list[str]]:
    shapes = {name: tuple(getattr(value, 'shape', ())) for name, value in state.items()}
    return {
        'missing': [name for name in expected if name not in state],
        'unexpected': [name for name in _without_counters(state) if name not in expected],
        'of another shape': [
            f'{name} {shapes[name]} instead of {tuple(value.shape)}'
            for name, value in expected.items()
            if name in state and shapes[name] != tuple(value.shape) and name not in of_any_shape
        ],
    }


@contextmanager
def _told_downloads(filename: str) -> Iterator[None]:
    try:
        yield
    except URLError as error:
        raise CheckpointError(
            f'{filename} cannot be downloaded ({error.reason}): fetch it where there is a network, '
            f'and put the path of the file in its place in the config.'
        ) from error


@contextmanager
def _torch_load_replaced() -> Iterator[None]:
    def load(
        f: str | Path | IO[bytes],
        map_location: str | torch.device | Callable | None = None,
        **_: object,
    ) -> dict:
        return load_checkpoint_safely(f, map_location)

    torch.load = load  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.load = torch_load


def _is_torchscript(path: str | Path | IO[bytes]) -> bool:
    names = []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    if not isinstance(path, (str, Path)):
        path.seek(0)
    return any(name.endswith('/constants.pkl') for name in names)


def _refusal(name: str, error: Exception) -> str:
    reason = str(error)
    found = re.search(r'GLOBAL (\S+) was not an allowed|whose module (\S+) is blocked', reason)
    if found or 'unrecognized function' in reason:
        wanted = f' ({found[1] or found[2]})' if found else ''
        return (
            f'{name} is refused: loading it would run code of its own{wanted}; if you trust who '
            f'made it, repeat with --trust-checkpoint or {UNSAFE_LOAD}=1.'
        )
    return (
        f'{name} cannot be read as a checkpoint: it is cut short, damaged, or was not written by '
        f'torch.save ({_own_words(reason) or type(error).__name__}).'
    )


def _own_words(reason: str) -> str:
    """The first line of an error; nothing where torch advises to load it unsafely."""
    lines = reason.strip().splitlines()
    return '' if not lines or 'weights_only' in lines[0] else lines[0].strip()


def _drop_config_texts(checkpoint: object) -> None:
    section(checkpoint, 'meta').pop('config', None)
    section(checkpoint, 'message_hub', 'runtime_info').pop('cfg', None)
