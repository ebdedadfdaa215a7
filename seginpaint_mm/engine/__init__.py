"""What runs around a model: hooks, optimiser wrappers, file backends."""

from seginpaint_mm.engine import hooks
from seginpaint_mm.engine.cpu_amp_optim_wrapper import CPUAmpOptimWrapper

__all__ = ['CPUAmpOptimWrapper', 'hooks']
