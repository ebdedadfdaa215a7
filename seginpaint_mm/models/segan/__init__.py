"""SeGAN: segmenting and painting what cannot be seen of objects."""

from .amodal_segmentor import AmodalSegmentor
from .context_encoder import ContextEncoder
from .context_encoder_net import ContextEncoderNet
from .convex_hull import ConvexHullCompleter
from .nearest_object import NearestObject
from .object_resnet import ObjectResNet
from .pix2pix_head import Pix2PixHead
from .segan import SeGAN

__all__ = [
    'AmodalSegmentor',
    'ContextEncoder',
    'ContextEncoderNet',
    'ConvexHullCompleter',
    'NearestObject',
    'ObjectResNet',
    'Pix2PixHead',
    'SeGAN',
]
