"""Hooks of epochs and layout: a seed per epoch, the mean of the last epochs, channels-last."""

import math
from collections.abc import Mapping
from functools import partial
from numbers import Number
from pathlib import Path

import numpy as np
from mmengine.dataset import worker_init_fn
from mmengine.dist import get_rank, is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner, set_random_seed
from torch.utils.data import DataLoader

from seginpaint_mm.registry import HOOKS
from seginpaint_mm.utils.files import write_json
from seginpaint_mm.utils.torch_modules import lay_channels_last


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed every random generator from (seed, epoch, rank) at the start of each epoch.

    A training that is killed and resumed from an epoch's checkpoint then draws the same batches,
    augmentations, dropout masks and rectangles as one that was never interrupted. It also gives
    every epoch and every rank other augmentations: MMEngine seeds the workers of every epoch alike.

    Two things cannot be restored, and a warning says so: the generators of
    ``persistent_workers`` (they outlive the epoch), and the position within the data of a
    training by iterations.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        loader = runner.train_dataloader
        # the sampler was built before the checkpoint's seed was known
        if hasattr(loader.sampler, 'seed'):
            loader.sampler.seed = runner.seed
        if loader.num_workers > 0 and loader.persistent_workers:
            runner.logger.warning(
                'train_dataloader.persistent_workers=True: a resumed training will draw other '
                'augmentations than an uninterrupted one; set it to False to make them equal.'
            )
        if runner.iter > 0 and not isinstance(runner.train_loop, EpochBasedTrainLoop):
            runner.logger.warning(
                'Training by iterations was resumed: it will draw other random numbers than an '
                'uninterrupted one; train by epochs to make them equal.'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        seed = epoch_seed(runner.seed, runner.epoch, get_rank())
        set_random_seed(seed)
        _seed_workers(runner.train_dataloader, seed)


def epoch_seed(seed: int, epoch: int, rank: int) -> int:
    """A well mixed seed below 2**31, so that seeds of workers can be added to it."""
    return int(np.random.SeedSequence([seed, epoch, rank]).generate_state(1)[0] >> 1)


def _seed_workers(loader: DataLoader, seed: int) -> None:
    loader.worker_init_fn = partial(
        worker_init_fn, num_workers=loader.num_workers, rank=0, seed=seed
    )


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


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Converts the model once before the run; activations follow the weights' layout.

    Values do not change but for the order of additions inside a convolution. A model that is
    wrapped for several processes is wrapped again: DistributedDataParallel keeps the layout that
    gradients had when it was made, and would hand out those of convolutions in the wrong order.
    """

    def before_run(self, runner: Runner) -> None:
        """See :func:`lay_channels_last`."""
        if is_model_wrapper(runner.model):
            model = lay_channels_last(runner.model.module)
            runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), model)
        else:
            lay_channels_last(runner.model)
