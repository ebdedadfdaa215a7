"""Tells from which part of a config an error came while that part was being built."""

from collections.abc import Iterable, Iterator, Mapping
from types import FrameType

from mmengine.config import Config
from mmengine.registry import build_functions

from seginpaint_mm.errors import ConfigError


def located_error(error: Exception, cfg: Config) -> ConfigError | None:
    """``error`` with the path of the innermost part that was being built; None if none was.

    The path is left out where it cannot be told: several parts may be of one type.
    """
    frames = [frame for frame in _frames(error) if _builds(frame)]
    if not frames:
        return None
    part = frames[-1].f_locals['cfg']
    component = frames[-1].f_locals.get('obj_cls')
    name = getattr(component, '__name__', part.get('type'))
    path = _path(cfg, part)
    where = f'{path} ({name})' if path else str(name)
    kind = '' if isinstance(error, (ValueError, OSError)) else f'{type(error).__name__}: '
    return ConfigError(f'{where}: {kind}{error}')


def _frames(error: Exception) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _builds(frame: FrameType) -> bool:
    code = build_functions.build_from_cfg.__code__
    return frame.f_code is code and isinstance(frame.f_locals.get('cfg'), Mapping)


def _path(cfg: Config, part: Mapping) -> str | None:
    """Where ``part`` stands; arguments may have come to it, or gone, on the way to the builder."""
    parts = list(_typed_parts(dict(cfg.items()), ''))
    for path, node in parts:
        if all(key in part and part[key] == value for key, value in node.items()):
            return path
    alike = [path for path, node in parts if node['type'] == part.get('type')]
    return alike[0] if len(alike) == 1 else None


def _typed_parts(node: object, path: str) -> Iterator[tuple[str, Mapping]]:
    """Path and config of everything with a type, in the order of the config."""
    if isinstance(node, Mapping):
        if 'type' in node:
            yield path, node
        items: Iterable[tuple[object, object]] = node.items()
    elif isinstance(node, (list, tuple)):
        items = enumerate(node)
    else:
        return
    for key, value in items:
        yield from _typed_parts(value, f'{path}.{key}'.lstrip('.'))
