"""Around a model: hooks, optimiser wrappers, file backends."""

from seginpaint_mm.engine import hooks
from seginpaint_mm.engine.mixed_precision import CPUAmpOptimWrapper
from seginpaint_mm.engine.part_optim_wrappers import PartOptimWrapperConstructor, PartOptimWrappers

__all__ = ['CPUAmpOptimWrapper', 'PartOptimWrapperConstructor', 'PartOptimWrappers', 'hooks']
