"""Losses that more than one method uses."""

from .bootstrapped_box import BootstrappedBoxLoss
from .bootstrapped_cross_entropy import BootstrappedCrossEntropyLoss
from .class_weighted_cross_entropy import ClassWeightedCrossEntropyLoss
from .mask_expansion import MaskExpansionLoss
from .perceptual import PerceptualLoss
from .perceptual_features import PerceptualFeatures
from .region_weighted_bce import RegionWeightedBCELoss
from .style import StyleLoss

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
