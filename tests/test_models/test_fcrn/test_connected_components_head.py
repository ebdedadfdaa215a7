"""Connected regions as instances: against OpenCV's, and where they must fail."""

import cv2
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.models.fcrn import ConnectedComponentsHead
from seginpaint_mm.registry import MODELS

CODER = dict(type='BoxCoder', offset_scale=16.0, size_scale=16.0)


def make_head(**options: object) -> ConnectedComponentsHead:
    return MODELS.build(
        dict(type='ConnectedComponentsHead', thing_ids=(1, 2), box_coder=CODER, **options)
    )


def scores_of(classes: np.ndarray) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(classes), 3).permute(2, 0, 1) * 0.7 + 0.1


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), height=st.integers(1, 16), width=st.integers(1, 16))
def test_regions_are_opencvs(seed: int, height: int, width: int) -> None:
    classes = np.random.default_rng(seed).integers(0, 3, (height, width))
    found = make_head(min_pixels=1, max_instances=1000).predict(
        scores_of(classes), torch.full((8, height, width), torch.nan)
    )
    expected = set()
    for label, thing in enumerate((1, 2)):
        number, regions = cv2.connectedComponents((classes == thing).astype(np.uint8), None, 8)
        expected |= {(label, (regions == n).tobytes()) for n in range(1, number)}
    assert len(found) == len(expected)
    assert {
        (int(label), mask.numpy().tobytes())
        for label, mask in zip(found.labels, found.masks, strict=True)
    } == expected


def test_touching_objects_are_one_and_small_regions_none() -> None:
    classes = np.zeros((8, 12), np.int64)
    classes[2:6, 1:4] = classes[2:6, 4:7] = 1  # two cars that touch
    classes[2:6, 9:11] = 2
    classes[0, 0] = 1  # one pixel
    scores = scores_of(classes)
    found = make_head(min_pixels=10).predict(scores, torch.zeros(8, 8, 12))
    assert found.labels.tolist() == [0]
    assert found.masks.sum((1, 2)).tolist() == [24]
    torch.testing.assert_close(found.scores, torch.tensor([0.8]))


def test_nothing_gives_empty_instances() -> None:
    found = make_head().predict(scores_of(np.zeros((4, 4), np.int64)), torch.zeros(8, 4, 4))
    assert len(found) == 0
    assert found.masks.shape == (0, 4, 4)


def test_true_regions_are_ranked_by_their_share_of_the_image() -> None:
    classes = np.zeros((8, 12), np.int64)
    classes[:1, :4] = classes[2:6, 4:7] = 1
    maps = torch.zeros(8, 8, 12)
    found = make_head(confidence='extent').predict(scores_of(classes), maps)
    torch.testing.assert_close(found.scores, 0.8 * torch.tensor([12 / 96, 4 / 96]))
