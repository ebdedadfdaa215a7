"""Holes are read, checked, padded and filled as they say."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import PixelData

from seginpaint_mm.models.holes import (
    check_extent,
    fill_holes,
    groups_of_a_size,
    grow_mask,
    pad_to_multiple,
    stack_holes,
    weighted_l1,
)
from seginpaint_mm.structures import SceneSample


def sample_with(hole: torch.Tensor) -> SceneSample:
    sample = SceneSample(metainfo=dict(img_path='a.png'))
    sample.hole = PixelData(data=hole)
    return sample


def test_holes_of_a_batch() -> None:
    holes = torch.rand(3, 1, 5, 7) < 0.5
    samples = [sample_with(hole.to(torch.uint8)) for hole in holes[:2]] + [sample_with(holes[2])]
    assert torch.equal(stack_holes(samples, (5, 7)), holes)


@pytest.mark.parametrize('hole_weight', [1.0, 6.0])
def test_pixels_of_the_hole_count_more(hole_weight: float) -> None:
    image, truth = torch.rand(2, 2, 3, 5, 7)
    hole = torch.rand(2, 1, 5, 7) < 0.3
    inside = hole.expand_as(image)
    differences = (image - truth).abs()
    weights = 1 + (hole_weight - 1) * inside
    of_images = (differences * weights).flatten(1).sum(1) / weights.flatten(1).sum(1)
    found = weighted_l1(image, truth, hole, hole_weight)
    torch.testing.assert_close(found, of_images.mean())
    if hole_weight == 1:
        torch.testing.assert_close(found, differences.mean())


def test_weighted_differences_do_not_depend_on_the_batch() -> None:
    """Images with large holes do not count more than others where holes weigh more."""
    image, truth = torch.rand(2, 4, 3, 5, 7)
    hole = torch.rand(4, 1, 5, 7) < torch.tensor([0.1, 0.3, 0.6, 0.9])[:, None, None, None]
    whole = weighted_l1(image, truth, hole, 10.0)
    parts = [weighted_l1(*(t[i : i + 1] for t in (image, truth, hole)), 10.0) for i in range(4)]
    torch.testing.assert_close(whole, torch.stack(parts).mean())


def test_padding_has_no_weight() -> None:
    image, truth = torch.rand(2, 1, 3, 5, 7)
    hole, padding = torch.rand(1, 1, 5, 7) < 0.3, torch.zeros(1, 1, 5, 7, dtype=torch.bool)
    padding[..., 5:] = padding[..., 4:, :] = True
    cut = [maps[..., :4, :5] for maps in (image, truth, hole)]
    found = weighted_l1(image, truth, hole, 6.0, padding)
    torch.testing.assert_close(found, weighted_l1(*cut, 6.0))


def test_large_images_in_half_precision() -> None:
    image, truth = torch.full((1, 3, 300, 300), 0.9).half(), torch.zeros(1, 3, 300, 300).half()
    hole = torch.ones(1, 1, 300, 300, dtype=torch.bool)
    assert weighted_l1(image, truth, hole, 1.0).item() == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize('pixels', [-3, -1, 0, 1, 4])
def test_a_mask_grows_on_all_sides_and_not_at_the_border(pixels: int) -> None:
    mask = torch.zeros(2, 1, 30, 40, dtype=torch.bool)
    mask[0, :, 10:20, 15:30] = True
    mask[1, :, :, :12] = True
    grown = grow_mask(mask, pixels)
    assert grown[0, 0, 14].nonzero().flatten().tolist() == [*range(15 - pixels, 30 + pixels)]
    assert grown[0, 0, :, 20].nonzero().flatten().tolist() == [*range(10 - pixels, 20 + pixels)]
    assert torch.equal(grown[1, 0], (torch.arange(40) < 12 + pixels).expand(30, 40))
    assert grown[0, 0, 10 - max(pixels, 2), 15 - max(pixels, 2)] == 0, 'corners are round'


WRONG = [
    (torch.zeros(1, 5, 6), r'The hole of a\.png is \(1, 5, 6\), its image \(1, 5, 7\)'),
    (torch.full((1, 5, 7), 255, dtype=torch.uint8), r'a\.png holds other values .*, 255 to 255'),
    (torch.full((1, 5, 7), 0.5), r'other values than 0 and 1, 0\.5 to 0\.5'),
]


@pytest.mark.parametrize(('hole', 'message'), WRONG, ids=['size', 'white', 'grey'])
def test_wrong_holes(hole: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stack_holes([sample_with(hole)], (5, 7))


def test_missing_holes() -> None:
    with pytest.raises(ValueError, match=r'b\.png has no hole'):
        stack_holes([SceneSample(metainfo=dict(img_path='b.png'))], (5, 7))
    with pytest.raises(ValueError, match='no samples'):
        stack_holes(None, (5, 7))


@pytest.mark.parametrize(('value', 'what'), [(1, 'covers the whole image'), (0, 'has no pixel')])
def test_all_or_nothing(value: int, what: str) -> None:
    some = torch.zeros(1, 5, 7)
    some[0, 2, 3] = 1
    samples = [sample_with(some), sample_with(torch.full((1, 5, 7), value))]
    holes = stack_holes(samples, (5, 7))
    check_extent(holes[:1], samples[:1])
    with pytest.raises(ValueError, match=rf'The hole of a\.png {what}'):
        check_extent(holes, samples)


@pytest.mark.parametrize('sizes', [[(4, 6)] * 3, [(4, 6), (8, 5), (4, 6)]], ids=['one', 'two'])
def test_groups_of_a_size(sizes: list[tuple[int, int]]) -> None:
    """Images of one size stay together, without their padding."""
    inputs, samples = torch.rand(3, 3, 8, 6), []
    for size in sizes:
        hole = torch.zeros(1, *size)
        hole[0, 1, 2] = 1
        samples.append(sample_with(hole))
        samples[-1].set_metainfo(dict(img_shape=size))
    groups = list(groups_of_a_size(inputs, samples))
    assert [len(group[2]) for group in groups] == ([3] if len({*sizes}) == 1 else [2, 1])
    numbers = {id(sample): number for number, sample in enumerate(samples)}
    for pictures, holes, of_group in groups:
        for picture, hole, sample in zip(pictures, holes, of_group, strict=True):
            height, width = sample.img_shape
            number = numbers.pop(id(sample))
            assert torch.equal(picture, inputs[number, :, :height, :width])
            assert torch.equal(hole, sample.hole.data.bool())
    assert not numbers


@pytest.mark.parametrize('dtype', [torch.uint8, torch.float32, torch.float64])
def test_filling_changes_no_bit_outside(dtype: torch.dtype) -> None:
    pictures, painted = ((torch.rand(2, 3, 5, 7) * 255).to(dtype) for _ in range(2))
    hole = torch.rand(2, 1, 5, 7) < 0.5
    filled = fill_holes(pictures, painted, hole)
    assert filled.dtype == dtype
    inside = hole.expand_as(filled)
    assert torch.equal(filled[inside], painted[inside])
    assert torch.equal(filled[~inside], pictures[~inside])


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 9))
def test_padding(height: int, width: int, divisor: int) -> None:
    generator = torch.Generator().manual_seed(height * 20 + width)
    pictures = torch.rand(2, 3, height, width, generator=generator)
    hole = torch.rand(2, 1, height, width, generator=generator) < 0.5
    padded, padded_hole = pad_to_multiple(pictures, hole, divisor)
    for whole, part in ((padded, pictures), (padded_hole, hole)):
        for axis in (-2, -1):
            assert whole.shape[axis] % divisor == 0
            assert 0 <= whole.shape[axis] - part.shape[axis] < divisor
        rows = torch.arange(whole.shape[-2]).clamp(max=height - 1)
        columns = torch.arange(whole.shape[-1]).clamp(max=width - 1)
        assert torch.equal(whole, part[..., rows, :][..., columns])


def test_padding_to_the_least_size() -> None:
    pictures, hole = torch.rand(2, 3, 9, 50), torch.rand(2, 1, 9, 50) < 0.5
    padded, padded_hole = pad_to_multiple(pictures, hole, 8, least=36)
    assert padded.shape[-2:] == padded_hole.shape[-2:] == (40, 56)
    assert torch.equal(padded[..., :9, :50], pictures)
    assert torch.equal(padded[..., 8:, 49:], pictures[..., 8:, 49:].expand(-1, -1, 32, 7))
