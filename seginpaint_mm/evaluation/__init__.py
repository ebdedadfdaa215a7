"""Metrics, one a file."""

from seginpaint_mm.evaluation.class_iou import ClassIoUMetric
from seginpaint_mm.evaluation.nearest_background import NearestBackgroundMetric
from seginpaint_mm.evaluation.region_ap import RegionAPMetric
from seginpaint_mm.evaluation.region_iou import RegionIoUMetric

__all__ = ['ClassIoUMetric', 'NearestBackgroundMetric', 'RegionAPMetric', 'RegionIoUMetric']
