"""Amodal segmentation, layout behind occluders, image inpainting and object removal on OpenMMLab.

Importing it lets threads that wait sleep, makes mmcv's operators available where none are compiled,
and lets the import of a missing OpenMMLab library say what to install. This file imports the
standard library alone.
"""

from seginpaint_mm.interop import missing_libraries, mmcv_ops
from seginpaint_mm.utils.processor import let_threads_sleep

__version__ = '0.2.0'

let_threads_sleep()  # before anything imports PyTorch
mmcv_ops.install()
missing_libraries.install()
