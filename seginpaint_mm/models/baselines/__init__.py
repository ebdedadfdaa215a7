"""Inpainters to compare with: trivial ones, mmagic's, SPG-Net, and segmenting what was filled."""

from .inpaint_then_segment import InpaintThenSegment
from .mean_colour_inpainter import MeanColourInpainter
from .mmagic_inpainter import MMagicInpainter
from .opencv_inpainter import OpenCVInpainter
from .spg_net import SPGNet
from .untrained_inpainter import UntrainedInpainter

__all__ = [
    'InpaintThenSegment',
    'MMagicInpainter',
    'MeanColourInpainter',
    'OpenCVInpainter',
    'SPGNet',
    'UntrainedInpainter',
]
