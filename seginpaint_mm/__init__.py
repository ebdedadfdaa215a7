"""seginpaint_mm: what is behind, under and beside the things in a picture, on OpenMMLab."""

__version__ = '0.1.0'
