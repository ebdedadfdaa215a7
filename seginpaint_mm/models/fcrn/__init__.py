"""Bootstrapped segmentation and Hough-like instances: fully convolutional residual networks."""

from .dilated_classifier import DilatedClassifier

__all__ = ['DilatedClassifier']
