"""Name the installed packages of this environment, and the commands that install others.

Standard library only: the doctor runs where nothing else is installed.
"""

import importlib.metadata
import shlex
import sys
from pathlib import Path

from seginpaint_mm.interop.missing_libraries import is_installed, requirement

ROOT = Path(__file__).resolve().parents[2]
# Import name: its distribution in the maintained family and in the original one.
FAMILIES = {
    'mmengine': {'onedl': 'onedl-mmengine', 'openmmlab': 'mmengine'},
    'mmcv': {'onedl': 'onedl-mmcv', 'openmmlab': 'mmcv'},
    'mmdet': {'onedl': 'onedl-mmdetection', 'openmmlab': 'mmdet'},
    'mmseg': {'onedl': 'onedl-mmsegmentation', 'openmmlab': 'mmsegmentation'},
}
# The same library without compiled operators, in the same folder.
WITHOUT_OPERATORS = {'mmcv': 'mmcv-lite'}


def environment() -> str:
    """The folder of the environment that these checks are about, as a user would type it."""
    return '.venv-openmmlab' if Path(sys.prefix).name == '.venv-openmmlab' else '.venv'


def made_by_make() -> bool:
    """Whether `make setup` made this environment, or is what has to be run first."""
    if not (ROOT / 'tools' / 'setup_env.sh').is_file():
        return False
    return Path(sys.prefix).parent == ROOT or not is_installed()


def pip_command(*arguments: str) -> str:
    return shlex.join([sys.executable, '-m', 'pip', *arguments])


def install_command() -> str:
    """Install the package again with what it needs, of the family that is there."""
    found = {family for module in FAMILIES for family in installed_families(module)}
    return pip_command('install', requirement('openmmlab' if found == {'openmmlab'} else 'onedl'))


def setup_command(redo: str = '') -> str:
    if not made_by_make():
        return install_command()
    stack = ' STACK=openmmlab' if environment() == '.venv-openmmlab' else ''
    return f'make setup{stack}' + (f' REDO={redo}' if redo else '')


def fresh_environment_command() -> str:
    """Install one family where both are, in whole or in part."""
    if not made_by_make():
        names = [
            name
            for module, families in FAMILIES.items()
            for family in families
            for name in installed_distributions(module, family)
        ]
        return (
            pip_command('uninstall', '-y', *names)
            + ' && '
            + pip_command('install', requirement('onedl'))
        )
    return f'rm -rf {environment()} && {setup_command()}'


def distribution_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def installed_distributions(module: str, family: str) -> list[str]:
    name = FAMILIES[module][family]
    return [
        each for each in (name, WITHOUT_OPERATORS.get(name)) if each and distribution_version(each)
    ]


def installed_families(module: str) -> list[str]:
    return [family for family in FAMILIES[module] if installed_distributions(module, family)]
