"""The PSP module's last step against the concatenation it stands for."""

import torch

from seginpaint_mm.ops.upsampled_conv import mixed_pyramid, mixed_pyramid_plain


def test_values_and_gradients():
    generator = torch.Generator().manual_seed(0)
    sizes = [(2, 4, 7, 9), (2, 4, 1, 1), (2, 4, 3, 3), (5, 12, 1, 1), (5,)]
    tensors = [torch.randn(size, dtype=torch.float64, generator=generator) for size in sizes]
    features, one, three, weight, bias = [tensor.requires_grad_() for tensor in tensors]
    result = mixed_pyramid(features, [one, three], weight, bias)
    expected = mixed_pyramid_plain(features, [one, three], weight, bias)
    torch.testing.assert_close(result, expected)
    gradients = torch.autograd.grad(result.square().sum(), tensors)
    expected_gradients = torch.autograd.grad(expected.square().sum(), tensors)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(gradient, expected_gradient)
