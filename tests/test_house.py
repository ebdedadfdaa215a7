"""The house's rules: who may import whom, no circles, modules of a readable size."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import seginpaint_mm

PACKAGE = 'seginpaint_mm'
ROOT = Path(seginpaint_mm.__file__).parent
# Modules at the root: what every room knows.
AT_THE_ROOT = {'__init__', '__main__', 'cli', 'errors', 'registry', 'structures'}
METHODS = ('mpi', 'fcrn', 'segan', 'sgenet', 'maskopt')
# What a room knows of the others; rooms that are not named may import any.
MAY_IMPORT = {
    'errors': (),
    'utils': ('errors', 'interop'),
    'geometry': ('errors', 'utils'),
    'ops': ('errors', 'geometry', 'utils'),
    'street': ('errors', 'geometry', 'utils'),
}
MAY_NOT_IMPORT = {
    'datasets': ('models', 'apis', 'commands', 'engine', 'evaluation'),
    'models': ('apis', 'app', 'commands', 'deployment', 'tables'),
    'evaluation': ('apis', 'app', 'commands', 'tables'),
    'visualization': ('apis', 'app', 'commands', 'models'),
    'apis': ('app', 'commands', 'tables', 'benchmarks'),
}
# What is longer than that is two things.
LONGEST = 420


def modules() -> dict[str, Path]:
    """Dotted name -> file of every module and package."""
    found = {}
    for path in sorted(ROOT.rglob('*.py')):
        parts = (PACKAGE, *path.relative_to(ROOT).with_suffix('').parts)
        found['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = path
    return found


MODULES = modules()


def imported(tree: ast.AST, everywhere: bool) -> Iterator[str]:
    """Our modules that a module imports: at its top level, or in its functions, too."""
    for node in ast.walk(tree) if everywhere else ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or '').startswith(PACKAGE):
            for alias in node.names:
                name = f'{node.module}.{alias.name}'
                # ``from package import name`` may mean what the package itself re-exports
                yield (
                    name if name in MODULES and _is_module(node.module, alias.name) else node.module
                )
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


def _is_module(package: str, name: str) -> bool:
    tree = ast.parse(MODULES[package].read_text())
    exported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return name not in exported


IMPORTS = {
    name: set(imported(ast.parse(path.read_text()), False)) & {*MODULES} - {name}
    for name, path in MODULES.items()
}


def room(module: str) -> str:
    return f'{module}..'.split('.')[1]


def test_no_module_needs_itself() -> None:
    done, path = set(), []

    def visit(module: str) -> None:
        assert module not in path, ' -> '.join([*path[path.index(module) :], module])
        if module not in done:
            path.append(module)
            for other in sorted(IMPORTS[module]):
                visit(other)
            done.add(path.pop())

    for module in MODULES:
        visit(module)


@pytest.mark.parametrize('name', MAY_IMPORT)
def test_a_room_at_the_bottom_knows_only_those_below(name: str) -> None:
    allowed = {name, *MAY_IMPORT[name]}
    wrong = {
        (module, other)
        for module in MODULES
        if room(module) == name
        for other in imported(ast.parse(MODULES[module].read_text()), True)
        if room(other) not in allowed
    }
    assert not wrong


@pytest.mark.parametrize('name', MAY_NOT_IMPORT)
def test_a_room_does_not_import_what_stands_on_it(name: str) -> None:
    wrong = {
        (module, other)
        for module, others in IMPORTS.items()
        if room(module) == name
        for other in others
        if room(other) in MAY_NOT_IMPORT[name]
    }
    assert not wrong


@pytest.mark.parametrize('method', METHODS)
def test_methods_meet_in_configs_only(method: str) -> None:
    home = f'{PACKAGE}.models.{method}'
    others = tuple(f'{PACKAGE}.models.{other}' for other in METHODS if other != method)
    wrong = {
        (module, other)
        for module, path in MODULES.items()
        if module.startswith(home)
        for other in imported(ast.parse(path.read_text()), True)
        if other.startswith(others)
    }
    assert not wrong
    files = [module for module in MODULES if module.startswith(f'{home}.')]
    assert 3 <= len(files) <= 8, f'{method} has {len(files)} files: a reader opens at most 8'


def test_the_root_holds_what_every_room_knows_alone() -> None:
    assert {path.stem for path in ROOT.glob('*.py')} == AT_THE_ROOT


def test_modules_have_a_readable_length() -> None:
    long = {
        name: lines
        for name, path in MODULES.items()
        if (lines := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long


def test_tests_import_from_helpers_only() -> None:
    wrong = [
        (str(path.relative_to(ROOT.parent)), node.module)
        for path in sorted((ROOT.parent / 'tests').rglob('*.py'))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or '').startswith('tests.')
        and not node.module.startswith('tests.helpers')
    ]
    assert not wrong
