"""The holes that the benchmark fills are as deep as it says; its tables hold what it measured."""

from unittest import mock

import cv2
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seginpaint_mm.benchmarks import mpi_operator
from seginpaint_mm.benchmarks.measure import median_seconds, peak_mebibytes
from seginpaint_mm.benchmarks.mpi_operator import operator_tables, squares

CPU = torch.device('cpu')


@given(radius=st.integers(2, 15), samples=st.integers(1, 3), share=st.floats(0, 0.4))
def test_squares_are_as_deep_as_asked(radius: int, samples: int, share: float) -> None:
    height, width = 64, 96
    foreground = squares((samples, 5, height, width), radius, int(share * height * width))
    assert foreground.shape == (samples, 1, height, width)
    grown = torch.nn.functional.max_pool2d(foreground.float(), 3, 1, 1).byte()
    for sample in grown[:, 0]:
        assert cv2.distanceTransform(sample.numpy(), cv2.DIST_C, 3).max() == radius
        assert sample.sum() >= min(share * sample.numel() - (2 * radius - 1) ** 2, 1)


def test_every_action_is_repeated_and_takes_turns() -> None:
    order = []
    actions = {name: lambda name=name: order.append(name) for name in ('a', 'b')}
    seconds = median_seconds(actions, 3, CPU)
    assert order == ['a', 'b'] * 4
    assert all(value >= 0 for value in seconds.values())


def test_peak_memory_counts_what_is_taken() -> None:
    peak = peak_mebibytes(lambda: torch.ones(64, 1024, 1024), CPU)
    if peak is None:
        pytest.skip('this system does not tell the peak of a process')
    assert 200 < peak < 300


@pytest.mark.slow
def test_the_loop_takes_more_memory() -> None:
    """In fresh processes; both take the result, 8 MiB."""
    peaks = [
        mpi_operator._peak(name, (1, 32, 256, 256), 9, False, CPU) for name in ('loop', 'ours')
    ]
    if None in peaks:
        pytest.skip('this system does not tell the peak of a process')
    loop, ours = peaks
    assert 7 < ours < loop


def test_tables_hold_every_case() -> None:
    cases = (((2, 3, 16, 32), 5, 1, None),)
    with (
        mock.patch.object(mpi_operator, 'CASES', cases),
        mock.patch.object(mpi_operator, '_peak', return_value=None),
        mock.patch.object(mpi_operator, 'GROWTH_SHAPE', (1, 2, 32, 64)),
        mock.patch.object(mpi_operator, 'GROWTH_RADII', (2, 9)),
    ):
        operator, growth = operator_tables(1, CPU)
    assert [row['R'] for row in operator.rows] == [5, 5]
    for row in operator.rows:
        assert row['loop, MiB'] is None
        ratio = row['loop, ms'] / row['ours, ms']
        assert row['times faster'] == pytest.approx(ratio)
    assert [row['R'] for row in growth.rows] == [2, 9]
    assert '| R | share to be filled |' in growth.to_markdown()
