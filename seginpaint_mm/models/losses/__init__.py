"""Losses that more than one method uses."""

from .class_weighted_cross_entropy import ClassWeightedCrossEntropyLoss

__all__ = ['ClassWeightedCrossEntropyLoss']
