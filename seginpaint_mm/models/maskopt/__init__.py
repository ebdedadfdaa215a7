"""Object removal with masks optimised for inpainting (maskopt)."""

from .edge_connect_discriminator import EdgeConnectDiscriminator
from .edge_connect_generator import EdgeConnectGenerator
from .edge_connect_inpainter import EdgeConnectInpainter
from .edge_stage import EdgeStage
from .image_stage import ImageStage
from .object_remover import ObjectRemover
from .panoptic_mask_selector import PanopticMaskSelector
from .segmentation_stage import SegmentationStage

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
