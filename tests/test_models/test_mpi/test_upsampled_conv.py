"""The convolution of the doubled map against the two operations it stands for."""

import re
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._subclasses.fake_tensor import FakeTensorMode

import seginpaint_mm
from seginpaint_mm.ops import doubling_sums
from seginpaint_mm.ops.doubling_sums import SumsCache
from seginpaint_mm.ops.upsampled_conv import UpsampledConv2d, upsampled_conv, upsampled_conv_plain

PACKAGE = Path(seginpaint_mm.__file__).parent
MODULE = import_module('seginpaint_mm.ops.upsampled_conv')


def random_case(shape, out_channels, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    sizes = shape, (out_channels, shape[1], 3, 3), (out_channels,)
    return [torch.randn(size, dtype=dtype, generator=generator).requires_grad_() for size in sizes]


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(*(st.integers(1, most) for most in (2, 3, 9, 9))),
    out_channels=st.integers(1, 4),
    band_values=st.sampled_from([1, 150, 2**23]),
)
def test_values_and_gradients(shape, out_channels, band_values):
    arguments = random_case(shape, out_channels)
    with mock.patch.object(MODULE, 'BAND_VALUES', band_values):
        result = upsampled_conv(*arguments)
        gradients = torch.autograd.grad(result.square().sum(), arguments)
    expected = upsampled_conv_plain(*arguments)
    expected_gradients = torch.autograd.grad(expected.square().sum(), arguments)
    torch.testing.assert_close(result, expected)
    for gradient, expected_gradient in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(gradient, expected_gradient)


def test_numerical_gradient():
    assert torch.autograd.gradcheck(upsampled_conv, random_case((1, 2, 3, 2), 2))


def test_single_precision_and_channels_last():
    x, weight, bias = random_case((2, 64, 12, 20), 32, torch.float32)
    x = x.detach().contiguous(memory_format=torch.channels_last)
    result = upsampled_conv(x, weight, bias)
    assert result.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(result, upsampled_conv_plain(x, weight, bias), atol=1e-4, rtol=1e-4)


def test_under_autocast():
    arguments = random_case((1, 8, 6, 10), 4, torch.float32)
    expected = upsampled_conv_plain(*arguments)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        convolved = torch.nn.functional.conv2d(arguments[0], torch.eye(8).view(8, 8, 1, 1))
        for x in (arguments[0], convolved):
            result = upsampled_conv(x, *arguments[1:])
            torch.testing.assert_close(result.float(), expected, atol=0.3, rtol=0.1)
            result.float().sum().backward()


@pytest.mark.parametrize('shape', [(0, 3, 4, 5), (2, 3, 4, 5)])
def test_shapes_without_data(shape):
    x = torch.zeros(shape, device='meta')
    weight, bias = torch.zeros(7, 3, 3, 3, device='meta'), torch.zeros(7, device='meta')
    assert upsampled_conv(x, weight, bias).shape == (shape[0], 7, 8, 10)


def test_no_samples():
    x, weight, bias = torch.zeros(0, 3, 4, 5), torch.zeros(7, 3, 3, 3), torch.zeros(7)
    assert upsampled_conv(x, weight, bias).shape == (0, 7, 8, 10)


def test_exporting_leaves_the_model_as_it_is():
    """Sums made while a model is recorded hold no values: none may be kept for later calls."""
    model = UpsampledConv2d(4, 6).eval()
    x = torch.randn(1, 4, 6, 10)
    doubling_sums.CACHE.clear()
    exported = torch.export.export(model, (x,)).module()
    expected = upsampled_conv_plain(x, model.weight, model.bias)
    with torch.no_grad():
        torch.testing.assert_close(model(x), expected)
        torch.testing.assert_close(exported(x), expected)


def test_a_fake_tensor_leaves_the_model_as_it_is():
    model = UpsampledConv2d(4, 6).eval()
    doubling_sums.CACHE.clear()
    with FakeTensorMode(allow_non_fake_inputs=True):
        assert model(torch.empty(1, 4, 6, 10)).shape == (1, 6, 12, 20)
    x = torch.randn(1, 4, 6, 10)
    torch.testing.assert_close(model(x), upsampled_conv_plain(x, model.weight, model.bias))


def test_the_cache_serves_inference_and_training_alike():
    model = UpsampledConv2d(4, 6)
    x = torch.randn(1, 4, 6, 10, requires_grad=True)
    doubling_sums.CACHE.clear()
    with torch.inference_mode():
        model(x)
    model(x).sum().backward()
    double = model.double()(x.double())
    expected = upsampled_conv_plain(x.double(), model.weight, model.bias)
    torch.testing.assert_close(double, expected)


def test_many_sizes_take_little_memory():
    cache = SumsCache(num_bytes=2**21)
    with mock.patch.object(doubling_sums, 'CACHE', cache):
        model = UpsampledConv2d(1, 1)
        for width in range(8, 40):
            model(torch.zeros(1, 1, 32, width)).sum().backward()
            assert 0 < cache.used_bytes <= 2**21
    assert len(cache) < 8  # of 64 that were made, the last ones
    assert doubling_sums.CACHED_BYTES <= 2**27


def test_no_function_cache_of_the_package_can_hold_tensors():
    """``functools`` caches keep what they were given first: whatever device and mode it is of."""
    cached = re.compile(r'^\s*@(functools\.)?(lru_)?cache\b', re.MULTILINE)
    files = [path for path in PACKAGE.rglob('*.py') if cached.search(path.read_text())]
    assert files
    assert [path for path in files if 'import torch' in path.read_text()] == []
