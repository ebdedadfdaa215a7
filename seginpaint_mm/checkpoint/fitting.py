"""Compare a checkpoint's tensors with the model that is to take them."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from mmengine.logging import print_log

from seginpaint_mm.checkpoint.loading import load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError


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


def non_finite_tensors(state_dict: Mapping[str, object]) -> list[str]:
    """Names of the floating-point tensors that hold NaN or infinity."""
    return [
        name
        for name, value in state_dict.items()
        if isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and not torch.isfinite(value).all()
    ]


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
