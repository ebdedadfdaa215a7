"""One config that names the networks of a layered scene, each of which can be exchanged."""

import argparse
from pathlib import Path

from seginpaint_mm.cli import read_config
from seginpaint_mm.config_files import find_config
from seginpaint_mm.errors import ConfigError

# Part -> its keys -> the option of infer.py that each stands for.
_OPTIONS = {
    'instances': dict(config='instances', checkpoint='instances_checkpoint', min_score='min_score'),
    'completion': dict(config='config', checkpoint='checkpoint'),
    'depth_order': dict(
        threshold='depth_threshold', occluders='occluders', occluder_growth='occluder_growth'
    ),
    'inpainter': dict(config='inpainter', checkpoint='inpainter_checkpoint'),
    'layout': dict(config='layout', checkpoint='layout_checkpoint'),
    'layers': dict(rim='rim', feather='layer_feather', formats='formats'),
}


def use_parts(args: argparse.Namespace) -> None:
    """Let a config stand for the options of ``infer.py`` that are not given, and for the task.

    The config holds ``parts``, a dict of parts -> dict of their keys: ``instances`` (``config``,
    ``checkpoint``, ``min_score``), ``completion`` (``config``, ``checkpoint``), ``depth_order``
    (``threshold``, ``occluders``, ``occluder_growth``), ``inpainter`` and ``layout`` (``config``,
    ``checkpoint``), ``layers`` (``rim``, ``feather``, ``formats``). A part that is left out, or
    None, has its default.

    Args:
        args: Of ``infer.py``; ``parts`` is the name of the config, ``_base_/scenes/street`` or a
            file. An option that is given goes before the config; ``--masks`` before ``instances``.

    Raises:
        ConfigError: when the config is missing, or names an unknown part or key.
    """
    path = find_config(Path(args.parts))
    parts = read_config(path).get('parts')
    if not isinstance(parts, dict):
        raise ConfigError(f'{path}: a config for --parts holds a dict called parts.')
    _check(path, parts, _OPTIONS, 'parts')
    args.task = args.task or 'layers'
    for part, options in _OPTIONS.items():
        values = parts.get(part) or {}
        _check(path, values, options, f'parts.{part}')
        is_given = getattr(args, options.get('config', ''), None) is not None
        if is_given or (part == 'instances' and args.masks):
            continue
        for key, option in options.items():
            if values.get(key) is not None and not getattr(args, option):
                setattr(args, option, values[key])


def _check(path: Path, values: dict, known: dict, where: str) -> None:
    unknown = [key for key in values if key not in known]
    if unknown:
        raise ConfigError(
            f'{path}: {where} has no {unknown[0]!r}, only {", ".join(known)}: mend the name.'
        )
