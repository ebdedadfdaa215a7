"""Metrics, by subject: IoU, average precision, painted images, depth order."""

from seginpaint_mm.evaluation.amodal_iou import AmodalIoUMetric, VisibleMaskIoUMetric
from seginpaint_mm.evaluation.confidence_error import ConfidenceErrorMetric
from seginpaint_mm.evaluation.depth_order import DepthOrderMetric, LowerIsNearerMetric
from seginpaint_mm.evaluation.image_quality import FIDMetric, InpaintingQualityMetric, LPIPSMetric
from seginpaint_mm.evaluation.mask_overlaps import MaskGrowthMetric
from seginpaint_mm.evaluation.nearest_background import NearestBackgroundMetric
from seginpaint_mm.evaluation.painted_image import (
    PaintedMaskIoUMetric,
    PaintingErrorMetric,
    VisiblePaintingErrorMetric,
)
from seginpaint_mm.evaluation.region_ap import CocoInstanceMetric, RegionAPMetric
from seginpaint_mm.evaluation.region_iou import ClassIoUMetric, HoleClassIoUMetric, RegionIoUMetric
from seginpaint_mm.evaluation.scene_complexity import SceneComplexityMetric

__all__ = [
    'AmodalIoUMetric',
    'ClassIoUMetric',
    'CocoInstanceMetric',
    'ConfidenceErrorMetric',
    'DepthOrderMetric',
    'FIDMetric',
    'HoleClassIoUMetric',
    'InpaintingQualityMetric',
    'LPIPSMetric',
    'LowerIsNearerMetric',
    'MaskGrowthMetric',
    'NearestBackgroundMetric',
    'PaintedMaskIoUMetric',
    'PaintingErrorMetric',
    'RegionAPMetric',
    'RegionIoUMetric',
    'SceneComplexityMetric',
    'VisibleMaskIoUMetric',
    'VisiblePaintingErrorMetric',
]
