"""Bootstrapped segmentation and Hough-like instances: fully convolutional residual networks."""

from .box_coder import BoxCoder, map_points
from .connected_components_head import ConnectedComponentsHead
from .dilated_classifier import DilatedClassifier
from .fcrn_head import FCRNHead, field_of_view
from .hough_instance_head import HoughInstanceHead
from .hough_instance_segmentor import HoughInstanceSegmentor
from .localization_head import LocalizationHead
from .localization_targets import localization_targets
from .residual_dropout import ResidualDropout
from .score_sources import ForegroundScores, SegmentorScores, SharedScores, TrueScores

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
