"""Object removal with masks optimised for inpainting (maskopt)."""

from seginpaint_mm.models.maskopt.edge_connect_inpainter import EdgeConnectInpainter
from seginpaint_mm.models.maskopt.edge_connect_networks import (
    EdgeConnectDiscriminator,
    EdgeConnectGenerator,
)
from seginpaint_mm.models.maskopt.object_remover import ObjectRemover
from seginpaint_mm.models.maskopt.panoptic_mask_selector import PanopticMaskSelector
from seginpaint_mm.models.maskopt.stages import EdgeStage, ImageStage, SegmentationStage

__all__ = [
    'EdgeConnectDiscriminator',
    'EdgeConnectGenerator',
    'EdgeConnectInpainter',
    'EdgeStage',
    'ImageStage',
    'ObjectRemover',
    'PanopticMaskSelector',
    'SegmentationStage',
]
