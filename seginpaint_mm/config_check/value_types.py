"""Whether a config's value is of the type that a constructor's annotation asks for."""

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence

_PACKAGE = 'seginpaint_mm.'


def wrong_types(component: Callable, arguments: Mapping) -> Iterator[tuple[str, str, object]]:
    """Name, expected type and value of each argument whose type is wrong.

    Only this package's annotations are relied on: those of the other libraries are not exact.
    """
    if not getattr(component, '__module__', '').startswith(_PACKAGE):
        return
    function = component.__init__ if inspect.isclass(component) else component
    hints = typing.get_type_hints(function)
    for name, value in arguments.items():
        if name in hints and not fits(value, hints[name]):
            yield name, _text(hints[name]), value


def fits(value: object, hint: object) -> bool:
    """Whether ``value`` may be given where ``hint`` is annotated; true where that is unclear."""
    origin = typing.get_origin(hint) or hint
    arguments = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, option) for option in arguments)
    if origin in (int, float):
        numbers = (int,) if origin is int else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool)
    if origin in (Sequence, list, tuple):
        if isinstance(value, str) or not isinstance(value, Sequence):
            return False
        every = arguments[0] if len(arguments) == 1 or arguments[1:] == (...,) else object
        return all(fits(item, every) for item in value)
    if origin in (str, bool, type(None)):
        return isinstance(value, origin)
    if origin in (dict, Mapping):
        return isinstance(value, Mapping)
    return True


def _text(hint: object) -> str:
    return getattr(hint, '__name__', str(hint)) if not typing.get_args(hint) else str(hint)
