"""Cropped masks read like arrays or tensors, and take little memory."""

import copy
import pickle
import tracemalloc

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmengine.structures import InstanceData

from seginpaint_mm.geometry.masks import CroppedMasks, crop_to_box

STACKS = st.tuples(st.integers(0, 4), st.integers(1, 30), st.integers(1, 30)).flatmap(
    lambda shape: arrays(bool, shape)
)


@settings(max_examples=50, deadline=None)
@given(masks=STACKS)
def test_reads_like_an_array_and_like_a_tensor(masks: np.ndarray) -> None:
    packed = CroppedMasks.pack(masks, masks.shape[1:])
    assert packed.shape == masks.shape
    assert packed.dtype == bool
    np.testing.assert_array_equal(packed, masks)
    np.testing.assert_array_equal(packed.union(), masks.any(axis=0))
    np.testing.assert_array_equal(packed.any(axis=(1, 2)), masks.any(axis=(1, 2)))
    np.testing.assert_array_equal(~packed & True, ~masks)
    tensor = packed.as_tensor()
    assert tensor.dtype == torch.bool
    assert torch.equal(tensor.flatten(1).sum(1), torch.from_numpy(masks).flatten(1).sum(1))
    assert torch.equal(torch.from_numpy(masks) | tensor, torch.from_numpy(masks))
    for number, mask in enumerate(masks):
        np.testing.assert_array_equal(packed[number], mask)
        np.testing.assert_array_equal(tensor[number].numpy(), mask)
        assert packed.area(number) == mask.sum()
        for row, column in ((0, 0), (mask.shape[0] - 1, mask.shape[1] // 2)):
            assert packed.at(column, row)[number] == mask[row, column]
    chosen = np.arange(len(masks)) % 2 == 0
    for copied in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        np.testing.assert_array_equal(copied[chosen], masks[chosen])


@settings(max_examples=50, deadline=None)
@given(masks=STACKS, box=st.tuples(*[st.integers(-5, 35)] * 4))
def test_overlaps(masks: np.ndarray, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    inside = np.zeros(masks.shape[1:], bool)
    inside[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    packed = CroppedMasks.pack(masks, masks.shape[1:])
    expected = [(m & inside).sum() / max((m | inside).sum(), 1) for m in masks]
    np.testing.assert_allclose(packed.overlaps(box), expected)
    for number, other in enumerate(masks):
        expected = [(m & other).sum() / max((m | other).sum(), 1) for m in masks]
        shares = packed.overlaps(packed.boxes[number], packed.crop(number))
        np.testing.assert_allclose(shares, expected)


@settings(max_examples=50, deadline=None)
@given(
    masks=arrays(bool, st.tuples(st.integers(1, 3), st.integers(1, 12), st.integers(1, 12))),
    factor=st.floats(1, 9),
)
def test_enlarged_as_opencv_does(masks: np.ndarray, factor: float) -> None:
    size = tuple(max(1, round(side * factor)) for side in masks.shape[1:])
    packed = CroppedMasks.enlarge(masks, size)
    for number, mask in enumerate(masks.astype(np.float32)):
        smooth = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_LINEAR)
        surely = np.abs(smooth - 0.5) > 1e-4  # beside rounding
        np.testing.assert_array_equal(packed[number][surely], (smooth >= 0.5)[surely])


def test_instance_data_chooses_rows() -> None:
    masks = np.random.default_rng(0).random((4, 9, 8)) < 0.3
    instances = InstanceData(
        masks=CroppedMasks.pack(masks, (9, 8)).as_tensor(), scores=torch.arange(4)
    )
    for chosen in (torch.tensor([True, False, True, True]), [2, 0], slice(1, 3), 3):
        rows = [chosen] if isinstance(chosen, int) else np.arange(4)[chosen]
        np.testing.assert_array_equal(instances[chosen].masks.numpy(), masks[rows])
    none = instances[torch.zeros(4, dtype=torch.bool)].cpu()
    assert none.masks.shape == (0, 9, 8)
    with pytest.raises(IndexError):
        instances.masks[4]


def test_forty_objects_of_24_megapixels() -> None:
    """Arrays would take 960 MB."""
    size = (4000, 6000)

    def masks() -> object:
        for number in range(40):
            mask = np.zeros(size, bool)
            mask[100 * (number % 9) :, 100 * number :] = True
            mask[::7] = False
            yield mask

    tracemalloc.start()
    packed = CroppedMasks.pack(masks(), size)
    chosen = packed.overlaps((2000, 1000, 5900, 3900)).argmax()
    union = packed.union([chosen])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert union.any()
    assert peak < 250e6


def test_empty_masks_have_no_box() -> None:
    box, crop = crop_to_box(np.zeros((5, 6), bool))
    assert box == (0, 0, 0, 0)
    assert crop.size == 0
