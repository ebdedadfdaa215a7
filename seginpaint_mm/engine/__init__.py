"""Around a model: hooks, optimiser wrappers, file backends."""

from seginpaint_mm.engine import hooks
from seginpaint_mm.engine.mixed_precision import CPUAmpOptimWrapper
from seginpaint_mm.engine.part_optim_wrapper_constructor import PartOptimWrapperConstructor
from seginpaint_mm.engine.part_optim_wrappers import PartOptimWrappers

__all__ = ['CPUAmpOptimWrapper', 'PartOptimWrapperConstructor', 'PartOptimWrappers', 'hooks']
