"""A wrong key, type or value in a config is told with its path and the nearest match."""

from .build_errors import located_error
from .check import check_config, optim_wrapper_parts
from .late_settings import unused_custom_keys

__all__ = ['check_config', 'located_error', 'optim_wrapper_parts', 'unused_custom_keys']
