"""A wrong key, type or value in a config is told with its path and the nearest match."""

from .build_errors import located_error
from .check import check_config, optim_wrapper_parts

__all__ = ['check_config', 'located_error', 'optim_wrapper_parts']
