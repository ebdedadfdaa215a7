"""Channels-last weights give the same values."""

from types import SimpleNamespace

import torch
from torch import nn

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
