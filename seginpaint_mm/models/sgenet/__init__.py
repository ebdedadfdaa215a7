"""SGE-Net: semantic guidance and evaluation for inpainting images of mixed scenes."""

from seginpaint_mm.models.sgenet.context_inference import ContextInference, DilatedContext
from seginpaint_mm.models.sgenet.guidance import SCEM, SGIM, PlainInference, SGIMPlus
from seginpaint_mm.models.sgenet.multi_scale_patch_discriminator import MultiScalePatchDiscriminator
from seginpaint_mm.models.sgenet.sge_generator import MultiScaleDecoder, SGEGenerator, SkipEncoder
from seginpaint_mm.models.sgenet.sgenet import SGENet

__all__ = [
    'SCEM',
    'SGIM',
    'ContextInference',
    'DilatedContext',
    'MultiScaleDecoder',
    'MultiScalePatchDiscriminator',
    'PlainInference',
    'SGEGenerator',
    'SGENet',
    'SGIMPlus',
    'SkipEncoder',
]
