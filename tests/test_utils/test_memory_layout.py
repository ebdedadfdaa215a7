"""Channels-last training of every kind of convolution at small widths, at two processor levels."""

import pytest
import torch
from torch import nn

from seginpaint_mm.utils.torch_modules import lay_channels_last
from tests.helpers.forked_runs import run_code_forked

# A heap that is damaged ends the process, so each level has one of its own.
TRAINING = """
import copy
import torch
from torch import nn
from seginpaint_mm.utils.torch_modules import lay_channels_last
from seginpaint_mm.ops.upsampled_conv import UpsampledConv2d

torch.set_num_threads(1)
torch.manual_seed(0)
for channels in (2, 4, 7, 8, 12, 20):
    kinds = [
        nn.Conv2d(channels, 8, 1, stride=2, bias=False),
        nn.Conv2d(channels, 8, 1, stride=(1, 2)),
        nn.Conv2d(channels, 8, 1, stride=4),
        nn.Conv2d(channels, 5, 1),
        nn.Conv2d(channels, 8, 1, stride=2, padding=1),
        nn.Conv2d(channels, 2 * channels, 1, stride=2, groups=channels),
        nn.Conv2d(channels, 8, 3, stride=2, padding=1),
        nn.Conv2d(channels, 8, 3, padding=4, dilation=4),
        nn.Conv2d(channels, 8, 4, stride=2, padding=1),
        nn.Conv2d(channels, 8, 7, stride=2, padding=3),
        nn.ConvTranspose2d(channels, 5, 4, stride=2, padding=1),
        nn.ConvTranspose2d(channels, 5, 1, stride=2),
        UpsampledConv2d(channels, 8),
    ]
    for kind in kinds:
        image = torch.randn(2, channels, 64, 64)
        expected = kind(image)
        expected.square().sum().backward()
        model = lay_channels_last(copy.deepcopy(kind))
        for _ in range(3):
            model.zero_grad()
            found = model(image.contiguous(memory_format=torch.channels_last))
            found.square().sum().backward()
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(model.weight.grad, kind.weight.grad, rtol=1e-3, atol=1e-1)
print('every kind was trained')
"""


@pytest.mark.parametrize('level', ['AVX2', 'DEFAULT'])
def test_training_leaves_the_heap_whole(level: str) -> None:
    status, output = run_code_forked(TRAINING, ONEDNN_MAX_CPU_ISA=level)
    assert status == 0, output
    assert 'every kind was trained' in output


@pytest.mark.parametrize(
    ('convolution', 'stays_contiguous'),
    [
        (nn.Conv2d(4, 8, 1, stride=2, bias=False), True),
        (nn.Conv2d(12, 8, 1, stride=(1, 2)), True),
        (nn.Conv2d(16, 8, 1, stride=2), False),
        (nn.Conv2d(4, 8, 1), False),
        (nn.Conv2d(4, 8, 3, stride=2), False),
    ],
)
def test_only_dangerous_convolutions_stay_contiguous(
    convolution: nn.Conv2d, stays_contiguous: bool
) -> None:
    image = torch.randn(1, convolution.in_channels, 8, 8)
    result = lay_channels_last(convolution)(image.contiguous(memory_format=torch.channels_last))
    assert result.is_contiguous(memory_format=torch.channels_last) is not stays_contiguous
