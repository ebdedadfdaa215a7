"""Models: a folder a method, and the parts that more than one uses."""

from .backbones import StagedResNet
from .data_preprocessor import SceneDataPreprocessor
from .fcrn import (
    BoxCoder,
    FCRNHead,
    ForegroundScores,
    HoughInstanceHead,
    HoughInstanceSegmentor,
    LocalizationHead,
    ResidualDropout,
    SegmentorScores,
    SharedScores,
    TrueScores,
)
from .losses import (
    BootstrappedBoxLoss,
    BootstrappedCrossEntropyLoss,
    ClassWeightedCrossEntropyLoss,
)
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
    'BootstrappedBoxLoss',
    'BootstrappedCrossEntropyLoss',
    'BoxCoder',
    'ClassWeightedCrossEntropyLoss',
    'FCRNHead',
    'ForegroundHead',
    'ForegroundInpainter',
    'ForegroundScores',
    'HoughInstanceHead',
    'HoughInstanceSegmentor',
    'LocalizationHead',
    'MPINeck',
    'NeckForegroundHead',
    'PSPForegroundHead',
    'ResidualDropout',
    'SceneDataPreprocessor',
    'SegmentorScores',
    'SharedScores',
    'StagedResNet',
    'TrueScores',
]
