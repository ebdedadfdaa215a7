"""seginpaint_mm: what is behind, under and beside the things in a picture, on OpenMMLab."""

from seginpaint_mm.interop.mmcv_ops import install

__version__ = '0.2.0'

install()
