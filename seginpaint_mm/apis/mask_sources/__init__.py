"""Sources of the masks of an image's objects: arrays, files, folders."""

from seginpaint_mm.apis.mask_sources.files import Masks, find_mask_source
from seginpaint_mm.apis.mask_sources.objects import MaskSource, VisibleObjects

__all__ = ['MaskSource', 'Masks', 'VisibleObjects', 'find_mask_source']
