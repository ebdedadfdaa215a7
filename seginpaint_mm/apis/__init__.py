"""Run trained models on images from a program."""

from seginpaint_mm.apis.inferencer import SegInpaintInferencer
from seginpaint_mm.apis.journal import Share
from seginpaint_mm.apis.mask_sources.detectors import TorchvisionInstances, find_instance_model
from seginpaint_mm.apis.model_loading import find_inpainter
from seginpaint_mm.apis.one_call import (
    CompletedObject,
    complete,
    forget_models,
    layers,
    remove,
)
from seginpaint_mm.apis.outputs import ResultFolder
from seginpaint_mm.apis.removal import Filling, Removal
from seginpaint_mm.layers import Layering

__all__ = [
    'CompletedObject',
    'Filling',
    'Layering',
    'Removal',
    'ResultFolder',
    'SegInpaintInferencer',
    'Share',
    'TorchvisionInstances',
    'complete',
    'find_inpainter',
    'find_instance_model',
    'forget_models',
    'layers',
    'remove',
]
