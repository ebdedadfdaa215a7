"""Bootstrapped segmentation and Hough-like instances: fully convolutional residual networks."""

from seginpaint_mm.models.fcrn.fcrn_head import (
    DilatedClassifier,
    FCRNHead,
    ResidualDropout,
    field_of_view,
)
from seginpaint_mm.models.fcrn.hough_instance_head import HoughInstanceHead
from seginpaint_mm.models.fcrn.hough_instance_segmentor import (
    ConnectedComponentsHead,
    HoughInstanceSegmentor,
)
from seginpaint_mm.models.fcrn.localization_head import BoxCoder, LocalizationHead, map_points
from seginpaint_mm.models.fcrn.localization_targets import localization_targets
from seginpaint_mm.models.fcrn.score_sources import (
    ForegroundScores,
    SegmentorScores,
    SharedScores,
    TrueScores,
)

__all__ = [
    'BoxCoder',
    'ConnectedComponentsHead',
    'DilatedClassifier',
    'FCRNHead',
    'ForegroundScores',
    'HoughInstanceHead',
    'HoughInstanceSegmentor',
    'LocalizationHead',
    'ResidualDropout',
    'SegmentorScores',
    'SharedScores',
    'TrueScores',
    'field_of_view',
    'localization_targets',
    'map_points',
]
