"""Metrics, one a file."""

from seginpaint_mm.evaluation.amodal_iou import AmodalIoUMetric
from seginpaint_mm.evaluation.class_iou import ClassIoUMetric
from seginpaint_mm.evaluation.coco_instance_metric import CocoInstanceMetric
from seginpaint_mm.evaluation.confidence_error import ConfidenceErrorMetric
from seginpaint_mm.evaluation.depth_order import DepthOrderMetric
from seginpaint_mm.evaluation.fid import FIDMetric
from seginpaint_mm.evaluation.hole_class_iou import HoleClassIoUMetric
from seginpaint_mm.evaluation.inpainting_quality import InpaintingQualityMetric
from seginpaint_mm.evaluation.lower_is_nearer import LowerIsNearerMetric
from seginpaint_mm.evaluation.lpips import LPIPSMetric
from seginpaint_mm.evaluation.mask_growth import MaskGrowthMetric
from seginpaint_mm.evaluation.nearest_background import NearestBackgroundMetric
from seginpaint_mm.evaluation.painted_mask_iou import PaintedMaskIoUMetric
from seginpaint_mm.evaluation.painting_error import PaintingErrorMetric
from seginpaint_mm.evaluation.region_ap import RegionAPMetric
from seginpaint_mm.evaluation.region_iou import RegionIoUMetric
from seginpaint_mm.evaluation.scene_complexity import SceneComplexityMetric
from seginpaint_mm.evaluation.visible_mask_iou import VisibleMaskIoUMetric
from seginpaint_mm.evaluation.visible_painting_error import VisiblePaintingErrorMetric

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
