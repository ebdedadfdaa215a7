"""Patches hold every part of a hole once, at native size where it fits, in an order that works."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmengine.structures import PixelData

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import find_mask_source
from seginpaint_mm.apis.removal import Removal, RemovalPlan, RemovalSource
from seginpaint_mm.apis.removal.parts import find_parts, group_boxes
from seginpaint_mm.apis.removal.removal import plan_patches, rounds_of
from seginpaint_mm.apis.tasks.filling import paint_patches
from seginpaint_mm.geometry.masks import CroppedMasks, feather_weights, grow_mask
from seginpaint_mm.structures import SceneSample

SPARSE = st.tuples(st.integers(1, 3), st.integers(20, 60), st.integers(20, 60)).flatmap(
    lambda shape: arrays(bool, shape, elements=st.just(True), fill=st.just(False))
)


@settings(max_examples=60, deadline=None)
@given(
    masks=SPARSE,
    grow=st.integers(-1, 2),
    feather=st.integers(0, 3),
    margin=st.floats(0, 1),
    working_size=st.integers(17, 50),
)
def test_every_pixel_is_painted_once(
    masks: np.ndarray, grow: int, feather: int, margin: float, working_size: int
) -> None:
    packed, shape = CroppedMasks.pack(masks, masks.shape[1:]), masks.shape[1:]
    parts, hole = find_parts(packed, [grow] * len(masks), feather)
    grown = grow_mask(masks.any(axis=0), grow)
    expected = feather_weights(grown, feather) if grown.any() else np.zeros(shape, np.float32)
    np.testing.assert_array_equal(hole, expected > 0)
    weights, times = np.zeros(shape), np.zeros(shape, int)
    patches = plan_patches(parts, shape, margin, working_size)
    for patch in patches:
        left, top, right, bottom = patch.part.box
        weights[top:bottom, left:right] += patch.part.weights
        times[top:bottom, left:right] += patch.part.weights > 0
        x1, y1, x2, y2 = patch.box
        assert 0 <= x1 <= left < right <= x2 <= shape[1]
        assert 0 <= y1 <= top < bottom <= y2 <= shape[0]
        assert max(patch.size) <= working_size
        assert (x2 - x1, y2 - y1) >= tuple(min(working_size, side) for side in shape[::-1])
    np.testing.assert_array_equal(times, hole)
    np.testing.assert_allclose(weights, expected, atol=1e-3)
    for patches_of_round in rounds_of(patches):
        seen = np.zeros(shape, int)
        for patch in patches_of_round:
            x1, y1, x2, y2 = patch.box
            seen[y1:y2, x1:x2] += 1
        assert seen.max() == 1


@settings(max_examples=60, deadline=None)
@given(
    corners=st.lists(st.tuples(*[st.integers(0, 99)] * 2, *[st.integers(1, 30)] * 2), max_size=30),
    room=st.integers(1, 50),
)
def test_groups_fit(corners: list[tuple[int, int, int, int]], room: int) -> None:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in corners]).reshape(-1, 4)
    groups = group_boxes(boxes, room)
    assert sorted(number for group in groups for number in group) == list(range(len(boxes)))
    for group in groups:
        sides = boxes[group, 2:].max(axis=0) - boxes[group, :2].min(axis=0)
        assert len(group) == 1 or sides.max() <= room


def texture(size: tuple[int, int]) -> np.ndarray:
    """Noise in which each pixel matters, BGR uint8."""
    noise = np.random.default_rng(0).normal(128, 60, (*size, 3)).astype(np.float32)
    return cv2.GaussianBlur(noise, None, 0.7).clip(0, 255).astype(np.uint8)


def body(size: tuple[int, int], left: int, top: int, width: int, height: int) -> np.ndarray:
    """A standing person, bool."""
    mask = np.zeros(size, np.uint8)
    for x, y, across, down in ((0.5, 0.1, 0.2, 0.1), (0.5, 0.4, 0.5, 0.25), (0.5, 0.75, 0.3, 0.25)):
        centre = (round(left + x * width), round(top + y * height))
        cv2.ellipse(mask, centre, (int(across * width), int(down * height)), 0, 0, 360, 1, -1)
    return mask > 0


def plan(image: np.ndarray, masks: np.ndarray, **removal: object) -> RemovalPlan:
    source = RemovalSource(find_mask_source(masks), Removal(**{'feather': 2, **removal}))
    return source.objects(SceneInput('a', image), image)


def paint(truth: np.ndarray, plan_: RemovalPlan) -> np.ndarray:
    """The result of an inpainter that knows the truth, at the size in which it sees it."""
    image = truth.copy()
    image[plan_.mask] = (255, 0, 255)
    painting = paint_patches({}, image, plan_.hole, plan_.patches)
    next(painting)
    for patches in rounds_of(plan_.patches):
        colours = [patch.cut(truth)[..., ::-1].transpose(2, 0, 1).copy() for patch in patches]
        fields = [PixelData(data=torch.from_numpy(colour)) for colour in colours]
        try:
            painting.send([SceneSample(pred_image=field) for field in fields])
        except StopIteration as end:
            return end.value
    raise AssertionError('the painting does not end')


def psnr(painted: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    error = (painted[mask].astype(float) - truth[mask]) ** 2
    return 10 * np.log10(255**2 / max(error.mean(), 1e-6))


@pytest.mark.parametrize('gap', [12, 60])
def test_objects_removed_together_are_as_sharp_as_alone(gap: int) -> None:
    """Eight that fit into the working size, near to each other: all at the photo's resolution."""
    truth = texture((220, 800))
    masks = np.stack([body((220, 800), 20 + (30 + gap) * k, 60, 30, 75) for k in range(8)])
    together = plan(truth, masks, working_size=96)
    assert len(together.patches) == 8
    assert {patch.size for patch in together.patches} == {(96, 96)}
    painted = paint(truth, together)
    np.testing.assert_array_equal(painted, truth)


def test_a_large_object_is_reduced_alone_and_does_not_blur_its_neighbours() -> None:
    truth, size = texture((700, 900)), (700, 900)
    masks = np.stack([body(size, 300, 100, 120, 360), body(size, 260, 300, 40, 80)])
    masks[1] &= ~masks[0]
    both = plan(truth, masks, working_size=200)
    small, large = both.patches
    assert small.size == (200, 200)
    assert small.box[2] - small.box[0] == 200
    assert large.round == 1, 'it sees the small one painted'
    assert large.size == (200, 200)
    left, top, right, bottom = large.box
    assert right - left == bottom - top == pytest.approx(1.5 * 364, abs=4)
    painted = paint(truth, both)
    np.testing.assert_array_equal(painted[masks[1]], truth[masks[1]])
    alone = paint(truth, plan(truth, masks[:1], working_size=200))
    together = psnr(painted, truth, masks[0])
    assert together >= psnr(alone, truth, masks[0]) - 0.1
    wide = paint(truth, plan(truth, masks[:1], working_size=200, margin=0.5))
    assert together > psnr(wide, truth, masks[0])


def test_thin_things_are_cut_into_pieces_instead_of_reduced() -> None:
    """A wire across the photo, and specks all over it."""
    truth, size = texture((300, 900)), (300, 900)
    wire = np.zeros(size, np.uint8)
    cv2.line(wire, (5, 20), (890, 280), 1, 5)
    specks = np.random.default_rng(0).random(size) < 0.01
    for mask in (wire > 0, specks):
        plan_ = plan(truth, mask, working_size=128)
        assert len(plan_.patches) > 4
        np.testing.assert_array_equal(paint(truth, plan_), truth)


def test_small_objects_have_the_working_size_around_them() -> None:
    image, mask = texture((400, 500)), np.zeros((2, 400, 500), bool)
    mask[0, 20:30, 20:40] = mask[1, 340:380, 450:470] = True
    near, far = plan(image, mask, working_size=128).patches
    assert near.box == (0, 0, 128, 128)
    assert far.box == (372, 272, 500, 400)
    assert near.round == far.round == 0
    np.testing.assert_array_equal(near.cut(image), image[:128, :128])
    np.testing.assert_array_equal(near.cut_hole(mask[0]), mask[0, :128, :128])
    (whole,) = plan(image, mask, working_size=800).patches
    assert whole.box == (0, 0, 500, 400)
    (joined,) = plan(image[:60, :60], mask[:1, :60, :60], working_size=128).patches
    assert joined.size == (60, 60)


def test_later_patches_see_what_was_painted_and_what_is_still_to_be() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    masks = np.zeros((2, 100, 200), bool)
    masks[0, 40:60, 60:90], masks[1, 40:60, 92:124] = True, True
    plan_ = plan(image, masks, working_size=64, feather=0)
    painting = paint_patches({}, image, plan_.hole, plan_.patches)
    first, second = plan_.patches
    (view,) = next(painting)
    assert view['hole'].sum() == masks[:, :, first.box[0] : first.box[2]].sum()
    white = PixelData(data=torch.full((3, 64, 64), 255, dtype=torch.uint8))
    (view,) = painting.send([SceneSample(pred_image=white)])
    seen = slice(second.box[0], second.box[2])
    np.testing.assert_array_equal(view['hole'], masks[1, second.box[1] : second.box[3], seen])
    painted = masks[0, second.box[1] : second.box[3], seen]
    assert (view['img'][painted] == 255).all()
    assert painted.any()


def test_every_pixel_of_the_hole_is_filled_in_a_reduced_patch() -> None:
    mask = np.zeros((400, 500), bool)
    mask[100:120, 50:450] = True
    (patch,) = plan(texture((400, 500)), mask, working_size=50, feather=0).patches
    hole = patch.cut_hole(mask)
    scale = patch.size[1] / (patch.box[2] - patch.box[0])
    rows = hole.any(axis=1).nonzero()[0]
    assert int((100 - patch.box[1]) * scale) in rows
    assert hole[rows[0]].sum() >= 400 * scale - 1


def test_pasted_only_where_there_is_weight() -> None:
    image, mask = texture((120, 160)), np.zeros((120, 160), bool)
    mask[20:30, 20:40] = True
    plan_ = plan(image, mask, working_size=32, feather=1)
    picture = image.copy()
    for patch in plan_.patches:
        patch.paste(picture, np.full((*patch.size, 3), 200, np.uint8))
    np.testing.assert_array_equal(picture[~plan_.hole], image[~plan_.hole])
    np.testing.assert_array_equal(picture[mask], np.full((mask.sum(), 3), 200))
    expected = (image[19, 30].astype(float) + 200) / 2
    np.testing.assert_allclose(picture[19, 30], expected, atol=0.5)


@pytest.mark.parametrize(
    ('grow', 'pixels'), [(3, 3), ('10%', 5), ('4', 4), ('-10%', -5), ('0%', 0)]
)
def test_grown_by_pixels_or_by_a_share_of_the_object(grow: int | str, pixels: int) -> None:
    image, mask = texture((120, 160)), np.zeros((120, 160), bool)
    mask[30:80, 60:90] = True
    plan_ = plan(image, mask, grow=grow, feather=0)
    np.testing.assert_array_equal(plan_.hole, grow_mask(mask, pixels))


def test_many_specks_are_grouped_in_time() -> None:
    """A hundred thousand of them: not a patch each, nor each compared with each."""
    corners = np.random.default_rng(0).integers(0, 4000, (100_000, 2))
    groups = group_boxes(np.hstack([corners, corners + 3]), 340)
    assert len(groups) < 1000
