"""Compare the keys and values of a component with its signature."""

import ast
import difflib
import inspect
import textwrap
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from torch import nn

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def accepted_arguments(component: Callable) -> set[str] | None:
    """Names that ``component`` can be called with; None where that cannot be known."""
    try:
        if inspect.isclass(component):
            return _constructor_arguments(component)
        parameters = inspect.signature(component).parameters.values()
    except (ValueError, TypeError, OSError):  # written in C, or without source
        return None
    return None if _rest_name(parameters) else _names(parameters)


def _constructor_arguments(cls: type) -> set[str] | None:
    names: set[str] = set()
    for owner in cls.__mro__:
        if owner in (nn.Module, object):
            break
        if '__new__' in vars(owner):
            return None
        constructor = vars(owner).get('__init__')
        if constructor is None:
            continue
        parameters = list(inspect.signature(constructor).parameters.values())[1:]
        names |= _names(parameters)
        rest = _rest_name(parameters)
        if rest is None:
            break
        if not _only_forwarded(constructor, rest):
            return None
    return names


def _names(parameters: Iterable[inspect.Parameter]) -> set[str]:
    return {p.name for p in parameters if p.kind in _NAMED}


def _rest_name(parameters: Iterable[inspect.Parameter]) -> str | None:
    return next((p.name for p in parameters if p.kind is inspect.Parameter.VAR_KEYWORD), None)


def _only_forwarded(constructor: Callable, rest: str) -> bool:
    """Whether ``**rest`` does nothing but go into ``super().__init__``."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(constructor)))
    uses = sum(isinstance(n, ast.Name) and n.id == rest for n in ast.walk(tree))
    forwards = sum(
        isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr == '__init__'
        and _is_plain_super(n.func.value)
        and any(k.arg is None and getattr(k.value, 'id', None) == rest for k in n.keywords)
        for n in ast.walk(tree)
    )
    return uses == forwards > 0


def _is_plain_super(node: ast.AST) -> bool:
    """``super()``: with arguments, it may leave out parents."""
    return isinstance(node, ast.Call) and not node.args and getattr(node.func, 'id', '') == 'super'


def unknown_keys(
    given: Iterable[str], known: Collection[str], path: str, owner: str
) -> Iterator[str]:
    """Yield one sentence for each key that ``owner`` does not take, with the nearest match."""
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            listed = ', '.join(sorted(known)) or 'no arguments'
            advice = f'did you mean {close[0]!r}?' if close else f'it takes {listed}.'
            yield f'{path}.{key}: {owner} takes no {key!r}; {advice}'


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
