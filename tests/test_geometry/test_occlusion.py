import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.geometry.depth_order import occlusion_counts, occlusion_overlaps
from tests.helpers.amodal_records import layered, random_layers


def by_sets(visible: np.ndarray, full: np.ndarray) -> np.ndarray:
    """The definition, with sets of pixels."""
    seen = [set(np.flatnonzero(mask)) for mask in visible]
    hidden = [set(np.flatnonzero(mask)) - own for mask, own in zip(full, seen, strict=True)]
    return np.array(
        [
            [len(q & p) / max(len(q | p), 1) if i != j else 0 for j, p in enumerate(hidden)]
            for i, q in enumerate(seen)
        ]
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_agrees_with_sets_of_pixels(seed, number):
    full = random_layers(seed, number=number)
    visible = layered(full)
    found = occlusion_overlaps(torch.from_numpy(visible), torch.from_numpy(full))
    np.testing.assert_allclose(found, by_sets(visible, full), rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7))
def test_counts_agree_with_whole_masks(seed, number):
    """Also where masks overlap, are empty, or nothing is hidden."""
    random = np.random.default_rng(seed)
    visible, full = (
        torch.from_numpy(random.random((number, 9, 11)) < random.random((number, 1, 1)))
        for _ in range(2)
    )
    counts = occlusion_counts(visible, full)
    hidden = (full & ~visible).flatten(1).double()
    expected = (visible.flatten(1).double() @ hidden.T).long().fill_diagonal_(0)
    assert torch.equal(counts, expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_only_what_is_in_front_hides(seed):
    full = random_layers(seed)
    overlaps = occlusion_overlaps(torch.from_numpy(layered(full)), torch.from_numpy(full))
    assert (overlaps.tril() == 0).all(), 'row q, column p: q in front of p'


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_mixed_precision_changes_no_count(dtype):
    full = torch.zeros(2, 400, 400, dtype=torch.bool)
    full[0, :, :301] = full[1, :, 10:] = True
    visible = full.clone()
    visible[1] &= ~full[0]
    expected = occlusion_overlaps(visible, full)
    with torch.autocast('cpu', dtype=dtype):
        assert torch.equal(occlusion_overlaps(visible, full), expected)


def test_by_hand():
    full = torch.zeros(2, 1, 10, dtype=torch.bool)
    full[0, 0, 0:4] = full[1, 0, 2:10] = True
    visible = full.clone()
    visible[1, 0, 2:4] = False
    # seen of 0: 4 pixels; hidden of 1: 2 of them
    assert occlusion_overlaps(visible, full).tolist() == [[0, 0.5], [0, 0]]


def test_no_objects():
    nothing = torch.zeros(0, 3, 3, dtype=torch.bool)
    assert occlusion_overlaps(nothing, nothing).shape == (0, 0)


def test_shapes_that_differ():
    one, two = torch.zeros(1, 3, 3, dtype=torch.bool), torch.zeros(2, 3, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match=r'visible masks are \(1, 3, 3\) .* full ones \(2, 3, 3\)'):
        occlusion_overlaps(one, two)
