"""Find a config by its name: ``pspnet_r18_street`` for ``configs/mpi/pspnet_r18_street.py``.

The configs are those of the checkout or, where the package is installed, those that it carries in
``.mim/configs``. This module imports the standard library alone: tab completion calls it.
"""

from difflib import get_close_matches
from pathlib import Path

from seginpaint_mm.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent
_BASES = '_base_'


def config_folder() -> Path:
    """Return the folder of the configs."""
    carried = _PACKAGE / '.mim' / 'configs'
    return carried if carried.is_dir() else _PACKAGE.parent / 'configs'


def config_paths(suffix: str = '.py') -> dict[str, Path]:
    """Return all configs but the bases: ``'mpi/pspnet_r18_street'`` -> its path, sorted."""
    paths = sorted(config_folder().glob(f'*/*{suffix}'))
    return {f'{path.parent.name}/{path.stem}': path for path in paths if path.parent.name != _BASES}


def find_config(name: str | Path, suffix: str = '.py') -> Path:
    """Return the config file that a user means.

    Args:
        name: Path of a file; or a config of ours by its name, with or without the method before it
            and ``suffix`` behind it: ``pspnet_r18_street``, ``mpi/pspnet_r18_street``. A file that
            exists goes before a name.
        suffix: ``'.py'``, or ``'.yml'`` for the tables.

    Raises:
        ConfigError: there is no such config (names the nearest ones), or several methods have one.
    """
    if Path(name).is_file():
        return Path(name)
    short = Path(name).as_posix().removesuffix(suffix).removeprefix('configs/')
    below = config_folder() / f'{short}{suffix}'
    if short.startswith(f'{_BASES}/') and below.is_file():
        return below
    paths = config_paths(suffix)
    if short in paths:
        return paths[short]
    same = [full for full in paths if full.partition('/')[2] == short]
    if len(same) == 1:
        return paths[same[0]]
    if same:
        raise ConfigError(f'There are several configs {short}: say {" or ".join(same)}.')
    raise ConfigError(f'Config file {name} does not exist{_advice(short, paths)}')


def _advice(short: str, paths: dict[str, Path]) -> str:
    named = {full.partition('/')[2]: full for full in paths} | {full: full for full in paths}
    near = get_close_matches(short, named, n=2) or get_close_matches(Path(short).name, named, n=2)
    names = list(dict.fromkeys(named[name] for name in near))
    if names:
        return f'; did you mean {" or ".join(names)}?'
    return ': give the path of a file, or a name that `seginpaint list` shows.'
