"""Our operators of mmcv against compiled ones: recorded results, and live ones if installed."""

import numpy as np
import pytest
import torch

from tests.helpers import mmcv_operator_cases, mmcv_reference

needs_compiled = pytest.mark.skipif(
    not mmcv_reference.IS_COMPILED, reason=mmcv_reference.NOT_COMPILED
)


def assert_same(found: list[torch.Tensor], expected: list[torch.Tensor]) -> None:
    """Indices are equal, values up to rounding."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize('name', mmcv_operator_cases.CASES)
def test_results_are_those_recorded(name: str) -> None:
    with np.load(mmcv_operator_cases.RECORD) as record:
        keys = [key for key in record if key.rpartition('/')[0] == name]
        expected = [torch.from_numpy(record[key]) for key in keys]
    assert expected
    with mmcv_reference.ours():
        assert_same(mmcv_operator_cases.CASES[name](), expected)


@needs_compiled
@pytest.mark.parametrize('name', mmcv_operator_cases.CASES)
def test_results_are_those_of_compiled_operators(name: str) -> None:
    expected = mmcv_operator_cases.CASES[name]()
    with mmcv_reference.ours():
        assert_same(mmcv_operator_cases.CASES[name](), expected)


def test_record_is_of_these_cases_and_small() -> None:
    with np.load(mmcv_operator_cases.RECORD) as record:
        assert {key.rpartition('/')[0] for key in record} == set(mmcv_operator_cases.CASES)
    assert mmcv_operator_cases.RECORD.stat().st_size < 300_000
