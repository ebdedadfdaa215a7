"""What a program calls: trained models on pictures."""

from seginpaint_mm.apis.inferencer import SegInpaintInferencer
from seginpaint_mm.apis.instance_models import find_instance_model

__all__ = ['SegInpaintInferencer', 'find_instance_model']
