"""Checkpoints: loaded without running their code, compared with the model that takes them."""

from seginpaint_mm.checkpoint.fitting import (
    check_checkpoint_fits,
    keep_what_fits,
    load_part,
    non_finite_tensors,
)
from seginpaint_mm.checkpoint.loading import (
    META,
    SAFETENSORS,
    UNSAFE_LOAD,
    enable_safe_loading,
    load_checkpoint_safely,
)
from seginpaint_mm.checkpoint.starts import check_parts_named, names_checkpoints, untrained_parts
from seginpaint_mm.checkpoint.unpickling import section

__all__ = [
    'META',
    'SAFETENSORS',
    'UNSAFE_LOAD',
    'check_checkpoint_fits',
    'check_parts_named',
    'enable_safe_loading',
    'keep_what_fits',
    'load_checkpoint_safely',
    'load_part',
    'names_checkpoints',
    'non_finite_tensors',
    'section',
    'untrained_parts',
]
