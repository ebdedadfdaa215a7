"""Report a wrong key, type or value in a config with its path and the nearest match."""

from seginpaint_mm.config_check.check import (
    OPTIM_ROLES,
    check_config,
    located_error,
    misfitting_part,
    optim_wrapper_parts,
    over_role,
)
from seginpaint_mm.config_check.run_settings import scheduler_part_problems, unused_custom_keys

__all__ = [
    'OPTIM_ROLES',
    'check_config',
    'located_error',
    'misfitting_part',
    'optim_wrapper_parts',
    'over_role',
    'scheduler_part_problems',
    'unused_custom_keys',
]
