"""Mixed precision by one switch, for whatever parts a config optimises."""

import torch
from mmengine.config import Config

from seginpaint_mm.config_check import optim_wrapper_parts
from seginpaint_mm.errors import ConfigError


def use_amp(cfg: Config) -> None:
    """float16 on a GPU, bfloat16 on the CPU, for all optimisers.

    Raises:
        ConfigError: the config has another optimiser wrapper than the plain one.
    """
    amp = 'AmpOptimWrapper' if torch.cuda.is_available() else 'CPUAmpOptimWrapper'
    parts = optim_wrapper_parts(cfg.optim_wrapper)
    wrappers = {f'optim_wrapper.{name}': part for name, part in parts.items()}
    for path, wrapper in (wrappers or {'optim_wrapper': cfg.optim_wrapper}).items():
        kind = wrapper.get('type', 'OptimWrapper')
        if kind == 'OptimWrapper':
            wrapper.type = amp
        elif not str(kind).endswith('AmpOptimWrapper'):
            raise ConfigError(f'--amp needs {path}.type=OptimWrapper, the config has {kind}.')
