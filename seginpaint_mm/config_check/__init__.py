"""A wrong key, type or value in a config is told with its path and the nearest match."""

from seginpaint_mm.config_check.check import check_config, located_error, optim_wrapper_parts
from seginpaint_mm.config_check.run_settings import unused_custom_keys

__all__ = ['check_config', 'located_error', 'optim_wrapper_parts', 'unused_custom_keys']
