"""Find the parts of a model that no checkpoint is named for, and that begin at random."""

from collections.abc import Collection, Mapping

import torch

from seginpaint_mm.errors import ConfigError


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
