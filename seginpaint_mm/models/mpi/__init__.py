"""Semantic foreground inpainting from weak supervision (max-pooling as inpainting)."""

from seginpaint_mm.geometry.boxes import random_rectangles
from seginpaint_mm.models.mpi.background_head import BackgroundHead
from seginpaint_mm.models.mpi.foreground_head import (
    ForegroundHead,
    NeckForegroundHead,
    PSPForegroundHead,
)
from seginpaint_mm.models.mpi.foreground_inpainter import ForegroundInpainter
from seginpaint_mm.models.mpi.mpi_neck import MPINeck
from seginpaint_mm.ops.max_pool_inpainting import max_pool_inpainting, max_pool_inpainting_reference

__all__ = [
    'BackgroundHead',
    'ForegroundHead',
    'ForegroundInpainter',
    'MPINeck',
    'NeckForegroundHead',
    'PSPForegroundHead',
    'max_pool_inpainting',
    'max_pool_inpainting_reference',
    'random_rectangles',
]
