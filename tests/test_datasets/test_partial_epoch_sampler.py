"""Epochs of a chosen length."""

from collections import Counter
from unittest import mock

import pytest

from seginpaint_mm.datasets.partial_epoch_sampler import PartialEpochSampler


def epochs(num_images: int, samples_per_epoch: int, num_epochs: int, seed: int = 0) -> list:
    sampler = PartialEpochSampler(range(num_images), samples_per_epoch, seed=seed)
    rows = []
    for epoch in range(num_epochs):
        sampler.set_epoch(epoch)
        rows.append(list(sampler))
        assert len(rows[-1]) == len(sampler) == samples_per_epoch
    return rows


@pytest.mark.parametrize(('num_images', 'samples'), [(10, 5), (10, 3), (3, 10), (7, 7)])
def test_every_image_once_before_any_twice(num_images: int, samples: int) -> None:
    row = [index for epoch in epochs(num_images, samples, num_epochs=6) for index in epoch]
    for start in range(0, len(row) - num_images + 1, num_images):
        assert sorted(row[start : start + num_images]) == list(range(num_images))
    assert max(Counter(row).values()) - min(Counter(row).values()) <= 1


def test_passes_differ_and_the_seed_decides() -> None:
    first, second = epochs(50, 50, 2)
    assert first != second
    assert epochs(50, 50, 2) == [first, second]
    assert epochs(50, 50, 1, seed=1) != [first]


def test_processes_share_an_epoch() -> None:
    rows = []
    for rank in range(2):
        with mock.patch(
            'seginpaint_mm.datasets.partial_epoch_sampler.get_dist_info', return_value=(rank, 2)
        ):
            rows.append(list(PartialEpochSampler(range(20), 10, seed=0)))
    assert [len(row) for row in rows] == [5, 5]
    assert not set(rows[0]) & set(rows[1])
    whole = list(PartialEpochSampler(range(20), 10, seed=0))
    assert sorted(whole) == sorted(rows[0] + rows[1])


def test_length_must_be_positive() -> None:
    with pytest.raises(ValueError, match='samples_per_epoch'):
        PartialEpochSampler(range(3), 0)
