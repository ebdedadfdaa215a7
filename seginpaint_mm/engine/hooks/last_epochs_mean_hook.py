"""The paper's reported value: every validation metric, averaged over the last epochs."""

import math
from collections.abc import Mapping
from numbers import Number
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from seginpaint_mm.files import write_json
from seginpaint_mm.registry import HOOKS

_HISTORY = 'history_of_last_epochs'  # not val*: MMEngine's log would print it
_FILE_NAME = 'last_epochs_mean.json'


@HOOKS.register_module()
class LastEpochsMeanHook(Hook):
    """Average the validations of the last ``num_epochs`` epochs, as the paper reports (Sec. IV-A).

    After every validation ``last_epochs_mean.json`` in the work dir is replaced: ``epochs`` (those
    that were validated among the last ``num_epochs``) and ``mean`` (metric name -> mean; null where
    a value is not finite). The mean is logged at the end of training.

    The history travels in the checkpoints. MMEngine saves a checkpoint before it validates, so the
    validation of the epoch that is resumed from is missing there: it is run again.

    Args:
        num_epochs: how many epochs the mean covers, at least 1.
    """

    priority = 'LOWEST'

    def __init__(self, *, num_epochs: int = 5) -> None:
        if num_epochs < 1:
            raise ValueError(f'num_epochs must be at least 1, got {num_epochs}.')
        self._num_epochs = num_epochs

    def before_train(self, runner: Runner) -> None:
        loop = runner.train_loop
        if not isinstance(loop, EpochBasedTrainLoop):
            raise ValueError(
                'LastEpochsMeanHook needs training by epochs: set '
                "train_cfg.type='EpochBasedTrainLoop', or remove the hook from custom_hooks."
            )
        due = loop.epoch >= loop.val_begin and (
            loop.epoch % loop.val_interval == 0 or loop.epoch == loop.max_epochs
        )
        resumed = loop.epoch > 0 and runner.val_loop is not None
        if resumed and due and loop.epoch not in _history(runner):
            runner.logger.info(f'Validating epoch {loop.epoch}, which was lost with the last run.')
            runner.val_loop.run()

    def after_val_epoch(self, runner: Runner, metrics: Mapping[str, object] | None = None) -> None:
        if runner.epoch == 0 or not metrics:
            return
        values = {name: float(value) for name, value in metrics.items() if _is_number(value)}
        history = {**_history(runner), runner.epoch: values}
        runner.message_hub.update_info(_HISTORY, history)
        if is_main_process():
            write_json(Path(runner.work_dir) / _FILE_NAME, self._summary(history, runner.epoch))

    def after_train(self, runner: Runner) -> None:
        history = _history(runner)
        if history:
            summary = self._summary(history, runner.epoch)
            values = ', '.join(f'{name} {value}' for name, value in summary['mean'].items())
            runner.logger.info(f'Mean over epochs {summary["epochs"]}: {values}')

    def _summary(self, history: dict[int, dict[str, float]], last_epoch: int) -> dict:
        epochs = sorted(e for e in history if last_epoch - self._num_epochs < e <= last_epoch)
        names = history[epochs[-1]] if epochs else {}
        mean = {name: _mean([history[e].get(name, math.nan) for e in epochs]) for name in names}
        return {'num_epochs': self._num_epochs, 'epochs': epochs, 'mean': mean}


def _history(runner: Runner) -> dict[int, dict[str, float]]:
    return runner.message_hub.runtime_info.get(_HISTORY, {})


def _is_number(value: object) -> bool:
    return isinstance(value, Number) or getattr(value, 'size', None) == 1


def _mean(values: list[float]) -> float | None:
    mean = math.fsum(values) / len(values)
    return round(mean, 4) if math.isfinite(mean) else None
