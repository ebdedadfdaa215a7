"""Layered scenes: a photo as a background and objects, each as a whole, in their depth order."""

from seginpaint_mm.layers.building import layered_scene, with_rim
from seginpaint_mm.layers.scene import FORMATS, Layer, LayeredObject, LayeredScene, Layering
from seginpaint_mm.layers.writers import check_formats, write_layers

__all__ = [
    'FORMATS',
    'Layer',
    'LayeredObject',
    'LayeredScene',
    'Layering',
    'check_formats',
    'layered_scene',
    'with_rim',
    'write_layers',
]
