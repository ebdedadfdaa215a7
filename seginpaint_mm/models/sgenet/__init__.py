"""SGE-Net: semantic guidance and evaluation for inpainting pictures of mixed scenes."""

from seginpaint_mm.models.sgenet.context_inference import ContextInference
from seginpaint_mm.models.sgenet.dilated_context import DilatedContext
from seginpaint_mm.models.sgenet.multi_scale_decoder import MultiScaleDecoder
from seginpaint_mm.models.sgenet.multi_scale_patch_discriminator import MultiScalePatchDiscriminator
from seginpaint_mm.models.sgenet.plain_inference import PlainInference
from seginpaint_mm.models.sgenet.scem import SCEM
from seginpaint_mm.models.sgenet.sge_generator import SGEGenerator
from seginpaint_mm.models.sgenet.sgenet import SGENet
from seginpaint_mm.models.sgenet.sgim import SGIM
from seginpaint_mm.models.sgenet.sgim_plus import SGIMPlus
from seginpaint_mm.models.sgenet.skip_encoder import SkipEncoder

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
