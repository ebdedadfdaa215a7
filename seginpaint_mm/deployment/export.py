"""Write a graph of a model as ONNX, as PyTorch's ``ExportedProgram``, or as TorchScript."""

import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from seginpaint_mm.deployment.network import LEAST, ExportedNetwork, example_inputs, shape_pooling
from seginpaint_mm.errors import MissingLibrary, UserError
from seginpaint_mm.interop.missing_libraries import requirement
from seginpaint_mm.interop.torch_export import onnx_translations, sizes_stay_open
from seginpaint_mm.utils.files import write_bytes

NOTE = 'seginpaint'  # key of the note in ONNX's metadata, and name of its file in the others
OPSET = 18
_MOST = 1 << 14  # of a side, and of images and objects at once


def export_graph(
    network: ExportedNetwork, path: str | Path, file_format: str = 'onnx', note: dict | None = None
) -> None:
    """Write a network as a file for any number of images of any size that it takes.

    Its adaptive poolings are replaced, see :class:`ShapedAvgPool2d`.

    Args:
        network: In evaluation mode, best prepared by
            :func:`seginpaint_mm.apis.model_loading.prepare_for_inference`.
        path: The file, which is written under a temporary name first.
        file_format: One of :data:`FORMATS`.
        note: What the file is to say about itself; written as JSON.

    Raises:
        MissingLibrary: when ONNX's libraries are not installed.
        UserError: when PyTorch is too old, or cannot record the network.
    """
    shape_pooling(network)
    text = json.dumps(note or {})
    with torch.no_grad():
        network(*example_inputs(network))  # which names its outputs
        write_bytes(path, FORMATS[file_format](network, text))


def _onnx(network: ExportedNetwork, note: str) -> bytes:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingLibrary(
            f'{error.name} is not installed: run pip install "{requirement("export")}".',
            name=error.name,
        ) from None
    recorded = _recorded(network)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        program = torch.onnx.export(
            recorded,
            dynamo=True,
            input_names=list(network.input_names),
            output_names=list(network.output_names),
            opset_version=OPSET,
            custom_translation_table=onnx_translations(),
            verbose=False,
        )
    model = program.model_proto
    model.metadata_props.add(key=NOTE, value=note)
    return model.SerializeToString()


def _pt2(network: ExportedNetwork, note: str) -> bytes:
    file = io.BytesIO()
    torch.export.save(_recorded(network), file, extra_files={f'{NOTE}.json': note})
    return file.getvalue()


def _torchscript(network: ExportedNetwork, note: str) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of values that a trace keeps: sizes are none of them
        traced = torch.jit.trace(network, example_inputs(network), check_trace=False)
        # Frozen, as TorchScript cannot read parts with names such as mmcv's 'in' (instance norm).
        traced = torch.jit.freeze(traced)
        file = io.BytesIO()
        torch.jit.save(traced, file, _extra_files={f'{NOTE}.json': note})
    return file.getvalue()


FORMATS: dict[str, Callable[[ExportedNetwork, str], bytes]] = {
    'onnx': _onnx,
    'pt2': _pt2,
    'torchscript': _torchscript,
}


def _recorded(network: ExportedNetwork) -> torch.export.ExportedProgram:
    if not hasattr(torch.compiler, 'is_exporting'):
        raise UserError(
            f'PyTorch {torch.__version__} cannot record networks of any size: update it to 2.7 or '
            f'later, or take --format torchscript.'
        )
    if network.graph.programs:
        raise UserError(
            f'{type(network.model).__name__} runs a TorchScript program, which PyTorch records in '
            f'TorchScript alone: export it to a file that ends in .pt.'
        )
    inputs = example_inputs(network)
    try:
        with sizes_stay_open():
            return torch.export.export(
                network, inputs, dynamic_shapes=(_open_sides(network, inputs),)
            )
    except torch._dynamo.exc.UserError as error:
        raise UserError(
            f'{type(network.model).__name__} cannot be recorded for all sizes: '
            f'{str(error).splitlines()[0]}'
        ) from error


def _open_sides(network: ExportedNetwork, inputs: tuple[Tensor, ...]) -> tuple[dict, ...]:
    """For each input axis -> symbol of its length, where it has a name."""
    graph = network.graph
    dims = {name: torch.export.Dim(name, min=1, max=_MOST) for name in ('n', 'k')}
    if graph.size is None:
        least = -(-max(graph.least, LEAST) // graph.divisor)
        for name in ('h', 'w'):
            dim = torch.export.Dim(f'{name}{graph.divisor}', min=least, max=_MOST)
            dims[name] = dim if graph.divisor == 1 else graph.divisor * dim
    return tuple(
        {axis: dims[side] for axis, side in enumerate(array.shape) if side in dims}
        for array in graph.inputs.values()
    )
