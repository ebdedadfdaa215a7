"""Patches hold every part of a hole, do not overlap, and go back to where they came from."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seginpaint_mm.apis.removal.patches import cut_patches, find_boxes, paste_patch

SPARSE = st.tuples(st.integers(20, 60), st.integers(20, 60)).flatmap(
    lambda shape: arrays(bool, shape, elements=st.just(True), fill=st.just(False))
)


@settings(max_examples=40, deadline=None)
@given(hole=SPARSE, margin=st.floats(0, 1), least=st.integers(1, 40))
def test_boxes(hole: np.ndarray, margin: float, least: int) -> None:
    boxes = find_boxes(hole, margin, least)
    times = np.zeros(hole.shape, int)
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= hole.shape[1]
        assert 0 <= top < bottom <= hole.shape[0]
        assert right - left >= min(least, hole.shape[1])
        assert bottom - top >= min(least, hole.shape[0])
        times[top:bottom, left:right] += 1
    assert times.max(initial=0) <= 1
    assert times[hole].all()


def scene(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A picture, and a hole in two corners."""
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    hole = np.zeros(size, bool)
    hole[20:30, 20:40] = True
    hole[size[0] - 60 : size[0] - 20, size[1] - 50 : size[1] - 30] = True
    return image, hole


def test_far_parts_have_patches_of_their_own() -> None:
    image, hole = scene((400, 500))
    near, far = cut_patches(image, hole, 0.5, 64)
    assert near.box == (0, 0, 64, 64)
    assert near.image.shape == (64, 64, 3)
    np.testing.assert_array_equal(near.image, image[:64, :64])
    np.testing.assert_array_equal(near.hole, hole[:64, :64])
    left, top, right, bottom = far.box
    assert (right - left, bottom - top) == (64, 80)
    assert max(far.hole.shape) == 64
    (whole,) = cut_patches(image, hole, 0.5, 512)
    assert whole.box == (0, 0, 500, 400)


def test_every_pixel_of_the_hole_is_filled_in_a_reduced_patch() -> None:
    image, _ = scene((400, 500))
    hole = np.zeros((400, 500), bool)
    hole[100, 50:450] = True
    (patch,) = cut_patches(image, hole, 0.1, 50)
    left, top, right, _ = patch.box
    scale = patch.hole.shape[1] / (right - left)
    rows = patch.hole.any(axis=1).nonzero()[0]
    assert int((100 - top) * scale) in rows
    assert patch.hole[rows[0]].sum() >= 400 * scale - 1


def test_pasted_only_where_there_is_weight() -> None:
    image, hole = scene((120, 160))
    weights = np.where(hole, 1, 0).astype(np.float32)
    weights[50, 60] = 0.5
    picture = image.copy()
    painted = np.full((50, 50, 3), 200, np.uint8)
    for patch in cut_patches(image, weights > 0, 0.5, 32):
        paste_patch(picture, painted, patch.box, weights)
    np.testing.assert_array_equal(picture[weights == 0], image[weights == 0])
    np.testing.assert_array_equal(picture[hole], np.full((hole.sum(), 3), 200))
    expected = (image[50, 60].astype(float) + 200) / 2
    np.testing.assert_allclose(picture[50, 60], expected, atol=0.5)
