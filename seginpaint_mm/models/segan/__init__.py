"""SeGAN: segmenting and generating the invisible parts of objects."""

from seginpaint_mm.models.segan.amodal_segmentor import AmodalSegmentor, ObjectResNet
from seginpaint_mm.models.segan.context_encoder import ContextEncoder, ContextEncoderNet
from seginpaint_mm.models.segan.convex_hull import ConvexHullCompleter
from seginpaint_mm.models.segan.crop_segmentor import CropResNet, CropSegmentor
from seginpaint_mm.models.segan.nearest_object import NearestObject
from seginpaint_mm.models.segan.painting import Pix2PixHead
from seginpaint_mm.models.segan.segan import SeGAN

__all__ = [
    'AmodalSegmentor',
    'ContextEncoder',
    'ContextEncoderNet',
    'ConvexHullCompleter',
    'CropResNet',
    'CropSegmentor',
    'NearestObject',
    'ObjectResNet',
    'Pix2PixHead',
    'SeGAN',
]
