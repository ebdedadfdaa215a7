"""Bootstrapped segmentation and Hough-like instances: fully convolutional residual networks."""

from .box_coder import BoxCoder, map_points
from .dilated_classifier import DilatedClassifier

__all__ = ['BoxCoder', 'DilatedClassifier', 'map_points']
