"""Losses that more than one method uses."""

from seginpaint_mm.models.losses.bootstrapped_box import BootstrappedBoxLoss
from seginpaint_mm.models.losses.cross_entropy import (
    BootstrappedCrossEntropyLoss,
    ClassWeightedCrossEntropyLoss,
    RegionWeightedBCELoss,
)
from seginpaint_mm.models.losses.mask_expansion import MaskExpansionLoss
from seginpaint_mm.models.losses.perceptual import PerceptualFeatures, PerceptualLoss, StyleLoss

__all__ = [
    'BootstrappedBoxLoss',
    'BootstrappedCrossEntropyLoss',
    'ClassWeightedCrossEntropyLoss',
    'MaskExpansionLoss',
    'PerceptualFeatures',
    'PerceptualLoss',
    'RegionWeightedBCELoss',
    'StyleLoss',
]
