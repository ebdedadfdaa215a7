"""Stop a training whose images hold nothing to learn from."""

import torch.distributed as dist
from mmengine.dataset import InfiniteSampler
from mmengine.dist import is_distributed
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from seginpaint_mm.errors import DataError
from seginpaint_mm.registry import HOOKS

_ADVICE = 'check the label files, and that the data set class is the one that they belong to'


@HOOKS.register_module()
class LabelPresenceHook(Hook):
    """Looks, until both were seen once, for background and foreground in the training labels.

    At the end of the first epoch labels without any background (``gt_sem_seg`` is 255 everywhere)
    stop the training; labels without any foreground are only warned of.

    Raises:
        DataError: there is no batch, or no picture of the first epoch has a pixel of a background
            class.
    """

    def before_train(self, runner: Runner) -> None:
        _check_batches(runner.train_dataloader)
        self._missing = {'background', 'foreground'}

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict,
        outputs: object = None,
    ) -> None:
        if not self._missing:
            return
        if not data_batch.get('data_samples'):
            self._missing.clear()  # labels in another form: not this hook's business
            return
        for sample in data_batch['data_samples']:
            if 'gt_sem_seg' not in sample or (sample.gt_sem_seg.data != 255).any():
                self._missing.discard('background')
            if 'gt_foreground' not in sample or sample.gt_foreground.data.any():
                self._missing.discard('foreground')

    def after_train_epoch(self, runner: Runner) -> None:
        missing, self._missing = _in_all_processes(self._missing), set()
        if 'background' in missing:
            raise DataError(
                f'No training picture of epoch {runner.epoch + 1} has a labelled background pixel, '
                f'so nothing can be learnt: {_ADVICE}.'
            )
        if 'foreground' in missing:
            runner.logger.warning(
                f'No training picture of epoch {runner.epoch + 1} has a foreground object: the '
                f'foreground branch learns to see none; {_ADVICE}.'
            )


def _check_batches(loader: DataLoader) -> None:
    """See that an epoch has a batch; a sampler without end fills batches in any case."""
    if len(loader) > 0 or isinstance(loader.sampler, InfiniteSampler):
        return
    raise DataError(
        f'There is no batch to train on: of {len(loader.dataset)} images in train_dataloader, '
        f'{len(loader.sampler)} are taken per epoch and process, which is less than '
        f'train_dataloader.batch_size={loader.batch_size}, and drop_last=True leaves incomplete '
        f'batches out: lower batch_size, or set train_dataloader.drop_last=False.'
    )


def _in_all_processes(missing: set[str]) -> set[str]:
    if not is_distributed():
        return missing
    gathered: list[set[str]] = [set()] * dist.get_world_size()
    dist.all_gather_object(gathered, missing)
    return set.intersection(*gathered)
