"""Random rectangles: sizes, places, number, seed."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.models.mpi import random_rectangles


@settings(max_examples=50, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**31),
    n=st.integers(0, 4),
)
def test_one_rectangle_is_a_rectangle_of_the_asked_size(
    height: int, width: int, seed: int, n: int
) -> None:
    torch.manual_seed(seed)
    masks = random_rectangles(n, (height, width), num=1)
    assert masks.shape == (n, 1, height, width)
    assert masks.dtype == torch.bool
    for mask in masks[:, 0]:
        rows, columns = mask.any(1), mask.any(0)
        assert torch.equal(mask, rows[:, None] & columns[None, :])
        for side, length in ((rows, height), (columns, width)):
            extent = int(side.sum())
            assert max(1, round(0.1 * length) - 1) <= extent <= max(1, round(0.4 * length))
            first = int(side.int().argmax())
            assert side[first : first + extent].all()


def test_seed_decides() -> None:
    torch.manual_seed(3)
    first = random_rectangles(4, (32, 64))
    second = random_rectangles(4, (32, 64))
    torch.manual_seed(3)
    assert torch.equal(first, random_rectangles(4, (32, 64)))
    assert not torch.equal(first, second)


def test_every_place_is_reached() -> None:
    torch.manual_seed(0)
    coverage = random_rectangles(2000, (8, 8)).float().mean(dim=0)
    assert coverage.min() > 0


def test_three_rectangles_cover_what_the_ratios_say() -> None:
    torch.manual_seed(0)
    covered = random_rectangles(4000, (100, 100), num=3).float().mean().item()
    # one rectangle covers 0.25 * 0.25 on average; three overlap a little
    assert 0.14 < covered < 0.19
