"""The fast operator against the paper's loop: outputs bit by bit, gradients, edge cases, errors."""

from importlib import import_module
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.utils._python_dispatch import TorchDispatchMode

from seginpaint_mm.models.mpi import max_pool_inpainting, max_pool_inpainting_reference
from seginpaint_mm.ops.dense_fill import DenseFill
from seginpaint_mm.ops.max_pool_inpainting import unfillable
from seginpaint_mm.ops.sparse_fill import SparseFill

OPERATOR_MODULE = import_module('seginpaint_mm.ops.max_pool_inpainting')
FORMATS = ('plain', 'channels_last', 'strided', 'transposed')
both_fills = pytest.mark.parametrize('fill', [SparseFill, DenseFill])
both_merges = pytest.mark.parametrize('merge', ['dilated', 'mask'])


def inpaint(fill, features, foreground, **options):
    """Run the public operator on the CPU with the given one of its two ways to fill."""
    with mock.patch.object(OPERATOR_MODULE, 'SparseFill', fill):
        return max_pool_inpainting(features, foreground, **options)


def in_format(maps, memory_format):
    if memory_format == 'channels_last':
        return maps.contiguous(memory_format=torch.channels_last)
    if memory_format == 'strided':
        return torch.stack([maps, -maps], dim=-1)[..., 0]
    if memory_format == 'transposed':
        return maps.transpose(2, 3).contiguous().transpose(2, 3)
    return maps


def distinct_features(shape, seed, offset=0.0):
    """Values of both signs, no two the same and none 0: the maximum is unique."""
    count = int(np.prod(shape))
    values = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return (values - count // 2 + 0.5 + offset).view(shape)


def square(shape, distance):
    """A mask whose grown square has its centre ``distance`` away from the background."""
    foreground = torch.zeros(shape[0], 1, *shape[2:])
    top, left = (shape[2] - 2 * distance + 3) // 2, (shape[3] - 2 * distance + 3) // 2
    foreground[:, :, top : top + 2 * distance - 3, left : left + 2 * distance - 3] = 1
    return foreground


@st.composite
def cases(draw):
    """Features, foreground and options: noise masks, boxes, full and empty samples, thin maps."""
    samples, channels = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 40))
    foreground = draw(
        arrays(np.uint8, (samples, 1, height, width), elements=st.integers(0, 1), fill=st.just(0))
    )
    for sample in foreground:
        for _ in range(draw(st.integers(0, 2))):
            top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
            bottom, right = draw(st.integers(top, height)), draw(st.integers(left, width))
            sample[0, top:bottom, left:right] = 1
    shape = (samples, channels, height, width)
    offset = draw(st.sampled_from([0, -10_000, 10_000]))
    features = distinct_features(shape, draw(st.integers(0, 99)), offset)
    options = {'merge': draw(st.sampled_from(['dilated', 'mask'])), 'detach': draw(st.booleans())}
    return features, torch.from_numpy(foreground), draw(st.sampled_from(FORMATS)), options


@both_fills
@settings(max_examples=120, deadline=None)
@given(case=cases())
def test_outputs_equal_the_loops_bit_by_bit(fill, case):
    features, foreground, memory_format, options = case
    expected = max_pool_inpainting_reference(features, foreground, **options)
    given_features = in_format(features, memory_format)
    result = inpaint(fill, given_features, foreground, **options)
    assert result.dtype == expected.dtype
    assert result.numpy().tobytes() == expected.numpy().tobytes()
    assert torch.equal(given_features, features), 'the input was written to'


@both_fills
@settings(max_examples=120, deadline=None)
@given(case=cases())
def test_gradients_equal_the_loops_where_the_maximum_is_unique(fill, case):
    features, foreground, memory_format, options = case
    features = features.double().requires_grad_()
    weights = distinct_features(features.shape, seed=7).double()  # halves: sums of them are exact
    result = inpaint(fill, in_format(features, memory_format), foreground, **options)
    expected = max_pool_inpainting_reference(features, foreground, **options)
    (gradient,) = torch.autograd.grad(result, features, in_format(weights, memory_format))
    (expected_gradient,) = torch.autograd.grad(expected, features, weights)
    assert torch.equal(gradient, expected_gradient)


@st.composite
def padded_cases(draw):
    """As ``cases``, with a rectangle of each sample that is the image; the rest is padding."""
    features, foreground, memory_format, options = draw(cases())
    height, width = features.shape[2:]
    sizes = [(draw(st.integers(1, height)), draw(st.integers(1, width))) for _ in features]
    padding = torch.ones(foreground.shape, dtype=torch.bool)
    for of_sample, (rows, columns) in zip(padding, sizes, strict=True):
        of_sample[:, :rows, :columns] = False
    return features, foreground, memory_format, {**options, 'padding': padding}, sizes


@both_fills
@settings(max_examples=80, deadline=None)
@given(case=padded_cases())
def test_a_padded_sample_is_filled_as_if_the_map_ended_there(fill, case):
    features, foreground, memory_format, options, sizes = case
    result = inpaint(fill, in_format(features, memory_format), foreground, **options)
    reference = max_pool_inpainting_reference(features, foreground, **options)
    assert torch.equal(result, reference)
    alone = {name: options[name] for name in ('merge', 'detach')}
    for number, (rows, columns) in enumerate(sizes):
        image = (slice(number, number + 1), slice(None), slice(rows), slice(columns))
        expected = max_pool_inpainting_reference(features[image], foreground[image], **alone)
        assert torch.equal(result[image], expected)
    assert torch.equal(result * options['padding'], features * options['padding'])
    of_images = [
        unfillable(mask[None, :, :rows, :columns]).item()
        for mask, (rows, columns) in zip(foreground, sizes, strict=True)
    ]
    assert unfillable(foreground, options['padding']).tolist() == of_images


@both_fills
@settings(max_examples=60, deadline=None)
@given(case=padded_cases())
def test_gradients_of_a_padded_sample(fill, case):
    features, foreground, memory_format, options, _ = case
    features = features.double().requires_grad_()
    weights = distinct_features(features.shape, seed=7).double()
    result = inpaint(fill, in_format(features, memory_format), foreground, **options)
    expected = max_pool_inpainting_reference(features, foreground, **options)
    (gradient,) = torch.autograd.grad(result, features, in_format(weights, memory_format))
    (expected_gradient,) = torch.autograd.grad(expected, features, weights)
    assert torch.equal(gradient, expected_gradient)


@both_fills
@both_merges
@pytest.mark.parametrize(('shape', 'distance'), [((2, 3, 32, 64), 13), ((1, 2, 128, 256), 63)])
def test_large_holes(fill, merge, shape, distance):
    features = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    foreground = square(shape, distance)
    result = inpaint(fill, features, foreground, merge=merge)
    assert torch.equal(result, max_pool_inpainting_reference(features, foreground, merge=merge))


@both_fills
@both_merges
def test_numerical_gradient(fill, merge):
    features = distinct_features((1, 2, 6, 7), seed=3).double().requires_grad_()
    foreground = square((1, 1, 6, 7), distance=3)
    assert torch.autograd.gradcheck(
        lambda maps: inpaint(fill, maps, foreground, merge=merge), (features,), eps=1e-3
    )


@both_fills
def test_of_several_maxima_one_takes_the_gradient(fill):
    features = torch.ones(1, 1, 9, 9, requires_grad=True)
    foreground = square((1, 1, 9, 9), distance=3)
    inpaint(fill, features, foreground).sum().backward()
    assert features.grad.sum() == 81
    assert features.grad[0, 0, 2:7, 2:7].eq(0).all()


@both_fills
def test_where_the_background_is_not_positive_the_patch_is_zero_and_has_no_gradient(fill):
    features = torch.zeros(1, 1, 9, 9).index_fill(3, torch.arange(5), -1.0).requires_grad_()
    foreground = square((1, 1, 9, 9), distance=3)
    result = inpaint(fill, features, foreground)
    assert result[0, 0, 2:7, 2:7].eq(0).all()
    result.sum().backward()
    assert features.grad.sum() == 81 - 25


@both_fills
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16, torch.float64])
def test_other_float_types(fill, dtype):
    features = torch.randn(2, 3, 12, 20, generator=torch.Generator().manual_seed(1)).to(dtype)
    foreground = square((2, 1, 12, 20), distance=5)
    expected = max_pool_inpainting_reference(features.float(), foreground).to(dtype)
    features.requires_grad_()
    result = inpaint(fill, features, foreground)
    assert result.dtype == dtype
    assert torch.equal(result, expected)
    result.float().sum().backward()
    assert features.grad.dtype == dtype


@both_fills
def test_under_autocast_the_type_is_the_features(fill):
    convolution = torch.nn.Conv2d(3, 4, 3, padding=1)
    foreground = square((1, 1, 12, 20), distance=4)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        features = convolution(torch.randn(1, 3, 12, 20))
        result = inpaint(fill, features, foreground.bfloat16())
        expected = max_pool_inpainting_reference(features, foreground)
    assert features.dtype == result.dtype == torch.bfloat16
    assert torch.equal(result, expected)
    result.float().sum().backward()
    assert convolution.weight.grad.isfinite().all()


@both_fills
@both_merges
def test_each_sample_is_filled_or_left_for_itself(fill, merge):
    features = torch.randn(3, 2, 11, 11, requires_grad=True)
    foreground = square((3, 1, 11, 11), distance=4)
    foreground[1] = 1
    foreground[1, 0, 5, 5] = 0  # gone when the foreground grows
    result = inpaint(fill, features, foreground, merge=merge)
    assert unfillable(foreground).tolist() == [False, True, False]
    assert torch.equal(result[1], features[1])
    for number in (0, 2):
        sample = slice(number, number + 1)
        alone = inpaint(fill, features[sample], foreground[sample], merge=merge)
        assert torch.equal(result[sample], alone)
        assert not torch.equal(result[sample], features[sample])
    result.sum().backward()
    assert features.grad[1].eq(1).all()


@both_fills
@pytest.mark.parametrize('value', [0, 1])
def test_one_pixel(fill, value):
    features = torch.tensor([[[[-2.0]]]])
    foreground = torch.full((1, 1, 1, 1), value)
    assert torch.equal(inpaint(fill, features, foreground), features)
    assert unfillable(foreground).tolist() == [bool(value)]


@both_fills
@pytest.mark.parametrize('shape', [(0, 3, 4, 5), (2, 0, 4, 5), (2, 3, 0, 5)])
def test_nothing_in_nothing_out(fill, shape):
    foreground = torch.zeros(shape[0], 1, *shape[2:])
    assert inpaint(fill, torch.zeros(shape), foreground).shape == shape
    assert unfillable(torch.zeros(0, 1, 4, 5)).shape == (0,)


@both_fills
@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.int64, torch.float16])
def test_any_type_of_foreground(fill, dtype):
    features = torch.randn(1, 2, 10, 10)
    foreground = square((1, 1, 10, 10), distance=4)
    expected = inpaint(fill, features, foreground)
    assert torch.equal(inpaint(fill, features, foreground.to(dtype)), expected)
    assert unfillable(foreground.to(dtype)).tolist() == [False]


@both_fills
def test_the_merges_differ_in_the_ring_alone(fill):
    features = torch.randn(1, 2, 10, 10)
    foreground = square((1, 1, 10, 10), distance=4)
    ring = torch.nn.functional.max_pool2d(foreground, 3, 1, 1) - foreground
    paper = inpaint(fill, features, foreground, merge='dilated')
    code = inpaint(fill, features, foreground, merge='mask')
    assert torch.equal(torch.where(ring.bool(), features, paper), code)
    assert not torch.equal(paper, code)


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
def test_the_memory_format_is_kept(memory_format):
    features = torch.randn(2, 3, 10, 12).contiguous(memory_format=memory_format)
    result = max_pool_inpainting(features, square((2, 1, 10, 12), distance=4))
    assert result.is_contiguous(memory_format=memory_format)


def test_inference_mode():
    features = torch.randn(1, 2, 10, 10)
    foreground = square((1, 1, 10, 10), distance=4)
    expected = max_pool_inpainting_reference(features, foreground)
    with torch.inference_mode():
        assert torch.equal(max_pool_inpainting(features, foreground), expected)


def test_the_number_of_steps_is_logarithmic_in_the_distance():
    foreground = square((1, 1, 128, 256), distance=63).bool()
    assert len(SparseFill(foreground, True).steps) == 7


def test_the_whole_map_is_filled_in_few_launches():
    """On a GPU each operation that is no view costs a launch, however small the map is."""
    foreground = square((2, 1, 32, 64), distance=13).bool()
    features = torch.randn(2, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    with CountLaunches() as forward:
        fill = DenseFill(foreground, fill_ring=True)
        output, values = fill.forward(features)
    with CountLaunches() as backward:
        fill.backward(torch.ones_like(output), values)
    assert 4 * forward.count <= 810, 'a quarter of what it once took'
    assert 4 * backward.count <= 823


class CountLaunches(TorchDispatchMode):
    """Counts the operators that are called and are no views."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += not function.is_view
        return function(*args, **(kwargs or {}))


def test_no_step_elsewhere_than_on_a_cpu_depends_on_data():
    """On the device 'meta' a tensor has no data: whoever looks at it, and would wait, fails."""
    features = torch.zeros(2, 3, 16, 24, device='meta', requires_grad=True)
    foreground = torch.zeros(2, 1, 16, 24, device='meta')
    result = max_pool_inpainting(features, foreground)
    result.sum().backward()
    assert result.shape == features.grad.shape
    assert unfillable(foreground).shape == (2,)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@both_merges
def test_on_a_gpu_without_waiting_for_it(merge):
    features = distinct_features((2, 3, 40, 64), seed=2).cuda().requires_grad_()
    foreground = square((2, 1, 40, 64), distance=15).cuda()
    expected = max_pool_inpainting_reference(features, foreground, merge=merge)
    (expected_gradient,) = torch.autograd.grad(expected.sum(), features)
    torch.cuda.set_sync_debug_mode('error')
    try:
        result = max_pool_inpainting(features, foreground, merge=merge)
        (gradient,) = torch.autograd.grad(result.sum(), features)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert torch.equal(result, expected)
    assert torch.equal(gradient, expected_gradient)


FEATURES = torch.zeros(2, 3, 8, 9)
MASK = torch.zeros(2, 1, 8, 9)


@pytest.mark.parametrize(
    ('features', 'foreground', 'merge', 'sentence'),
    [
        (FEATURES, MASK[..., :8], 'dilated', r'foreground must have shape \(2, 1, 8, 9\)'),
        (FEATURES, MASK[:1], 'dilated', r'foreground must have shape \(2, 1, 8, 9\)'),
        (FEATURES, FEATURES, 'dilated', r'got \(2, 3, 8, 9\)'),
        (FEATURES, MASK[:, 0], 'dilated', r'got \(2, 8, 9\)'),
        (FEATURES[0], MASK, 'dilated', 'features must be a float tensor'),
        (FEATURES.long(), MASK, 'dilated', 'features must be a float tensor'),
        (FEATURES, MASK + float('nan'), 'mask', 'holds NaN'),
        (FEATURES, MASK.to('meta'), 'dilated', 'on the device of the features, cpu, got meta'),
        (FEATURES, MASK, 'ring', r"merge must be one of \('dilated', 'mask'\), got 'ring'"),
    ],
)
def test_errors(features, foreground, merge, sentence):
    with pytest.raises(ValueError, match=sentence):
        max_pool_inpainting(features, foreground, merge=merge)


def test_padding_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r'padding must have shape \(2, 1, 8, 9\)'):
        max_pool_inpainting(FEATURES, MASK, padding=MASK[..., :8])
