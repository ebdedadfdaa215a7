"""What a program calls: trained models on pictures."""

from seginpaint_mm.apis.inferencer import SegInpaintInferencer
from seginpaint_mm.apis.instance_models import find_instance_model
from seginpaint_mm.apis.public_models import find_inpainter
from seginpaint_mm.apis.removal import Filling, Removal
from seginpaint_mm.apis.torchvision_instances import TorchvisionInstances
from seginpaint_mm.layers import Layering

__all__ = [
    'Filling',
    'Layering',
    'Removal',
    'SegInpaintInferencer',
    'TorchvisionInstances',
    'find_inpainter',
    'find_instance_model',
]
