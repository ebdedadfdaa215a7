"""The head learns boxes, alone or beside a semantic head; its maps are enlarged exactly."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import DefaultScope

from seginpaint_mm.models.fcrn import BoxCoder, LocalizationHead, map_points
from seginpaint_mm.registry import MODELS
from tests.helpers.instance_scenes import instance_sample, rectangles

THINGS = (11, 12)
CODER = dict(type='BoxCoder', offset_scale=16.0, size_scale=16.0)


def head(**changes: object) -> LocalizationHead:
    torch.manual_seed(0)
    small = dict(in_channels=6, num_things=2, box_coder=CODER, kernel_size=3, dilation=1, stride=4)
    return LocalizationHead(**{**small, **changes})


def batch(size: tuple[int, int] = (24, 32), num: int = 2):
    samples = [instance_sample(*rectangles(size, 4, 2, seed), THINGS) for seed in range(num)]
    features = torch.rand(num, 6, math.ceil(size[0] / 4), math.ceil(size[1] / 4))
    return (features,), samples


def true_maps(module: LocalizationHead, sample) -> torch.Tensor:
    """1,4T,h,w: right on every pixel of the map that lies on an instance, wild elsewhere."""
    height, width = sample.gt_sem_seg.shape
    points = map_points((height // module.stride, width // module.stride), module.stride)
    maps = torch.full((*points.shape[:2], 2, 4), 77.0)
    instances = sample.gt_instances
    for mask, label, box in zip(instances.masks, instances.labels, instances.bboxes, strict=True):
        middle = module.stride // 2
        seen = mask[middle :: module.stride, middle :: module.stride]
        encoded = module.box_coder.encode(points, box.expand(*points.shape[:2], 4))
        maps[:, :, label][seen] = encoded[seen]
    return maps.flatten(2).permute(2, 0, 1)[None]


def test_true_maps_cost_nothing() -> None:
    module, (_, samples) = head(), batch(num=1)
    losses = module.loss_by_feat(true_maps(module, samples[0]), samples)
    assert losses['loss_box'].item() == pytest.approx(0, abs=1e-6)
    assert losses['box_iou'].item() == pytest.approx(1, abs=1e-4)


def test_an_object_between_the_pixels_of_the_map_counts_at_the_pictures_resolution() -> None:
    masks = np.zeros((1, 8, 8), dtype=bool)
    masks[0, 3:5, 0:2] = True
    samples = [instance_sample(masks, [0], THINGS)]
    maps = torch.zeros(1, 8, 2, 2)
    at_maps = head().loss_by_feat(maps, samples)
    at_picture = head(loss_resolution='label').loss_by_feat(maps, samples)
    assert at_maps['loss_box'] == 0 < at_picture['loss_box']
    assert at_picture['box_iou'] > 0


@pytest.mark.parametrize('channel', range(4))
def test_each_channel_counts_only_where_its_thing_is(channel: int) -> None:
    module = head(loss_box=dict(type='BootstrappedBoxLoss', num_pixels=None))
    masks = np.zeros((1, 8, 8), dtype=bool)
    masks[0, :, 4:] = True
    sample = instance_sample(masks, [1], THINGS)
    maps = true_maps(module, sample)
    maps[0, 4 + channel] += 1
    maps.requires_grad_()
    module.loss_by_feat(maps, [sample])['loss_box'].backward()
    where = maps.grad[0].nonzero().tolist()
    assert where == [[4 + channel, 0, 1], [4 + channel, 1, 1]]


@pytest.mark.parametrize(('normalize', 'ratio'), [(False, 1), (True, 3)])
def test_an_offset_may_be_measured_in_the_objects_size(normalize: bool, ratio: int) -> None:
    """An error of 2 pixels of an object three times as small costs three times as much."""
    costs = []
    for side in (8, 24):
        masks = np.zeros((1, 24, 24), dtype=bool)
        masks[0, :side, :side] = True
        sample = instance_sample(masks, [0], THINGS)
        loss = dict(type='BootstrappedBoxLoss', num_pixels=None, beta=1e-6)
        module = head(normalize_by_box=normalize, weighting='uniform', loss_box=loss)
        maps = true_maps(module, sample)
        maps[0, 0] += 2 / 16
        costs.append(module.loss_by_feat(maps, [sample])['loss_box'].item())
    assert costs[0] == pytest.approx(ratio * costs[1], rel=1e-3)


@pytest.mark.parametrize(
    ('resolution', 'num_pixels', 'reached'),
    [
        ('prediction', 8, 0.8),
        ('label', 128, 0.6),  # between two instances enlarged maps cannot be right
    ],
)
def test_learns_the_boxes_of_a_picture(resolution: str, num_pixels: int, reached: float) -> None:
    module = head(
        loss_resolution=resolution,
        loss_box=dict(type='BootstrappedBoxLoss', num_pixels=num_pixels),
        hidden_channels=(32,),
    )
    features, samples = batch(num=1)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    before = module.loss(features, samples)['box_iou'].item()
    for _ in range(80):
        optimiser.zero_grad()
        module.loss(features, samples)['loss_box'].backward()
        optimiser.step()
    assert module.loss(features, samples)['box_iou'].item() > reached > before


@pytest.mark.parametrize('weighting', ['uniform', 'inverse_sqrt_area'])
def test_pictures_without_instances_teach_nothing(weighting: str) -> None:
    module = head(weighting=weighting)
    sample = instance_sample(np.zeros((0, 24, 32), dtype=bool), [], THINGS)
    features, _ = batch()
    losses = module.loss(features, [sample, sample])
    losses['loss_box'].backward()
    assert losses['loss_box'] == losses['box_iou'] == 0
    assert all(not parameter.grad.any() for parameter in module.parameters())


def test_weighting_favours_small_instances() -> None:
    masks = np.zeros((2, 24, 32), dtype=bool)
    masks[0, :8, :8] = masks[1, :, 12:] = True
    sample = instance_sample(masks, [0, 1], THINGS)
    shares = []
    for weighting in ('uniform', 'inverse_sqrt_area'):
        module = head(weighting=weighting, loss_box=dict(type='BootstrappedBoxLoss'))
        maps = (true_maps(module, sample) + 0.1).requires_grad_()
        module.loss_by_feat(maps, [sample])['loss_box'].backward()
        per_thing = maps.grad.abs().unflatten(1, (2, 4)).sum((0, 2, 3, 4))
        shares.append(float(per_thing[0] / per_thing.sum()))
    assert shares[0] < shares[1]


def test_trains_in_half_precision() -> None:
    module, (features, samples) = head(), batch()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = module.loss(features, samples)
    assert losses['loss_box'].dtype == torch.float32
    losses['loss_box'].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in module.parameters())


@pytest.mark.parametrize('stride', [1, 2, 4, 8])
@pytest.mark.parametrize('size', [(24, 32), (21, 30)])
def test_a_box_seen_by_all_pixels_is_enlarged_exactly(stride: int, size: tuple[int, int]) -> None:
    module = head(stride=stride)
    box = torch.tensor([3.0, 5.0, 25.0, 17.0])
    coarse = (math.ceil(size[0] / stride), math.ceil(size[1] / stride))
    points, fine_points = map_points(coarse, stride), map_points(size)
    encoded = module.box_coder.encode(points, box.expand(*coarse, 4))
    maps = encoded.permute(2, 0, 1).repeat(2, 1, 1)[None]
    enlarged = module.upsample(maps.half(), size)
    assert enlarged.dtype == torch.float32
    assert enlarged.shape == (1, 8, *size)
    for deltas in module.upsample(maps, size)[0].unflatten(0, (2, 4)):
        boxes = module.box_coder.decode(fine_points, deltas.permute(1, 2, 0))
        assert torch.allclose(boxes, box.expand_as(boxes), atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    stride=st.sampled_from([1, 2, 3, 8]),
    cut=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    seed=st.integers(0, 99),
)
def test_maps_enlarged_where_they_are_read(size, stride, cut, dtype, seed) -> None:
    """They are what enlarging all of them gives, also of an image smaller than its batch."""
    module = head(stride=stride)
    generator = torch.Generator().manual_seed(seed)
    coarse = [math.ceil(length / stride) for length in size]
    maps = (8 * torch.randn(1, 8, *coarse, generator=generator)).to(dtype)
    small = tuple(max(1, length - less) for length, less in zip(size, cut, strict=True))
    expected = module.upsample(maps, size)[0, :, : small[0], : small[1]]
    lazy = module.enlarged(maps[0], small)
    assert lazy.shape == expected.shape
    assert len(lazy) == 8
    pixels = torch.randint(small[0] * small[1], (20,), generator=generator)
    rows, columns = pixels // small[1], pixels % small[1]
    for thing in range(2):
        found = lazy.read(thing, rows, columns)
        assert found.dtype == torch.float32
        of_thing = expected[4 * thing : 4 * thing + 4, rows, columns].T
        torch.testing.assert_close(found, of_thing, rtol=1e-5, atol=1e-4)


def test_beside_an_object_the_maps_continue_what_they_say_on_it() -> None:
    """Only what is trained is read: predictions in whose middle the object is."""
    masks = np.zeros((2, 20, 24), dtype=bool)
    masks[0, 1:9, 1:11] = masks[1, 12:20, 13:24] = True
    sample = instance_sample(masks, [0, 1], THINGS)
    for resolution, exact in (('prediction', True), ('label', False)):
        module = head(loss_resolution=resolution)
        maps = module.enlarged(true_maps(module, sample)[0], (20, 24))
        for label, mask in enumerate(sample.gt_instances.masks):
            rows, columns = mask.nonzero(as_tuple=True)
            points = torch.stack((columns, rows), 1) + 0.5
            boxes = module.box_coder.decode(points, maps.read_object(label, rows, columns))
            expected = sample.gt_instances.bboxes[label].expand_as(boxes)
            assert torch.allclose(boxes, expected, atol=1e-3) == exact


def test_an_object_between_the_pixels_of_the_map_is_read_as_it_is() -> None:
    module = head(loss_resolution='prediction')
    maps = module.enlarged(torch.rand(8, 4, 4), (16, 16))
    pixels = torch.tensor([0, 1]), torch.tensor([3, 3])
    assert torch.equal(maps.read_object(1, *pixels), maps.read(1, *pixels))


def test_the_loss_at_the_labels_is_that_of_the_enlarged_maps() -> None:
    """It reads them only where instances are; value and gradients are those of all maps."""
    module, (features, samples) = head(loss_resolution='label'), batch()
    maps = module(features)
    found = module.loss_by_feat(maps, samples)
    (gradient,) = torch.autograd.grad(found['loss_box'], maps, retain_graph=True)
    enlarged = module.upsample(maps, (24, 32))
    expected = head(stride=1).loss_by_feat(enlarged, samples)
    (expected_gradient,) = torch.autograd.grad(expected['loss_box'], maps)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-4, atol=1e-6)


def test_offsets_are_not_rounded_in_mixed_precision() -> None:
    module = head(hidden_channels=(5,))
    with torch.no_grad():
        module.classifier.conv.bias.fill_(7.01)  # bfloat16 has 7.0 and 7.03125
        module.classifier.conv.weight.zero_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        maps = module((torch.rand(1, 6, 6, 8),))
    assert maps.dtype == torch.float32
    torch.testing.assert_close(maps, torch.full_like(maps, 7.01))


def test_is_an_auxiliary_head_of_an_mmseg_segmentor() -> None:
    torch.manual_seed(0)
    config = dict(
        type='mmseg.EncoderDecoder',
        data_preprocessor=dict(type='SceneDataPreprocessor', pad_size_divisor=8),
        backbone=dict(type='StagedResNet', depth=18),
        decode_head=dict(
            type='mmseg.FCNHead',
            in_channels=512,
            in_index=0,
            channels=8,
            num_classes=13,
            loss_decode=dict(type='mmseg.CrossEntropyLoss'),
        ),
        auxiliary_head=dict(
            type='LocalizationHead', in_channels=512, num_things=2, box_coder=CODER, dilation=2
        ),
        test_cfg=dict(mode='whole'),
    )
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        model = MODELS.build(config)
    _, samples = batch((32, 48))
    data = dict(inputs=torch.randint(0, 255, (2, 3, 32, 48)).byte(), data_samples=samples)
    losses = model(**model.data_preprocessor(data, training=True), mode='loss')
    assert {'aux.loss_box', 'aux.box_iou', 'decode.loss_ce'} <= set(losses)
    losses['aux.loss_box'].backward()
    assert model.backbone.conv1.weight.grad.abs().sum() > 0


def test_another_stride_than_the_backbones_is_told() -> None:
    module, (features, samples) = head(stride=8), batch()
    with pytest.raises(ValueError, match="at stride 8 they are .*: set the localisation head's"):
        module.loss(features, samples)
    with pytest.raises(ValueError, match='at stride 8 they are'):
        module.upsample(torch.zeros(1, 8, 6, 8), (24, 32))


@pytest.mark.parametrize('name', ['weighting', 'loss_resolution'])
def test_unknown_words_are_told(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be one of .*, not 'area'"):
        head(**{name: 'area'})


def test_the_coder_may_be_linear() -> None:
    module = head(box_coder=dict(CODER, size='linear'))
    assert module.box_coder == BoxCoder(offset_scale=16.0, size_scale=16.0, size='linear')
    _, samples = batch(num=1)
    losses = module.loss_by_feat(true_maps(module, samples[0]), samples)
    assert losses['loss_box'].item() == pytest.approx(0, abs=1e-6)
