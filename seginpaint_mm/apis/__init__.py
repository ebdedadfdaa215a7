"""What a program calls: trained models on pictures."""

from seginpaint_mm.apis.inferencer import SegInpaintInferencer
from seginpaint_mm.apis.instance_models import find_instance_model
from seginpaint_mm.apis.removal import Filling, Removal

__all__ = ['Filling', 'Removal', 'SegInpaintInferencer', 'find_instance_model']
