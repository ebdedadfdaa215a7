"""Inpainters to compare with: trivial ones, mmagic's, SPG-Net; what is done before and after."""

from .inpaint_then_segment import InpaintThenSegment
from .mean_colour_inpainter import MeanColourInpainter
from .mmagic_inpainter import MMagicInpainter
from .opencv_inpainter import OpenCVInpainter
from .select_then_inpaint import SelectThenInpaint
from .spg_net import SPGNet
from .torchscript_inpainter import TorchScriptInpainter
from .untrained_inpainter import UntrainedInpainter

__all__ = [
    'InpaintThenSegment',
    'MMagicInpainter',
    'MeanColourInpainter',
    'OpenCVInpainter',
    'SPGNet',
    'SelectThenInpaint',
    'TorchScriptInpainter',
    'UntrainedInpainter',
]
