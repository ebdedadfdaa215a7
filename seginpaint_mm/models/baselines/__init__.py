"""Inpainters to compare with: trivial ones, mmagic's, SPG-Net; pre- and postprocessing."""

from seginpaint_mm.models.baselines.mmagic_inpainter import MMagicInpainter
from seginpaint_mm.models.baselines.plain_inpainters import (
    MeanColourInpainter,
    OpenCVInpainter,
    UntrainedInpainter,
)
from seginpaint_mm.models.baselines.spg_net import SPGNet
from seginpaint_mm.models.baselines.torchscript_inpainter import TorchScriptInpainter
from seginpaint_mm.models.baselines.two_stages import InpaintThenSegment, SelectThenInpaint

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
