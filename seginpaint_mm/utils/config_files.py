"""Find config files by name, and what each of them needs."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from mmengine.config import Config

from seginpaint_mm.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]
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


_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_SPLITS = ('train', 'val', 'test')
_MMAGIC = 'seginpaint_mm.interop.mmagic'


def config_needs(cfg: Config) -> list[str]:
    """Return what there must be before a config can be run, in words.

    That is: the folders of its data sets; mmagic, where the model has parts of it; the configs
    that are trained before; what is downloaded.

    Args:
        cfg: A config as read, its ``custom_imports`` need not have been imported.
    """
    needs = _data_folders(cfg)
    if _MMAGIC in (cfg.get('custom_imports') or {}).get('imports', ()):
        needs.append('mmagic')
    weights = [
        value
        for key, value in _leaves({'model': cfg.get('model'), 'load_from': cfg.get('load_from')})
        if isinstance(value, str) and ('checkpoint' in key or key == 'load_from')
    ]
    weights += _pretrained(cfg)
    trained = [path for path in weights if '://' not in path]
    names = dict.fromkeys(PurePosixPath(path).parent.name or path for path in trained)
    downloads = dict.fromkeys(path for path in weights if '://' in path)
    needs += [f'after {" and ".join(names)}'] if names else []
    needs += [f'download of {PurePosixPath(path).name}' for path in downloads]
    return needs


def _pretrained(cfg: Config) -> list[str]:
    """Files of the config's ``pretrained``, one of each depth of its backbones."""
    depths = {
        value
        for key, value in _leaves({'model': cfg.get('model')})
        if key.endswith('backbone.depth') and isinstance(value, int)
    }
    name = cfg.get('pretrained') or ''
    return list(
        dict.fromkeys(name.replace('{depth}', str(each)) for each in sorted(depths) if name)
    )


def _data_folders(cfg: Config) -> list[str]:
    loaders = {name: cfg.get(name) for name in _LOADERS}
    folders = dict.fromkeys(
        PurePosixPath(value)
        for key, value in _leaves(loaders)
        if key.endswith('data_root') and isinstance(value, str)
    )
    # data/x/train and data/x/val are one data set
    whole = (path.parent if path.name in _SPLITS else path for path in folders)
    return [str(path) for path in dict.fromkeys(whole)]


def _leaves(value: object, key: str = '') -> Iterator[tuple[str, object]]:
    """Yield all values of nested dictionaries and lists under the keys above them, as one path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f'{key}.{name}')
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner, key)
    else:
        yield key.removeprefix('.'), value
