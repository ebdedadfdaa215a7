"""Completing and layers of large photos: as with whole arrays, in little memory."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.apis import complete, layers
from seginpaint_mm.apis.mask_sources.files import find_mask_source
from seginpaint_mm.apis.removal.removal import Patch
from seginpaint_mm.benchmarks.measure import peak_mebibytes
from seginpaint_mm.geometry.boxes import crop_masks, paste_probabilities, tight_boxes
from seginpaint_mm.geometry.depth_order import complete_behind, occlusion_sizes
from seginpaint_mm.geometry.masks import CroppedMasks, CroppedMaskTensor
from seginpaint_mm.layers import with_rim
from seginpaint_mm.layers.building import layered_scene

SEEDS = st.integers(0, 10**6)


def random_masks(seed: int, size: tuple[int, int], may_be_empty: bool = False) -> np.ndarray:
    """One to five boxes, blobs and specks, which overlap, reach the frame, or are empty."""
    dice = np.random.default_rng(seed)
    masks = np.zeros((dice.integers(1, 6), *size), bool)
    for mask in masks:
        left, top = (int(dice.integers(-6, side)) for side in size[::-1])
        mask[max(top, 0) : max(top + 14, 1), max(left, 0) : max(left + 17, 1)] = True
        mask &= dice.random(size) < dice.choice([0.3, 1])
        if not mask.any() and not may_be_empty:
            mask[0, 0] = True
    return masks


def packed(masks: np.ndarray) -> CroppedMaskTensor:
    return CroppedMasks.pack(masks, masks.shape[1:]).as_tensor()


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(0, 4), st.sampled_from(['given', 'any']))
def test_completed_as_whole_arrays_are(seed: int, growth: int, occluders: str) -> None:
    """Counts and hiding places by their definitions, on arrays of all masks."""
    visible = random_masks(seed, (23, 31), may_be_empty=True)
    full = np.roll(visible, (3, 2), axis=(1, 2)) | np.roll(visible, 1, axis=0)
    found, order = complete_behind(packed(visible), packed(full), occluders, growth)
    assert isinstance(found, CroppedMaskTensor)
    whole = full | visible
    shared, seen, hidden = occlusion_sizes(packed(visible), packed(whole))
    np.testing.assert_array_equal(seen, visible.sum((1, 2)))
    np.testing.assert_array_equal(hidden, (whole & ~visible).sum((1, 2)))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * growth + 1,) * 2)
    for back in range(len(visible)):
        invisible = whole[back] & ~visible[back]
        counts = (visible & invisible).sum((1, 2))
        np.testing.assert_array_equal(shared[:, back], counts)
        place = np.zeros_like(invisible)
        for front in order.graph.predecessors(back):
            place |= visible[front]
        grown = cv2.dilate(place.view(np.uint8), disc) > 0
        place |= grown & ~visible.any(axis=0)
        expected = visible[back] | (whole[back] & place) if occluders == 'given' else whole[back]
        np.testing.assert_array_equal(found[back], expected)
    tensors = torch.from_numpy(visible), torch.from_numpy(full)
    same, same_order = complete_behind(*tensors, occluders, growth)
    assert torch.equal(same, found[...])
    assert same_order.to_dict() == order.to_dict()


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_pasted_and_cropped_as_tensors_are(seed: int) -> None:
    masks = random_masks(seed, (27, 21))
    boxes, tensor = tight_boxes(torch.from_numpy(masks)), torch.from_numpy(masks)
    assert torch.equal(boxes, tight_boxes(packed(masks)))
    shares = torch.rand(len(masks), 5, 6, generator=torch.Generator().manual_seed(seed))
    pasted = paste_probabilities(shares, boxes.long(), tensor)
    assert torch.equal(pasted, paste_probabilities(shares, boxes.long(), packed(masks))[...])
    assert torch.equal(crop_masks(pasted, boxes, 7), crop_masks(packed(pasted.numpy()), boxes, 7))
    other = random_masks(seed + 1, (27, 21))[: len(masks)]
    others = np.zeros_like(masks)
    others[: len(other)] = other
    np.testing.assert_array_equal(packed(masks).unite(packed(others)), masks | others)
    np.testing.assert_array_equal(packed(masks).in_frame((9, 30))[:, :, :21], masks[:, :9])


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(1, 7))
def test_rims_as_of_the_whole_photo(seed: int, rim: int) -> None:
    """Also where a photo has several bands of rows: each free pixel goes to the nearest mask."""
    masks = random_masks(seed, (1100, 24))
    masks[0, 505:520, 3:9] = True
    taken = masks.any(axis=0)
    distance, labels = cv2.distanceTransformWithLabels(
        (~taken).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owners = np.zeros(labels.max() + 1, int)
    owners[labels[taken]] = 1 + masks.argmax(axis=0)[taken]
    near = np.where((distance > 0) & (distance <= rim), owners[labels], 0)
    grown = with_rim(CroppedMasks.pack(masks, masks.shape[1:]), rim)
    for number, mask in enumerate(masks):
        np.testing.assert_array_equal(grown[number], mask | (near == number + 1))


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(0, 4))
def test_layers_of_arrays_and_of_cropped_masks(seed: int, feather: int) -> None:
    """Opacity falls off towards edges as it does on the whole photo, padded by its border."""
    size = (33, 41)
    masks = random_masks(seed, size)
    photo = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    full, order = complete_behind(packed(masks), packed(np.roll(masks, 2, axis=1)))
    given_as = (masks, full.numpy()), (packed(masks), full)
    scenes = [
        layered_scene(photo, photo // 2, *both, [None] * len(masks), order, [''] * 9, feather)
        for both in given_as
    ]
    for item, same in zip(*(scene.objects for scene in scenes), strict=True):
        np.testing.assert_array_equal(item.seen.image, same.seen.image)
        assert item.details == same.details
        whole = full[item.number - 1].numpy()
        alpha = np.where(whole, 255, 0)
        if feather:
            width = feather + 2
            wide = np.pad(whole.astype(np.uint8), width, mode='edge')
            inside = cv2.distanceTransform(wide, cv2.DIST_L2, cv2.DIST_MASK_5)
            inside = inside[width:-width, width:-width]
            alpha = np.clip(255 * inside / (feather + 1), 0, 255).round()
        left, top, right, bottom = item.seen.box
        window = np.s_[top:bottom, left:right]
        seen = masks[item.number - 1][window]
        np.testing.assert_array_equal(item.seen.image[..., 3], np.where(seen, alpha[window], 0))


@settings(max_examples=50, deadline=None)
@given(SEEDS, st.tuples(*[st.integers(1, 90)] * 4))
def test_reduced_holes_as_opencv_weighs_them(seed: int, sides: tuple[int, ...]) -> None:
    height, width = max(sides[0], sides[2]), max(sides[1], sides[3])
    size = (min(sides[0], sides[2]), min(sides[1], sides[3]))
    hole = np.random.default_rng(seed).random((height, width)) < 0.05
    shares = cv2.resize(hole.astype(np.float32), size[::-1], interpolation=cv2.INTER_AREA)
    found = Patch((0, 0, width, height), size, None).cut_hole(hole)
    np.testing.assert_array_equal(found, shares > 0)


def test_functions_take_arrays_and_cropped_masks() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 60, 3), np.uint8)
    masks = random_masks(3, (50, 60))
    cropped = CroppedMasks.pack(masks, (50, 60))
    of_array, of_cropped = complete(image, masks), complete(image, cropped)
    for one, other, mask in zip(of_array, of_cropped, masks, strict=True):
        np.testing.assert_array_equal(one.mask, mask)
        np.testing.assert_array_equal(one.full_mask, other.full_mask)
        np.testing.assert_array_equal(one.cutout, other.cutout)
    flat = [layers(image, given).flatten() for given in (masks, cropped)]
    np.testing.assert_array_equal(*flat)
    empty = CroppedMasks.pack(np.zeros((1, 50, 60), bool), (50, 60))
    with pytest.raises(ValueError, match='mask 1 of the array has no pixel'):
        find_mask_source(empty).objects(None, image)


def frames(size: tuple[int, int]) -> Iterator[np.ndarray]:
    """Forty thin frames in a corner, each in part over the next."""
    for index in range(40):
        mask = np.zeros(size, bool)
        left, top = index % 8 * 50, index // 8 * 80
        mask[top : top + 100, left : left + 80] = True
        mask[top + 3 : top + 97, left + 3 : left + 77] = False
        yield mask


@pytest.mark.parametrize('function', [complete, layers])
@pytest.mark.parametrize(
    ('model', 'most'), [('convex-hull_cocoa-sample', 110), ('crop_r18_coco-tiny', 280)]
)
def test_memory_of_forty_objects(function: Callable, model: str, most: int) -> None:
    """An array of all masks takes 80 MiB; whole arrays took 700. Crops take some per thread."""
    size = (1180, 1780)  # two megapixels, beyond which photos are filled in patches
    photo, masks = np.full((*size, 3), 90, np.uint8), CroppedMasks.pack(frames(size), size)
    function(photo[:90, :90], np.eye(90, dtype=bool), model=model)  # loads the models
    peak = peak_mebibytes(lambda: function(photo, masks, model=model), torch.device('cpu'))
    if peak is None:
        pytest.skip('this system does not tell the peak of the memory')
    assert peak < most
