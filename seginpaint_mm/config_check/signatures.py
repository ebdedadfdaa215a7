"""Compare the keys and values of a component with its signature."""

import ast
import difflib
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from torch import nn

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def accepted_arguments(component: Callable) -> set[str] | None:
    """Names that ``component`` can be called with; None where that cannot be known."""
    takers = _takers(component)
    return None if takers is None else {*takers}


def _takers(component: Callable) -> dict[str, Callable] | None:
    """The names, each with the function that takes it: of a class, the constructor of a parent."""
    try:
        if inspect.isclass(component):
            return _constructors(component)
        parameters = inspect.signature(component).parameters.values()
    except (ValueError, TypeError, OSError):  # written in C, or without source
        return None
    return None if _rest_name(parameters) else dict.fromkeys(_names(parameters), component)


def _constructors(cls: type) -> dict[str, Callable] | None:
    taken: dict[str, Callable] = {}
    settled: set[str] = set()  # what a class says itself when it calls its parent's
    for owner in cls.__mro__:
        if owner in (nn.Module, object):
            break
        if '__new__' in vars(owner):
            return None
        constructor = vars(owner).get('__init__')
        if constructor is None:
            continue
        parameters = list(inspect.signature(constructor).parameters.values())[1:]
        for name in _names(parameters) - settled:
            taken.setdefault(name, constructor)
        rest = _rest_name(parameters)
        if rest is None:
            break
        forwards = _forwards(constructor, rest)
        if forwards is None:
            return None
        settled |= forwards
    return taken


def _names(parameters: Iterable[inspect.Parameter]) -> set[str]:
    return {p.name for p in parameters if p.kind in _NAMED}


def _rest_name(parameters: Iterable[inspect.Parameter]) -> str | None:
    return next((p.name for p in parameters if p.kind is inspect.Parameter.VAR_KEYWORD), None)


def _forwards(constructor: Callable, rest: str) -> set[str] | None:
    """The keywords beside ``**rest`` in ``super().__init__``; None where it does more with it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(constructor)))
    uses = sum(isinstance(n, ast.Name) and n.id == rest for n in ast.walk(tree))
    forwards = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr == '__init__'
        and _is_plain_super(n.func.value)
        and any(k.arg is None and getattr(k.value, 'id', None) == rest for k in n.keywords)
    ]
    if uses != len(forwards) or not forwards:
        return None
    return {k.arg for n in forwards for k in n.keywords if k.arg is not None}


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
    takers = _takers(component) or {}
    function = component.__init__ if inspect.isclass(component) else component
    for name, value in arguments.items():
        takes = takers.get(name, function)
        if not takes.__module__.startswith(_PACKAGE):
            continue
        hint = typing.get_type_hints(takes).get(name)
        if hint is not None and not fits(value, hint):
            yield name, _text(hint), value


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
    if not typing.get_args(hint):
        return getattr(hint, '__name__', str(hint))
    return re.sub(r'\b(\w+\.)+', '', str(hint))  # Sequence[str], not collections.abc.Sequence[str]
