"""Semantic foreground inpainting from weak supervision (max-pooling as inpainting)."""

from .background_head import BackgroundHead
from .foreground_head import ForegroundHead, NeckForegroundHead, PSPForegroundHead
from .foreground_inpainter import ForegroundInpainter
from .max_pool_inpainting import max_pool_inpainting
from .max_pool_inpainting_reference import max_pool_inpainting_reference
from .mpi_neck import MPINeck
from .random_rectangles import random_rectangles

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
