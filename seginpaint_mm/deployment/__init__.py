"""Networks that leave Python: ONNX, ``torch.export`` and TorchScript files."""

from seginpaint_mm.deployment.export import FORMATS, export_graph
from seginpaint_mm.deployment.network import RAW, ExportedNetwork, example_inputs
from seginpaint_mm.deployment.parity import Difference, compare
from seginpaint_mm.deployment.runtime import load_exported, read_note

__all__ = [
    'FORMATS',
    'RAW',
    'Difference',
    'ExportedNetwork',
    'compare',
    'example_inputs',
    'export_graph',
    'load_exported',
    'read_note',
]
