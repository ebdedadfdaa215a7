"""Masks grown, shrunk and feathered, against all distances computed one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seginpaint_mm.geometry.masks import feather_weights, grow_mask

MASKS = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def distances(mask: np.ndarray) -> np.ndarray:
    """From every pixel to the nearest of the mask; infinite where there is none."""
    places = np.argwhere(np.ones(mask.shape, bool))[:, None]
    others = np.argwhere(mask)[None]
    to_each = np.linalg.norm(places - others, axis=2)
    return to_each.min(axis=1, initial=np.inf).reshape(mask.shape)


@settings(max_examples=60, deadline=None)
@given(mask=MASKS, pixels=st.integers(0, 5))
def test_grown_and_shrunk(mask: np.ndarray, pixels: int) -> None:
    np.testing.assert_array_equal(grow_mask(mask, pixels), distances(mask) <= pixels)
    expected = mask & (distances(~mask) > pixels)
    np.testing.assert_array_equal(grow_mask(mask, -pixels), expected)


def test_the_border_of_the_picture_is_no_outline() -> None:
    mask = np.zeros((5, 8), bool)
    mask[:, :4] = True
    np.testing.assert_array_equal(grow_mask(mask, -1)[:, :4], [[True, True, True, False]] * 5)


@settings(max_examples=60, deadline=None)
@given(mask=MASKS, width=st.integers(0, 5))
def test_feathered(mask: np.ndarray, width: int) -> None:
    if not mask.any():
        return
    weights = feather_weights(mask, width)
    near = distances(mask)
    expected = np.where(near <= width, 1 - near / (width + 1), 0)
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    np.testing.assert_array_equal(weights == 1, mask)
    np.testing.assert_array_equal(weights > 0, near <= width)


@pytest.mark.parametrize('width', [0, 3])
def test_a_full_mask_has_no_border(width: int) -> None:
    assert (feather_weights(np.ones((3, 4), bool), width) == 1).all()
