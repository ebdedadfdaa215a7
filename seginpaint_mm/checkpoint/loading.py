"""Load checkpoints from strangers without running their code."""

import functools
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.error import URLError

import torch
from mmengine.runner import CheckpointLoader
from safetensors import SafetensorError, safe_open

from seginpaint_mm.checkpoint.unpickling import load_plain_data, section, torch_load
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.zoo.shipped import named_file

UNSAFE_LOAD = 'SEGINPAINT_UNSAFE_LOAD'
SAFETENSORS = '.safetensors'
META = 'meta'  # of a safetensors file: JSON of what ``meta`` of a checkpoint holds


def load_checkpoint_safely(
    path: str | Path | IO[bytes], map_location: str | torch.device | Callable | None = 'cpu'
) -> dict:
    """Load a checkpoint of tensors, plain Python values and MMEngine's log history.

    It is a file (of ``torch.save``, or ``.safetensors``), the name of a network in the package
    (:data:`seginpaint_mm.zoo.SHIPPED`), or an address that MMEngine can load from
    (``https://...``), which is downloaded once.

    Nothing in the file can run code: neither its pickle nor the config texts in it, which MMEngine
    would execute on resume and in its inferencer and which are therefore left out.
    The environment variable ``SEGINPAINT_UNSAFE_LOAD=1`` lifts both restrictions.

    Raises:
        CheckpointError: the file is missing, damaged, cannot be downloaded, or needs code to be
            run.
    """
    path = named_file(path) if isinstance(path, str) else path
    name = str(path if isinstance(path, (str, Path)) else getattr(path, 'name', path))
    if isinstance(path, str) and '://' in path:
        enable_safe_loading()
        return CheckpointLoader.load_checkpoint(path, map_location)
    if isinstance(path, (str, Path)) and not Path(path).is_file():
        raise CheckpointError(f'Checkpoint {name} does not exist: check the path.')
    if isinstance(path, (str, Path)) and Path(path).suffix == SAFETENSORS:
        return _read_safetensors(str(path), map_location)
    if os.environ.get(UNSAFE_LOAD) == '1':
        return torch_load(path, map_location=map_location, weights_only=False)
    if _is_torchscript(path):
        raise CheckpointError(
            f'{name} is a TorchScript program, not a checkpoint: give one written by '
            f'tools/train.py or torch.save.'
        )
    try:
        checkpoint = load_plain_data(path, map_location)
    except Exception as error:
        raise CheckpointError(_refusal(name, error)) from error
    _drop_config_texts(checkpoint)
    return checkpoint


def _read_safetensors(name: str, map_location: str | torch.device | Callable | None) -> dict:
    """Tensors and the text ``meta``: such a file can hold nothing else."""
    device = map_location if isinstance(map_location, (str, torch.device)) else 'cpu'
    try:
        with safe_open(name, framework='pt', device=str(device)) as file:
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 no dict
            meta = json.loads((file.metadata() or {}).get(META, '{}'))
    except (SafetensorError, ValueError) as error:
        raise CheckpointError(
            f'{name} cannot be read: it is cut short, damaged, or no safetensors file ({error}).'
        ) from error
    return dict(state_dict=state, meta=meta)


def enable_safe_loading() -> None:
    """Let everything that MMEngine loads (resume, ``load_from``, ``init_cfg``, URLs) go through
    :func:`load_checkpoint_safely`. Calling it again changes nothing."""
    original = CheckpointLoader.load_checkpoint.__func__
    if getattr(original, 'is_safe', False):
        return

    @functools.wraps(original)
    def load_checkpoint(
        cls: type[CheckpointLoader],
        filename: str,
        map_location: str | None = None,
        logger: str = 'current',
    ) -> dict:
        filename = named_file(filename)
        if '://' not in filename and not Path(filename).expanduser().is_file():
            raise CheckpointError(f'Checkpoint {filename} does not exist: check the path.')
        with _torch_load_replaced(), _told_downloads(filename):
            return original(cls, filename, map_location, logger)

    setattr(load_checkpoint, 'is_safe', True)  # noqa: B010 (functions declare no such attribute)
    CheckpointLoader.load_checkpoint = classmethod(load_checkpoint)


@contextmanager
def _told_downloads(filename: str) -> Iterator[None]:
    try:
        yield
    except URLError as error:
        raise CheckpointError(
            f'{filename} cannot be downloaded ({error.reason}): fetch it where there is a network, '
            f'and put the path of the file in its place in the config.'
        ) from error


@contextmanager
def _torch_load_replaced() -> Iterator[None]:
    def load(
        f: str | Path | IO[bytes],
        map_location: str | torch.device | Callable | None = None,
        **_: object,
    ) -> dict:
        return load_checkpoint_safely(f, map_location)

    torch.load = load  # type: ignore[assignment]
    try:
        yield
    finally:
        torch.load = torch_load


def _is_torchscript(path: str | Path | IO[bytes]) -> bool:
    names = []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    if not isinstance(path, (str, Path)):
        path.seek(0)
    return any(name.endswith('/constants.pkl') for name in names)


def _refusal(name: str, error: Exception) -> str:
    reason = str(error)
    found = re.search(r'GLOBAL (\S+) was not an allowed|whose module (\S+) is blocked', reason)
    if found or 'unrecognized function' in reason:
        wanted = f' ({found[1] or found[2]})' if found else ''
        return (
            f'{name} is refused: loading it would run code of its own{wanted}; if you trust who '
            f'made it, repeat with --trust-checkpoint or {UNSAFE_LOAD}=1.'
        )
    return (
        f'{name} cannot be read as a checkpoint: it is cut short, damaged, or was not written by '
        f'torch.save ({_own_words(reason) or type(error).__name__}).'
    )


def _own_words(reason: str) -> str:
    """The first line of an error; nothing where torch advises to load it unsafely."""
    lines = reason.strip().splitlines()
    return '' if not lines or 'weights_only' in lines[0] else lines[0].strip()


def _drop_config_texts(checkpoint: object) -> None:
    section(checkpoint, 'meta').pop('config', None)
    section(checkpoint, 'message_hub', 'runtime_info').pop('cfg', None)
