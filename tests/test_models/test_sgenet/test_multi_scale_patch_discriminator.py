"""Each scale is judged by a network of its own."""

import pytest
import torch
import torch.nn.functional as F

from tests.helpers.model_tester import build_model
from tests.helpers.sgenet_scenes import tiny_discriminator


def test_scales() -> None:
    judge = build_model(tiny_discriminator(num_scales=3))
    pictures = torch.rand(2, 3, 64, 96)
    scores = judge(pictures)
    half = F.avg_pool2d(pictures, 2)
    expected = [pictures, half, F.avg_pool2d(half, 2)]
    for score, network, picture in zip(scores, judge.scales, expected, strict=True):
        assert torch.equal(score, network(picture))
        assert score.shape[1] == 1
    assert not torch.equal(
        judge.scales[0].model[0].conv.weight, judge.scales[1].model[0].conv.weight
    )


def test_pictures_that_are_too_small_are_told() -> None:
    judge = build_model(tiny_discriminator(num_scales=3))
    with pytest.raises(ValueError, match=r'\(32, 32\) are too small .* at scale 3, .*\(8, 8\)'):
        judge(torch.rand(2, 3, 32, 32))


def test_other_errors_are_not_explained_by_the_size() -> None:
    judge = build_model(tiny_discriminator())
    with pytest.raises(RuntimeError, match='channels'):
        judge(torch.rand(2, 4, 64, 64))
