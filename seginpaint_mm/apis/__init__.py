"""What a program calls: trained models on pictures."""

from seginpaint_mm.apis.inferencer import SegInpaintInferencer

__all__ = ['SegInpaintInferencer']
