"""Epochs of a chosen length, so that a large data set is validated more often than once a pass."""

import math
from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from seginpaint_mm.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class PartialEpochSampler(Sampler):
    """Cuts an endless row of shuffled passes over the data set into epochs.

    Every image is seen once before any is seen twice. Epoch e always gives the same images, so
    that a resumed training goes on as an uninterrupted one.

    Args:
        dataset: the data set.
        samples_per_epoch: samples of one epoch over all processes.
        seed: seed of the shuffles; the same drawn in all processes if None.

    Raises:
        ValueError: when ``samples_per_epoch`` is not positive.
    """

    def __init__(self, dataset: Sized, samples_per_epoch: int, seed: int | None = None) -> None:
        if samples_per_epoch < 1:
            raise ValueError(
                f'PartialEpochSampler.samples_per_epoch must be positive, got {samples_per_epoch}.'
            )
        self.rank, self.world_size = get_dist_info()
        self.num_images = len(dataset)
        self.samples_per_rank = math.ceil(samples_per_epoch / self.world_size)
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0

    def __iter__(self) -> Iterator[int]:
        """Indices of this process in the current epoch."""
        length = self.samples_per_rank * self.world_size
        start = self.epoch * length
        first_pass, last_pass = start // self.num_images, (start + length - 1) // self.num_images
        row = torch.cat([self._pass(number) for number in range(first_pass, last_pass + 1)])
        offset = start - first_pass * self.num_images
        return iter(row[offset : offset + length][self.rank :: self.world_size].tolist())

    def _pass(self, number: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(self.seed + number)
        return torch.randperm(self.num_images, generator=generator)

    def __len__(self) -> int:
        """Samples of this process in an epoch."""
        return self.samples_per_rank

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch; MMEngine's sampler hook calls this."""
        self.epoch = epoch
