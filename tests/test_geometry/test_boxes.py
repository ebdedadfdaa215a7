import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import masks_to_boxes

from seginpaint_mm.geometry.boxes import crop_masks, grow_boxes, tight_boxes


@st.composite
def masks(draw) -> torch.Tensor:
    """One to four masks, none empty."""
    height, width, number = (draw(st.integers(1, most)) for most in (12, 15, 4))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    drawn = random.random((number, height, width)) < draw(st.floats(0.02, 0.9))
    for mask in drawn:
        mask[random.integers(height), random.integers(width)] = True
    return torch.from_numpy(drawn)


@settings(deadline=None)
@given(masks())
def test_tight_boxes_agree_with_torchvision_and_opencv(drawn):
    boxes = tight_boxes(drawn)
    theirs = masks_to_boxes(drawn) + torch.tensor([0, 0, 1, 1])  # theirs are inclusive
    torch.testing.assert_close(boxes, theirs.float())
    for mask, box in zip(drawn.numpy(), boxes.tolist(), strict=True):
        x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
        assert box == [x, y, x + width, y + height]


def test_an_empty_mask_has_no_box():
    drawn = torch.zeros(2, 4, 4, dtype=torch.bool)
    drawn[0, 1, 1] = True
    with pytest.raises(ValueError, match='Mask 1 .* has no pixel in the image'):
        tight_boxes(drawn)


def test_no_masks_no_boxes():
    assert tight_boxes(torch.zeros(0, 4, 5, dtype=torch.bool)).shape == (0, 4)
    nothing = torch.zeros(0, 4)
    assert grow_boxes(nothing, torch.zeros(4), (4, 5)).shape == (0, 4)
    assert crop_masks(torch.zeros(0, 4, 5, dtype=torch.bool), nothing, 7).shape == (0, 7, 7)


def test_boxes_grow_by_a_share_of_their_sides_and_stay_in_the_picture():
    boxes = torch.tensor([[10.0, 20.0, 20.0, 40.0], [1.0, 0.0, 11.0, 10.0]])
    ratios = torch.tensor([[0.1, 0.2, 0.3, 0.15], [0.2, 0.2, 0.2, 0.2]])
    grown = grow_boxes(boxes, ratios, (42, 100))
    assert grown.tolist() == [[9, 16, 23, 42], [0, 0, 13, 12]]
    assert grown.dtype == torch.float32


@settings(deadline=None)
@given(masks(), st.floats(0, 0.5))
def test_grown_boxes_hold_the_boxes_and_are_whole_numbers(drawn, ratio):
    boxes, size = tight_boxes(drawn), tuple(drawn.shape[1:])
    grown = grow_boxes(boxes, torch.full((4,), ratio), size)
    assert torch.equal(grown, grown.round())
    assert (grown[:, :2] <= boxes[:, :2]).all()
    assert (grown[:, 2:] >= boxes[:, 2:]).all()
    assert (grown >= 0).all()
    assert (grown[:, 2:] <= torch.tensor([size[1], size[0]])).all()


@pytest.mark.parametrize(
    ('box', 'message'),
    [
        ([3.0, 3.0, 3.0, 8.0], r'Box 0 .*\[3.0, 3.0, 3.0, 8.0\].* has no area'),
        ([5.0, 3.0, 4.0, 8.0], 'has no area'),
        ([20.0, 3.0, 30.0, 8.0], 'is outside the image of 20x10 pixels'),
        ([2.0, -4.0, 8.0, 0.0], 'is outside the image'),
    ],
)
def test_wrong_boxes(box, message):
    with pytest.raises(ValueError, match=message):
        grow_boxes(torch.tensor([box]), torch.zeros(4), (10, 20))


@settings(deadline=None)
@given(masks(), st.integers(1, 9))
def test_crops_have_a_pixel_where_its_cell_has_any(drawn, size):
    boxes = tight_boxes(drawn)
    cropped = crop_masks(drawn, boxes, size)
    assert cropped.shape == (len(drawn), size, size)
    for mask, box, crop in zip(drawn.numpy(), boxes.int().tolist(), cropped, strict=True):
        inside = mask[box[1] : box[3], box[0] : box[2]]
        height, width = inside.shape
        for i in range(size):
            rows = slice(i * height // size, -(-(i + 1) * height // size))
            for j in range(size):
                columns = slice(j * width // size, -(-(j + 1) * width // size))
                assert crop[i, j] == inside[rows, columns].any()


def test_one_box_a_mask():
    drawn = torch.ones(2, 4, 4, dtype=torch.bool)
    with pytest.raises(ValueError, match='There are 2 masks and 1 boxes'):
        crop_masks(drawn, tight_boxes(drawn)[:1], 3)


def test_crops_of_nested_masks_are_nested():
    full = torch.zeros(1, 20, 20, dtype=torch.bool)
    full[0, 3:17, 2:19] = True
    visible = full.clone()
    visible[0, 8:, 5:11] = False
    boxes = torch.tensor([[1.0, 1.0, 20.0, 18.0]])
    inner, outer = (crop_masks(mask, boxes, 7) for mask in (visible, full))
    assert not (inner & ~outer).any()
