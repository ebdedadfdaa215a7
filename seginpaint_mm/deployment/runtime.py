"""Run an exported file: NumPy arrays in, NumPy arrays out."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from seginpaint_mm.deployment.export import NOTE
from seginpaint_mm.errors import MissingLibrary, UserError
from seginpaint_mm.interop.missing_libraries import requirement

Exported = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]
SUFFIXES = {'.onnx': 'onnx', '.pt2': 'pt2', '.pt': 'torchscript', '.ts': 'torchscript'}


def load_exported(path: str | Path, device: str = 'cpu', threads: int | None = None) -> Exported:
    """Load a file of ``seginpaint export``, in the format of its suffix.

    Args:
        path: ``.onnx``, ``.pt2``, ``.pt`` or ``.ts``.
        device: ``'cpu'`` or ``'cuda'``.
        threads: Of ONNX Runtime; None for ``OMP_NUM_THREADS``, or without it all cores. PyTorch's
            files run on PyTorch's threads.

    Returns:
        A function from named inputs to named outputs.

    Raises:
        UserError: when the file is not there, or of another kind.
        MissingLibrary: when onnxruntime is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f'{path} does not exist: write it with seginpaint export.')
    if path.suffix == '.onnx':
        return _load_onnx(path, device, threads)
    if path.suffix not in SUFFIXES:
        raise UserError(f'{path.name}: the suffix must be one of {", ".join(SUFFIXES)}.')
    return _load_torch(path, device)


def read_note(path: str | Path) -> dict:
    """Read the metadata of an exported file: inputs, outputs, classes, normalisation."""
    path = Path(path)
    if path.suffix == '.onnx':
        import onnx

        model = onnx.load(path, load_external_data=False)
        texts = [entry.value for entry in model.metadata_props if entry.key == NOTE]
    else:
        texts = [_torch_file(path)[1]]
    if not texts or not texts[0]:
        raise UserError(f'{path} was not written by seginpaint export: it has no note.')
    return json.loads(texts[0])


def onnx_runtime() -> ModuleType:
    """Import ONNX Runtime.

    Raises:
        MissingLibrary: when it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingLibrary(
            f'onnxruntime is not installed: run pip install "{requirement("export")}".',
            name='onnxruntime',
        ) from error
    return onnxruntime


def _load_onnx(path: Path, device: str, threads: int | None) -> Exported:
    onnxruntime = onnx_runtime()
    provider = 'CUDAExecutionProvider' if device.startswith('cuda') else 'CPUExecutionProvider'
    options = onnxruntime.SessionOptions()
    asked = os.environ.get('OMP_NUM_THREADS', '')  # which it does not look at itself
    options.intra_op_num_threads = threads or (int(asked) if asked.isdecimal() else 0)
    session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
    names = [output.name for output in session.get_outputs()]

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    return run


def _load_torch(path: Path, device: str) -> Exported:
    import torch

    network, note = _torch_file(path, device)
    described = json.loads(note)

    def run(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        given = [torch.from_numpy(inputs[name]).to(device) for name in described['inputs']]
        with torch.no_grad():
            made = network(*given)
        return dict(zip(described['outputs'], (each.cpu().numpy() for each in made), strict=True))

    return run


def _torch_file(path: Path, device: str = 'cpu') -> tuple:
    import torch

    extra = {f'{NOTE}.json': ''}
    if path.suffix == '.pt2':
        network = torch.export.load(path, extra_files=extra).module().to(device)
    else:
        network = torch.jit.load(path, map_location=device, _extra_files=extra)
    note = extra[f'{NOTE}.json']
    return network, note.decode() if isinstance(note, bytes) else note
