"""Shared by the command-line tools: arguments, configs, one-sentence errors."""

import argparse
import ast
import copy
import functools
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmengine.config import Config, DictAction

from seginpaint_mm.errors import ConfigError, MissingLibrary, UserError
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.utils.files import check_writable

if TYPE_CHECKING:  # PyTorch takes seconds, which commands without networks need not wait
    from torch import nn

DEBUG = 'SEGINPAINT_DEBUG'
LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')
# What a wrong input raises in the libraries; anything else is a fault and keeps its traceback.
_EXPECTED = (UserError, OSError, ValueError, AssertionError)
# Sentences of the libraries that leave open what to do.
_CLEARER = {
    'Expected more than 1 value per channel when training': (
        'A batch of one tiny image cannot be trained with batch norm: use larger images, or '
        'set train_dataloader.batch_size to at least 2 and train_dataloader.drop_last=True'
    ),
    'need at least one array to concatenate': (  # what mmengine's data sets say without samples
        'A data set has no image: check its data_root, data_prefix, img_suffix and ann_file'
    ),
    "'img_id'": (  # what mmdet's CocoMetric looks up
        "A metric of mmdet looks for the image's id in COCO's JSON: use CocoInstanceMetric with "
        'ann_file, on a CocoInstanceDataset'
    ),
    '`epoch_length` must be a positive integer, but got 0': (  # of convert_to_iter_based
        'There is no batch to train on: the training data has fewer images than '
        'train_dataloader.batch_size, and drop_last=True leaves incomplete batches out; lower '
        'batch_size, or set train_dataloader.drop_last=False'
    ),
    'CUDA out of memory': (
        'The GPU has too little memory: lower train_dataloader.batch_size, or train with --amp'
    ),
}
_DICTIONARY = re.compile(r'[\[(\s]*(dict\(|\{)')
_WORKER = re.compile(r'Caught (\w+) in DataLoader worker process')


class KeyValueAction(DictAction):
    """MMEngine's, with dictionaries as values, and a sentence for what is no ``KEY=VALUE``."""

    @staticmethod
    def _parse_iterable(val: str) -> Any:
        if _DICTIONARY.match(val):
            return ast.literal_eval(val)
        return DictAction._parse_iterable(val)

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: list[str],
        option_string: str | None = None,
    ) -> None:
        for value in values:
            if '=' not in value:
                parser.error(f'{option_string} takes KEY=VALUE, not {value!r}')
            if not all(value.partition('=')[0].split('.')):
                parser.error(f'{option_string}: {value!r} has an empty key: write a.0.b=VALUE')
        try:
            super().__call__(parser, namespace, values, option_string)
        except (ValueError, SyntaxError):
            parser.error(
                f"{option_string}: not all of {values} can be read: write dictionaries as {{'key': "
                'value}, set single keys (a.0.b=1), or write a config whose _base_ is this one'
            )


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """``CONFIG --cfg-options --debug``: what every tool takes."""
    parser.add_argument('config', help='config file, or the name of one: pspnet_r18_street')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValueAction,
        default={},
        metavar='KEY=VALUE',
        help='override config keys, e.g. train_dataloader.batch_size=4; @CONFIG: its model',
    )
    parser.add_argument('--debug', action='store_true', help=f'show tracebacks (or set {DEBUG}=1)')


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """``--work-dir --launcher --trust-checkpoint``: what training and testing take."""
    parser.add_argument('--work-dir', help='logs and results (default: work_dirs/CONFIG-NAME)')
    parser.add_argument(
        '--launcher', choices=LAUNCHERS, help="default: the config's launcher, or none"
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load checkpoints even where that runs code of theirs',
    )


def read_config(path: str | Path) -> Config:
    """Read a config file, given by its path or name.

    Raises:
        ConfigError: the file is missing or broken.
        MissingLibrary: the config imports a part whose library is not installed.
    """
    path = find_config(path)
    try:
        return Config.fromfile(path)
    except Exception as error:
        reason: BaseException | None = error
        while reason is not None and not isinstance(reason, MissingLibrary):
            reason = reason.__cause__ or reason.__context__  # MMEngine's error says no more
        if reason is not None:
            raise MissingLibrary(f'{path}: {reason}', name=reason.name) from error
        raise ConfigError(f'{path} cannot be read: {type(error).__name__}: {error}') from error


def load_config(path: str | Path, cfg_options: dict) -> Config:
    """Load a config file, given by its path or name, with overrides, and check it.

    Args:
        path: Path or name of the config.
        cfg_options: Path of a key -> its value. A dictionary takes the place of what is there, as
            does the model of another config, named with an @ before it.

    Raises:
        ConfigError: the file is missing or broken, or an override or a key fits nothing.
        MissingLibrary: the config imports a part whose library is not installed.
    """
    from seginpaint_mm.config_check import check_config

    cfg = read_config(path)
    options = {key: _option(key, value) for key, value in cfg_options.items()}
    try:
        for key, value in options.items():
            if isinstance(value, dict):
                _replace(cfg, key, value)
        cfg.merge_from_dict({k: v for k, v in options.items() if not isinstance(v, dict)})
    except (AttributeError, KeyError, TypeError, IndexError, ValueError) as error:
        raise ConfigError(f'--cfg-options {_listed(cfg_options)}: {error}') from error
    check_config(cfg)
    return cfg


def _option(key: str, value: Any) -> Any:
    """The value of an override in MMEngine's own types; of ``@CONFIG`` the model."""
    if isinstance(value, str) and value.startswith('@'):
        value = read_config(value[1:]).get('model')
        if value is None:
            raise ConfigError(f'--cfg-options {key}: the config has no model.')
    return Config(dict(value=copy.deepcopy(value))).value


def _replace(cfg: Config, key: str, value: dict | list) -> None:
    """Put ``value`` in the place of what is at ``key``, also in a list, instead of merging it."""
    above, _, last = key.rpartition('.')
    node: Any = cfg
    for name in above.split('.') if above else ():
        node = node[int(name)] if isinstance(node, list) else node[name]
    if isinstance(node, list):
        _replace(cfg, above, [*node[: int(last)], value, *node[int(last) + 1 :]])
    else:
        if isinstance(value, dict) and node.get(last) is not None:
            value = {'_delete_': True, **value}
        cfg.merge_from_dict({key: value})


def prepare_run(cfg: Config, args: argparse.Namespace) -> None:
    """Set launcher, work dir and trust from the command line; check that the work dir is writable.

    Raises:
        ConfigError: the config has no model.
        OSError: the work dir cannot be written.
    """
    if not isinstance(cfg.get('model'), dict):
        raise ConfigError(f'{args.config} has no model: it is a base for other configs.')
    if args.trust_checkpoint:
        from seginpaint_mm.checkpoint import UNSAFE_LOAD

        os.environ[UNSAFE_LOAD] = '1'
    cfg.launcher = args.launcher or cfg.get('launcher') or LAUNCHERS[0]
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or f'work_dirs/{Path(cfg.filename).stem}'
    check_writable(cfg.work_dir)


@contextmanager
def locate_misfits(model: 'nn.Module') -> Iterator[None]:
    """Name the part of ``model`` whose numbers of channels do not fit its input.

    Raises:
        ConfigError: the part's name and class, and what PyTorch said.
    """
    try:
        yield
    except Exception as error:
        from seginpaint_mm.config_check import misfitting_part

        located = misfitting_part(error, model)
        if located is None:
            raise
        raise located from error


@contextmanager
def locate_errors(cfg: Config) -> Iterator[None]:
    """Turn what goes wrong while a part of ``cfg`` is built into an error that names the part.

    Raises:
        ConfigError: where the part is, its class, and what it said.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        from seginpaint_mm.config_check import located_error

        located = located_error(error, cfg)
        if located is None:
            raise
        raise located from error


def one_sentence_errors(main: Callable[..., None]) -> Callable[..., None]:
    """Print a user's error as ``error: ...`` and exit with status 2.

    With ``--debug`` or ``SEGINPAINT_DEBUG=1`` the traceback is shown instead.
    """

    @functools.wraps(main)
    def guarded(argv: list[str] | None = None) -> None:
        for stream in (sys.stdout, sys.stderr):  # names of files need not be UTF-8
            if hasattr(stream, 'reconfigure'):
                stream.reconfigure(errors='backslashreplace')
        arguments = sys.argv[1:] if argv is None else argv
        if '--debug' in arguments or os.environ.get(DEBUG) == '1':
            main(argv)
            return
        try:
            main(argv)
        except Exception as error:
            sentence = _sentence(error)
            if sentence is None:
                raise
            for line in sentence.splitlines():
                print(f'error: {line}', file=sys.stderr)
            sys.exit(2)

    return guarded


def _sentence(error: Exception) -> str | None:
    text = str(error)
    clearer = next((clear for known, clear in _CLEARER.items() if known in text), None)
    if clearer:
        return f'{clearer} ({text}).'
    worker = _WORKER.match(text)
    if worker:  # a traceback that ends in the worker's own message
        expected = worker[1] in {c.__name__ for e in _EXPECTED for c in (e, *_subclasses(e))}
        return text.rpartition(f'{worker[1]}: ')[2].strip() if expected else None
    if isinstance(error, ImportError) and 'install' in text:  # says which package and how
        return text
    if not isinstance(error, _EXPECTED) or not text:
        return None
    if isinstance(error, OSError) and error.strerror and not error.filename:
        return error.strerror
    return text


def _subclasses(cls: type) -> list[type]:
    children: list[type] = cls.__subclasses__()
    return [s for child in children for s in (child, *_subclasses(child))]


def _listed(options: dict) -> str:
    return ' '.join(f'{key}={value}' for key, value in options.items())
