"""Objects in their final size and place: every pixel that changes is told, by every blending."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.datasets.object_library import CutOut
from seginpaint_mm.datasets.object_placement import (
    BLENDINGS,
    LEAK,
    PlacedObject,
    paste_object,
    resize_object,
    visible_part,
)
from tests.helpers.dataset_folders import picture


def disk(size: tuple[int, int]) -> np.ndarray:
    rows, columns = np.mgrid[0 : size[0], 0 : size[1]]
    from_centre = [2 * (rows + 0.5) / size[0] - 1, 2 * (columns + 0.5) / size[1] - 1]
    return (np.hypot(*from_centre) <= 1).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    blending=st.sampled_from(list(BLENDINGS)),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    place=st.tuples(st.integers(-25, 45), st.integers(-25, 55)),
    seed=st.integers(0, 999),
)
def test_every_changed_pixel_is_covered(
    blending: str, size: tuple[int, int], place: tuple[int, int], seed: int
) -> None:
    before, mask = picture((40, 50), seed), disk(size)
    after = before.copy()
    placed = PlacedObject(picture(size, seed + 1), mask, *place)
    covered = paste_object(after, placed, blending)

    changed = (after != before).any(axis=2)
    assert not (changed & ~covered).any()
    there = np.zeros((140, 150), np.uint8)  # the object, also where it is outside
    there[50 + place[0] :, 50 + place[1] :][: size[0], : size[1]] = mask
    kernel = np.ones((2 * LEAK + 1, 2 * LEAK + 1), np.uint8)
    near = cv2.dilate(there, kernel)[50:90, 50:100] > 0
    there = there[50:90, 50:100] > 0
    assert covered[there].all()
    assert not (covered & ~near).any()
    if blending != 'poisson':
        np.testing.assert_array_equal(covered, there)
    if blending == 'none':
        seen = visible_part(placed, (40, 50))
        if seen is not None:
            rows, columns = seen.mask.shape
            part = after[seen.top : seen.top + rows, seen.left : seen.left + columns]
            np.testing.assert_array_equal(part[seen.mask > 0], seen.image[seen.mask > 0])


def test_an_object_does_not_fade_out_where_the_picture_ends() -> None:
    """What is in the image is the same, however much of the object lies outside."""
    image, mask = np.full((30, 30, 3), 200, np.uint8), disk((30, 30))
    for blending in ('none', 'gaussian', 'box'):
        whole = np.zeros((60, 60, 3), np.uint8)
        paste_object(whole, PlacedObject(image, mask, 15, 15), blending)
        cut = np.zeros((40, 60, 3), np.uint8)
        paste_object(cut, PlacedObject(image, mask, -5, 15), blending)
        np.testing.assert_array_equal(cut, whole[20:])


def test_poisson_keeps_the_gradients_and_takes_the_colours() -> None:
    below = np.full((60, 60, 3), 180, np.uint8)
    texture = cv2.GaussianBlur(picture((30, 30), 3), (0, 0), 2)
    dark, bright = texture // 2, texture // 2 + 60
    mask, results = disk((30, 30)), []
    for image in (dark, bright):
        after = below.copy()
        paste_object(after, PlacedObject(image, mask, 15, 15), 'poisson')
        results.append(after.astype(int))
    np.testing.assert_allclose(results[0], results[1], atol=2)  # brightness is that around it
    inside = cv2.erode(mask, np.ones((7, 7), np.uint8), borderValue=0)[:, 1:] > 0
    steps = [np.diff(image.astype(int), axis=1) for image in (results[0][15:45, 15:45], dark)]
    assert np.corrcoef(*(step[inside].ravel() for step in steps))[0, 1] > 0.95


def test_smooth_blendings_differ_from_a_copy_at_the_border_only() -> None:
    below, image, mask = picture((40, 40)), picture((40, 40), 1), disk((40, 40))
    inner = cv2.erode(mask, np.ones((7, 7), np.uint8), borderValue=0) > 0
    for blending in ('gaussian', 'box'):
        mixed = BLENDINGS[blending](below, image, mask)
        assert np.abs(mixed[inner].astype(int) - image[inner]).max() <= 1
        assert (mixed[mask > 0] != image[mask > 0]).any()


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(4, 30), st.integers(4, 30)),
    scale=st.floats(0.4, 2),
    mirror=st.booleans(),
    degrees=st.floats(-180, 180),
)
def test_size_of_scaled_and_turned_objects(
    size: tuple[int, int], scale: float, mirror: bool, degrees: float
) -> None:
    cut_out = CutOut(picture(size), np.ones(size, np.uint8), foot=0.5)
    image, mask = resize_object(cut_out, scale, mirror=mirror, degrees=degrees)
    assert image.shape == (*mask.shape, 3)
    rows, columns = (max(1, round(side * scale)) for side in size)
    assert int(mask.sum()) == pytest.approx(rows * columns, abs=3 * (rows + columns))
    diagonal = np.hypot(rows, columns)
    assert max(mask.shape) <= diagonal + 2


def test_turning_is_counter_clockwise_and_after_mirroring() -> None:
    mask = np.zeros((9, 9), np.uint8)
    mask[0, :5] = 1  # upper edge, left half
    cut_out = CutOut(picture((9, 9)), mask, foot=1.0)
    _, turned = resize_object(cut_out, 1.0, mirror=False, degrees=90)
    np.testing.assert_array_equal(turned[:9, :9], np.rot90(mask))
    _, turned = resize_object(cut_out, 1.0, mirror=True, degrees=90)
    np.testing.assert_array_equal(turned[:9, :9], np.rot90(mask[:, ::-1]))
