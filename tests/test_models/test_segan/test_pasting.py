"""Pasting against resizing, and against mmdet's."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask

from seginpaint_mm.models.segan.painting import paste_masks

BOXES = torch.tensor([[2.0, 3, 9, 12], [0, 0, 16, 14], [5.5, 1.25, 6.75, 13]])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 11), st.integers(0, 9), st.integers(1, 20), st.integers(1, 20))
def test_equals_resizing_to_the_box(left: int, top: int, right: int, bottom: int) -> None:
    right, bottom = min(left + right, 16), min(top + bottom, 14)
    masks = torch.rand(2, 7, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.zeros(2, 14, 16)
    size = (bottom - top, right - left)
    expected[:, top:bottom, left:right] = F.interpolate(masks[None], size, mode='bilinear')[0]
    boxes = torch.tensor([[left, top, right, bottom]] * 2).float()
    torch.testing.assert_close(paste_masks(masks, boxes, (14, 16)), expected, atol=1e-5, rtol=0)


def test_equals_mmdets_away_from_the_border() -> None:
    """mmdet's fades out over the last half pixel of a mask."""
    masks = F.pad(torch.rand(3, 7, 5, generator=torch.Generator().manual_seed(0)), (1, 1, 1, 1))
    theirs, _ = _do_paste_mask(masks[:, None], BOXES, 14, 16, skip_empty=False)
    torch.testing.assert_close(paste_masks(masks, BOXES, (14, 16)), theirs, atol=1e-5, rtol=0)


def test_a_mask_of_the_boxs_size_is_copied() -> None:
    mask = torch.rand(1, 9, 7, generator=torch.Generator().manual_seed(0), requires_grad=True)
    image = paste_masks(mask, BOXES[:1], (14, 16))
    expected = torch.zeros(1, 14, 16)
    expected[:, 3:12, 2:9] = mask.detach()
    torch.testing.assert_close(image.detach(), expected)
    image.sum().backward()
    torch.testing.assert_close(mask.grad, torch.ones_like(mask))


def test_no_masks() -> None:
    assert paste_masks(torch.zeros(0, 7, 7), torch.zeros(0, 4), (14, 16)).shape == (0, 14, 16)


@pytest.mark.parametrize('size', [(1, 1), (58, 58)])
def test_ones_fill_the_box(size: tuple[int, int]) -> None:
    image = paste_masks(torch.ones(1, *size), torch.tensor([[4.0, 2, 10, 9]]), (14, 16)) >= 0.5
    expected = torch.zeros(1, 14, 16, dtype=torch.bool)
    expected[:, 2:9, 4:10] = True
    assert torch.equal(image, expected)
