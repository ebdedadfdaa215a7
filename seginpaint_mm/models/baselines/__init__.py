"""Inpainters to compare with: trivial ones, mmagic's, SPG-Net; pre- and postprocessing."""

from seginpaint_mm.models.baselines.inpaint_then_segment import InpaintThenSegment
from seginpaint_mm.models.baselines.mean_colour_inpainter import MeanColourInpainter
from seginpaint_mm.models.baselines.mmagic_inpainter import MMagicInpainter
from seginpaint_mm.models.baselines.opencv_inpainter import OpenCVInpainter
from seginpaint_mm.models.baselines.select_then_inpaint import SelectThenInpaint
from seginpaint_mm.models.baselines.spg_net import SPGNet
from seginpaint_mm.models.baselines.torchscript_inpainter import TorchScriptInpainter
from seginpaint_mm.models.baselines.untrained_inpainter import UntrainedInpainter

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
