"""Randomness that does not remember: an epoch's random numbers depend on the epoch alone."""

from functools import partial

import numpy as np
from mmengine.dataset import worker_init_fn
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner, set_random_seed
from torch.utils.data import DataLoader

from seginpaint_mm.registry import HOOKS


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
