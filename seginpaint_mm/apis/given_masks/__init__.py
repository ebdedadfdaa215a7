"""Sources of the masks of an image's objects: arrays, files, folders."""

from seginpaint_mm.apis.given_masks.sources import Masks, find_mask_source
from seginpaint_mm.apis.given_masks.visible_objects import MaskSource, VisibleObjects

__all__ = ['MaskSource', 'Masks', 'VisibleObjects', 'find_mask_source']
