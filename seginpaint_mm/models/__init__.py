"""Models: a folder a method, and the parts that more than one uses."""

from .backbones import StagedResNet
from .data_preprocessor import SceneDataPreprocessor
from .fcrn import BoxCoder
from .losses import BootstrappedCrossEntropyLoss, ClassWeightedCrossEntropyLoss
from .mpi import (
    BackgroundHead,
    ForegroundHead,
    ForegroundInpainter,
    MPINeck,
    NeckForegroundHead,
    PSPForegroundHead,
)

__all__ = [
    'BackgroundHead',
    'BootstrappedCrossEntropyLoss',
    'BoxCoder',
    'ClassWeightedCrossEntropyLoss',
    'ForegroundHead',
    'ForegroundInpainter',
    'MPINeck',
    'NeckForegroundHead',
    'PSPForegroundHead',
    'SceneDataPreprocessor',
    'StagedResNet',
]
