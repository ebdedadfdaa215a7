"""Context inference against the layers that it is made of, and of any size."""

import pytest
import torch
import torch.nn.functional as F

from seginpaint_mm.models.sgenet import ContextInference, DilatedContext


def test_channels_are_connected_one_by_one() -> None:
    """A linear layer for each channel, then a 1x1 convolution."""
    torch.manual_seed(0)
    module = ContextInference(channels=3, size=(2, 4))
    torch.nn.init.normal_(module.bias)
    features = torch.randn(5, 3, 2, 4)
    connected = torch.stack(
        [
            F.linear(features[:, c].flatten(1), module.weight[c].T, module.bias[c, 0])
            for c in range(3)
        ],
        dim=1,
    ).reshape(features.shape)
    mixed = F.conv2d(F.leaky_relu(connected, 0.2), module.mix[1].weight, module.mix[1].bias)
    torch.testing.assert_close(module(features), F.leaky_relu(mixed, 0.2))


def test_every_place_sees_all_others() -> None:
    module = ContextInference(channels=2, size=(4, 4))
    features = torch.randn(1, 2, 4, 4, requires_grad=True)
    module(features)[0, 0, 0, 0].backward()
    assert (features.grad != 0).all()


def test_another_size_is_told() -> None:
    with pytest.raises(ValueError, match=r'size=\(8, 8\), these are \(4, 8\): .*DilatedContext'):
        ContextInference(channels=2)(torch.zeros(1, 2, 4, 8))


@pytest.mark.parametrize('size', [(1, 1), (4, 4), (3, 7)])
def test_dilated_context_takes_any_size(size: tuple[int, int]) -> None:
    module = DilatedContext(channels=2, dilations=(1, 2))
    assert module(torch.randn(2, 2, *size)).shape == (2, 2, *size)


def test_dilated_context_sees_far() -> None:
    """1 + 2 + 4 places in each direction."""
    module = DilatedContext(channels=2, dilations=(1, 2, 4))
    features = torch.randn(1, 2, 17, 17, requires_grad=True)
    module(features)[0, 0, 8, 8].backward()
    seen = features.grad[0].any(0)
    assert seen[1:16, 1:16].all()
    assert seen.sum() == 15 * 15
