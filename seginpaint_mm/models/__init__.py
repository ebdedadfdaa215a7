"""Models: a folder a method, and the parts that more than one uses."""

from .adversarial import AdversarialModel
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
    MaskExpansionLoss,
    RegionWeightedBCELoss,
)
from .mpi import (
    BackgroundHead,
    ForegroundHead,
    ForegroundInpainter,
    MPINeck,
    NeckForegroundHead,
    PSPForegroundHead,
)
from .segan import AmodalSegmentor, NearestObject, ObjectResNet, Pix2PixHead, SeGAN

__all__ = [
    'AdversarialModel',
    'AmodalSegmentor',
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
    'MaskExpansionLoss',
    'NearestObject',
    'NeckForegroundHead',
    'ObjectResNet',
    'PSPForegroundHead',
    'Pix2PixHead',
    'RegionWeightedBCELoss',
    'ResidualDropout',
    'SceneDataPreprocessor',
    'SeGAN',
    'SegmentorScores',
    'SharedScores',
    'StagedResNet',
    'TrueScores',
]
