"""Mixed precision on a CPU and a GPU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS

from seginpaint_mm.config_check import optim_wrapper_parts
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.utils.processor import describe, has_bfloat16_units


def use_amp(cfg: Config) -> None:
    """float16 on a GPU, bfloat16 on a CPU with units for it, for all optimisers.

    On other CPUs bfloat16 is several times slower than float32: the config stays as it is, and a
    sentence says so.

    Raises:
        ConfigError: the config has another optimiser wrapper than the plain one.
    """
    on_gpu = torch.cuda.is_available()
    amp = 'AmpOptimWrapper' if on_gpu else 'CPUAmpOptimWrapper'
    parts = optim_wrapper_parts(cfg.optim_wrapper)
    wrappers = {f'optim_wrapper.{name}': part for name, part in parts.items()}
    for path, wrapper in (wrappers or {'optim_wrapper': cfg.optim_wrapper}).items():
        kind = wrapper.get('type', 'OptimWrapper')
        if kind == 'OptimWrapper':
            if on_gpu or has_bfloat16_units():
                wrapper.type = amp
            else:
                _say_once(
                    f'--amp has no effect here: this processor ({describe()}) is several times '
                    'slower with bfloat16 than with float32, which is used.'
                )
        elif not str(kind).endswith('AmpOptimWrapper'):
            raise ConfigError(f'--amp needs {path}.type=OptimWrapper, the config has {kind}.')


def tell_slow_bfloat16(cfg: Config, loops: Sequence[str]) -> None:
    """Print which keys of a config ask for bfloat16 where the processor has no units for it.

    They are kept, unlike ``--amp``: with them results are as where the config was measured.

    Args:
        cfg: The config.
        loops: The loops that will run, e.g. ``('train_cfg', 'val_cfg')``.
    """
    if torch.cuda.is_available() or has_bfloat16_units():
        return
    slow = [f'{loop}.fp16' for loop in loops if (cfg.get(loop) or {}).get('fp16')]
    if 'train_cfg' in loops:
        parts = optim_wrapper_parts(cfg.optim_wrapper)
        wrappers = {f'optim_wrapper.{name}': part for name, part in parts.items()}
        for path, wrapper in (wrappers or {'optim_wrapper': cfg.optim_wrapper}).items():
            if str(wrapper.get('type')).endswith('CPUAmpOptimWrapper'):
                slow.append(f'{path}.type=CPUAmpOptimWrapper')
    if slow:
        _say_once(
            f'{", ".join(slow)}: this processor ({describe()}) is several times slower with '
            'bfloat16 than with float32: leave it out unless results must be in bfloat16.'
        )


_said: set[str] = set()


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        print(sentence, flush=True)


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """Runs the forward pass in bfloat16 on the CPU, where MMEngine's ``AmpOptimWrapper`` refuses.

    bfloat16 has float32's range, so no loss scaling is needed. Arguments as ``OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: torch.nn.Module) -> Iterator[None]:
        with super().optim_context(model), torch.autocast('cpu', dtype=torch.bfloat16):
            yield
