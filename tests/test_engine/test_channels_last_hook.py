"""Channels-last weights give the same values."""

from types import SimpleNamespace

import torch
from mmcv.ops import RoIAlign
from torch import Tensor, nn

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.engine.hooks import ChannelsLastHook


def test_layout_changes_and_values_do_not() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3)).eval()
    image = torch.randn(1, 3, 16, 16)
    expected = model(image)
    ChannelsLastHook().before_run(SimpleNamespace(model=model))
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert model(image).is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(model(image), expected)


class Regions(nn.Module):
    """Features of regions, as in mmdet's two-stage networks."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3, padding=1)
        self.regions = RoIAlign(output_size=4, spatial_scale=0.5, sampling_ratio=0)

    def forward(self, image: Tensor) -> Tensor:
        boxes = torch.tensor([[0.0, 2.0, 3.0, 20.0, 11.0], [1.0, 5.0, 1.0, 30.0, 31.0]])
        return self.regions(self.features(image), boxes)


def test_mmcvs_operators_take_the_same_regions() -> None:
    """They read channels-last features in the wrong order, if they are let."""
    torch.manual_seed(0)
    model = Regions().eval()
    image = torch.randn(2, 3, 16, 16)
    expected = model(image)
    (gradient,) = torch.autograd.grad(expected.square().sum(), model.features.weight)
    with torch.inference_mode():
        torch.testing.assert_close(prepare_for_inference(model)(image), expected)
    for _ in range(2):
        ChannelsLastHook().before_run(SimpleNamespace(model=model))
    assert model.features(image).is_contiguous(memory_format=torch.channels_last)
    found = model(image)
    torch.testing.assert_close(found, expected)
    (after,) = torch.autograd.grad(found.square().sum(), model.features.weight)
    torch.testing.assert_close(after, gradient)
