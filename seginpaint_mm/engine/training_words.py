"""Words of a config, beside ``model``, that stand for several settings of a training.

======================  ============================================================================
``tracking``            ``'tensorboard'``, ``'wandb'``, ``'mlflow'``, or a list of them
``early_stopping``      a metric, or ``dict(monitor=..., patience=..., min_delta=..., rule=...)``
``ema``                 True, or the share in (0, 1) of the old mean that a step keeps, as 0.999
``accumulate``          a step of the optimiser is made of so many batches
``channels_last``       False to leave the layout of tensors as PyTorch has it; True is the default
``compile``             MMEngine's own: True, or arguments of ``torch.compile``
======================  ============================================================================

All work with ``--resume``. Weights & Biases without a network: ``WANDB_MODE=offline``. MLflow
writes ``mlflow.db`` in the work dir, or where ``MLFLOW_TRACKING_URI`` says.
"""

import importlib.util
import json
import os
from collections.abc import Mapping
from math import inf
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.hooks import EarlyStoppingHook
from mmengine.registry import VISBACKENDS
from mmengine.runner import Runner
from mmengine.visualization import MLflowVisBackend

from seginpaint_mm.errors import ConfigError, MissingLibrary
from seginpaint_mm.registry import HOOKS
from seginpaint_mm.utils.files import write_json

TRACKERS = {
    'tensorboard': ('TensorboardVisBackend', 'tensorboard'),
    'wandb': ('WandbVisBackend', 'wandb'),
    'mlflow': ('MLflowImageBackend', 'mlflow'),
}
WORDS = ('tracking', 'early_stopping', 'ema', 'accumulate', 'channels_last')
_EMA, _PATIENCE = 0.999, 5
_HISTORY = 'early_stopping.json'


def apply_words(cfg: Config) -> None:
    """Replace the words of a config by the settings that they stand for.

    Raises:
        ConfigError: a word has a wrong value, or the training is not one for it.
        MissingLibrary: the library of a tracker is not installed.
    """
    values = {word: cfg.get(word) for word in WORDS}
    hooks = list(cfg.get('custom_hooks') or [])
    if values['tracking']:
        _track(cfg, values['tracking'])
    if values['early_stopping']:
        hooks.append(_early_stopping(cfg, values['early_stopping']))
    if values['ema']:
        hooks.append(_ema(values['ema']))
    if values['accumulate'] is not None:
        _accumulate(cfg, values['accumulate'])
    if values['channels_last'] is False:
        hooks = [hook for hook in hooks if hook['type'] != 'ChannelsLastHook']
    elif values['channels_last'] and not any(h['type'] == 'ChannelsLastHook' for h in hooks):
        hooks.append(dict(type='ChannelsLastHook'))
    cfg.custom_hooks = hooks


def _track(cfg: Config, names: str | list[str]) -> None:
    backends = list(cfg.visualizer.get('vis_backends') or [])
    for name in [names] if isinstance(names, str) else names:
        if name not in TRACKERS:
            raise ConfigError(f'tracking is one of {", ".join(TRACKERS)}, not {name!r}.')
        kind, library = TRACKERS[name]
        if importlib.util.find_spec(library) is None:
            raise MissingLibrary(
                f'tracking={name!r} needs {library}: pip install {library}, or leave the word out.',
                name=library,
            )
        backend: dict = dict(type=kind)
        if name == 'wandb':
            backend['init_kwargs'] = dict(project='seginpaint_mm', name=Path(cfg.work_dir).name)
        if name == 'mlflow':
            folder = Path(cfg.work_dir).absolute()
            backend['exp_name'] = folder.name
            backend['tracking_uri'] = os.environ.get(
                'MLFLOW_TRACKING_URI', f'sqlite:///{folder}/mlflow.db'
            )
        backends.append(backend)
    cfg.visualizer.vis_backends = backends


def _early_stopping(cfg: Config, value: str | Mapping) -> dict:
    settings = dict(value) if isinstance(value, Mapping) else dict(monitor=value)
    if not isinstance(settings.get('monitor'), str):
        raise ConfigError(
            'early_stopping is a metric of the validation, or a dict with it as monitor, not '
            f'{value!r}.'
        )
    if cfg.get('val_dataloader') is None:
        raise ConfigError('early_stopping looks at the validation, which this config lacks.')
    return dict(type='ResumableEarlyStoppingHook', **{'patience': _PATIENCE, **settings})


def _ema(value: bool | float) -> dict:
    kept = _EMA if value is True else value
    if not isinstance(kept, float) or not 0 < kept < 1:
        raise ConfigError(f'ema is True or a share between 0 and 1, e.g. 0.999, not {value!r}.')
    return dict(
        type='EMAHook', ema_type='ExponentialMovingAverage', momentum=1 - kept, update_buffers=True
    )


def _accumulate(cfg: Config, number: int) -> None:
    if not isinstance(number, int) or number < 1:
        raise ConfigError(f'accumulate is a whole number of batches from 1, not {number!r}.')
    wrapper = cfg.get('optim_wrapper') or {}
    if wrapper.get('constructor') is not None:
        raise ConfigError(
            'accumulate is for models with one optimiser; where parts have their own, set '
            'accumulative_counts in optim_wrapper for each.'
        )
    wrapper['accumulative_counts'] = number


@VISBACKENDS.register_module()
class MLflowImageBackend(MLflowVisBackend):
    """MMEngine's, which writes no images: MLflow takes their format from the end of their name."""

    def add_image(self, name: str, image: np.ndarray, step: int = 0, **options: object) -> None:
        """Write RGB uint8 (H, W, 3) as ``NAME_STEP.png``."""
        super().add_image(f'{name}_{step}.png', image, step, **options)


@HOOKS.register_module()
class ResumableEarlyStoppingHook(EarlyStoppingHook):
    """MMEngine's early stopping, whose patience goes on where a training is resumed.

    Every validation's value is in ``early_stopping.json`` in the work dir; those of later
    iterations, of a training before, do not count.

    Args: see :class:`mmengine.hooks.EarlyStoppingHook`.

    Raises:
        ConfigError: the validation gives no such metric.
    """

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Stop where the metric has not improved for ``patience`` validations."""
        if metrics is None or self.monitor not in metrics:
            raise ConfigError(
                f'early_stopping: there is no metric {self.monitor!r}; the validation gives '
                f'{", ".join(metrics or ())}.'
            )
        history = _earlier(runner)
        if is_main_process():
            values = {**history, runner.iter: float(metrics[self.monitor])}
            write_json(Path(runner.work_dir) / _HISTORY, values)
        self.best_score, self.wait_count = (-inf if self.rule == 'greater' else inf), 0
        for value in history.values():
            self._check_stop_condition(value)
        super().after_val_epoch(runner, metrics)


def _earlier(runner: Runner) -> dict[int, float]:
    """Values of the validations of this training before the one at hand, by iteration."""
    start = runner.cfg.get('load_from') if runner.cfg.get('resume') else None
    for folder in (Path(runner.work_dir), Path(start or runner.work_dir).parent):
        file = folder / _HISTORY
        if file.is_file():
            values = json.loads(file.read_text())
            return {int(k): v for k, v in values.items() if int(k) < runner.iter}
    return {}
