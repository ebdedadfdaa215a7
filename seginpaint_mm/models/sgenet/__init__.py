"""SGE-Net: semantic guidance and evaluation for inpainting pictures of mixed scenes."""

from .context_inference import ContextInference
from .dilated_context import DilatedContext
from .multi_scale_decoder import MultiScaleDecoder
from .multi_scale_patch_discriminator import MultiScalePatchDiscriminator
from .plain_inference import PlainInference
from .scem import SCEM
from .sge_generator import SGEGenerator
from .sgenet import SGENet
from .sgim import SGIM
from .sgim_plus import SGIMPlus
from .skip_encoder import SkipEncoder

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
