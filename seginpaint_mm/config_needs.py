"""What a config needs before it can be run: data, mmagic, weights."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from mmengine.config import Config

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
