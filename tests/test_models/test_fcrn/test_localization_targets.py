"""Targets agree with a loop over pixels written from their definition, at any stride."""

import dataclasses
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.structures import PixelData

from seginpaint_mm.models.fcrn import localization_targets
from seginpaint_mm.structures import SceneSample
from tests.helpers.instance_scenes import instance_sample, instances_of, rectangles

THINGS = (11, 12, 13)


def rectangles_sample(size: tuple[int, int], num: int, seed: int) -> SceneSample:
    return instance_sample(*rectangles(size, num, len(THINGS), seed), THINGS)


def targets_of(samples: list[SceneSample], stride: int, weighting: str = 'uniform'):
    return localization_targets(samples, stride=stride, num_things=len(THINGS), weighting=weighting)


def looped(samples: list[SceneSample], stride: int, weighting: str) -> list[tuple]:
    found = []
    for image, sample in enumerate(samples):
        instances = sample.gt_instances
        height, width = instances.masks.shape[-2:]
        for i in range(math.ceil(height / stride)):
            for j in range(math.ceil(width / stride)):
                row, column = i * stride + stride // 2, j * stride + stride // 2
                if row >= height or column >= width:
                    continue
                for mask, label, box in zip(
                    instances.masks, instances.labels, instances.bboxes, strict=True
                ):
                    if mask[row, column]:
                        x1, y1, x2, y2 = box.tolist()
                        weight = 1.0
                        if weighting == 'inverse_sqrt_area':
                            weight = 1 / math.sqrt((x2 - x1) * (y2 - y1))
                        found.append((image, i, j, int(label), x1, y1, x2, y2, weight))
    mean = np.mean([row[-1] for row in found]) if found else 1
    return [(*row[:-1], row[-1] / mean) for row in found]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 6),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from(['uniform', 'inverse_sqrt_area']),
)
def test_equal_to_a_loop_over_pixels(height, width, num, stride, weighting) -> None:
    samples = [rectangles_sample((height, width), num, seed) for seed in range(2)]
    targets = targets_of(samples, stride, weighting)
    expected = np.array(looped(samples, stride, weighting)).reshape(-1, 9)
    found = torch.column_stack(
        (targets.images, targets.rows, targets.columns, targets.labels, targets.boxes)
    )
    np.testing.assert_allclose(found, expected[:, :8])
    np.testing.assert_allclose(targets.weights, expected[:, 8], rtol=1e-5)


def with_map(sample: SceneSample) -> SceneSample:
    """The sample with a map of its instances in place of their masks."""
    numbers = torch.zeros(1, *sample.gt_instances.masks.shape[1:], dtype=torch.int32)
    for number, mask in enumerate(sample.gt_instances.masks, start=1):
        numbers[0][mask] = number
    copy = sample.clone()
    copy.gt_instance_map = PixelData(data=numbers)
    del copy.gt_instances.masks
    return copy


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 6), st.sampled_from([1, 2, 4, 8]))
def test_a_map_says_what_masks_say(height, width, num, stride) -> None:
    samples = [rectangles_sample((height, width), num, seed) for seed in range(2)]
    expected = targets_of(samples, stride)
    found = targets_of([with_map(sample) for sample in samples], stride)
    for field in dataclasses.fields(found):
        assert torch.equal(getattr(found, field.name), getattr(expected, field.name))


def test_neither_map_nor_masks() -> None:
    sample = rectangles_sample((8, 8), 2, 0)
    del sample.gt_instances.masks
    with pytest.raises(ValueError, match=r'drawn\.png has neither a gt_instance_map nor masks'):
        targets_of([sample], 1)


def test_weights_are_equal_within_an_instance_and_smaller_for_larger_ones() -> None:
    masks = np.zeros((2, 16, 40), dtype=bool)
    masks[0, :4, :4] = masks[1, :, 8:] = True
    targets = targets_of([instance_sample(masks, [0, 1], THINGS)], 1, 'inverse_sqrt_area')
    small, large = (targets.weights[targets.labels == label] for label in (0, 1))
    assert small.unique().numel() == large.unique().numel() == 1
    assert small[0] / large[0] == pytest.approx(math.sqrt(16 * 32) / 4)
    assert targets.weights.mean() == pytest.approx(1)


@pytest.mark.parametrize('order', [[0, 1], [1, 0]])
def test_the_smaller_of_two_overlapping_masks_counts(order: list[int]) -> None:
    masks = np.zeros((2, 8, 8), dtype=bool)
    masks[0], masks[1, 2:5, 2:5] = True, True
    sample = SceneSample()
    sample.gt_instances = instances_of(masks[order], order)
    targets = targets_of([sample], stride=1)
    assert (targets.labels == 1).sum() == 9
    assert (targets.labels == 0).sum() == 64 - 9


def test_an_instance_may_fall_between_the_pixels_of_the_map() -> None:
    masks = np.zeros((1, 16, 16), dtype=bool)
    masks[0, :3, :3] = True
    assert len(targets_of([instance_sample(masks, [0], THINGS)], stride=8).labels) == 0


@pytest.mark.parametrize('weighting', ['uniform', 'inverse_sqrt_area'])
def test_no_instance_anywhere(weighting: str) -> None:
    sample = instance_sample(np.zeros((0, 16, 24), dtype=bool), [], THINGS)
    targets = targets_of([sample, sample], 8, weighting)
    assert targets.boxes.shape == (0, 4)
    assert targets.weights.shape == (0,)


def wrong_label(sample: SceneSample) -> None:
    sample.gt_instances.labels[0] = 3


def no_area(sample: SceneSample) -> None:
    sample.gt_instances.bboxes[0] = torch.tensor([4.0, 2, 4, 6])


def no_instances(sample: SceneSample) -> None:
    del sample.gt_instances


@pytest.mark.parametrize(
    ('spoil', 'sentence'),
    [
        (wrong_label, 'drawn.png has an instance of thing 3, the localisation head knows 3 (0 to'),
        (no_area, 'drawn.png has an instance whose box [4.0, 2.0, 4.0, 6.0] has no area: remove'),
        (no_instances, 'drawn.png has no gt_instances, which the localisation net learns from'),
    ],
)
def test_wrong_truth_is_told(spoil, sentence: str) -> None:
    sample = instance_sample(np.ones((1, 8, 8), dtype=bool), [0], THINGS)
    spoil(sample)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        localization_targets([sample], stride=4, num_things=3)
