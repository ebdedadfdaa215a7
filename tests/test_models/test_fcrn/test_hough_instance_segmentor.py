"""The whole segmentor: trains its net, predicts on batches, refuses parts that do not fit."""

import copy
import re

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor, nn

from seginpaint_mm.models.fcrn import BoxCoder, HoughInstanceSegmentor, map_points
from seginpaint_mm.registry import MODELS
from tests.helpers.instance_scenes import instance_sample, instances_of, rectangles

THINGS = (1, 4)
CODER = dict(type='BoxCoder', offset_scale=16.0, size_scale=16.0)
MODEL = dict(
    type='HoughInstanceSegmentor',
    data_preprocessor=dict(type='SceneDataPreprocessor', pad_size_divisor=8),
    semantic=dict(type='TrueScores', num_classes=5),
    backbone=dict(type='StagedResNet', depth=18),
    localization_head=dict(
        type='LocalizationHead', in_channels=512, num_things=2, box_coder=CODER, dilation=2
    ),
    instance_head=dict(type='HoughInstanceHead', thing_ids=THINGS, box_coder=CODER, min_pixels=1),
)
SHARED = dict(
    type='SharedScores',
    decode_head=dict(type='FCRNHead', in_channels=512, num_classes=5, dilation=2),
)


def build(seed: int = 0, **changes: dict) -> HoughInstanceSegmentor:
    config = copy.deepcopy({**MODEL, **changes})
    torch.manual_seed(seed)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return MODELS.build(ConfigDict(config))


def batch(*sizes: tuple[int, int], num_objects: int = 4) -> dict:
    samples = [
        instance_sample(*rectangles(size, num_objects, 2, seed), THINGS)
        for seed, size in enumerate(sizes)
    ]
    generator = torch.Generator().manual_seed(0)
    images = [torch.randint(0, 256, (3, *size), generator=generator).byte() for size in sizes]
    return dict(inputs=images, data_samples=samples)


@pytest.mark.parametrize('semantic', [MODEL['semantic'], SHARED])
def test_every_parameter_is_trained(semantic: dict) -> None:
    model = build(semantic=semantic).train()
    data = model.data_preprocessor(batch((40, 48), (33, 48)), training=True)
    losses = model(**data, mode='loss')
    total, logged = model.parse_losses(losses)
    total.backward()
    assert torch.isfinite(total)
    assert {'localization.loss_box', 'localization.box_iou'} <= set(logged)
    assert ('semantic.loss_ce' in logged) == (semantic is SHARED)
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, f'{name} has no gradient'


@pytest.mark.parametrize('semantic', [MODEL['semantic'], SHARED])
def test_predictions_have_each_pictures_own_size(semantic: dict) -> None:
    model = build(semantic=semantic).eval()
    sizes = [(40, 48), (33, 20), (1, 1)]
    data = model.data_preprocessor(batch(*sizes, num_objects=0), training=False)
    for sample, size in zip(model(**data, mode='predict'), sizes, strict=True):
        assert sample.pred_instances.masks.shape[1:] == size
        assert sample.pred_sem_seg.data.shape == (1, *size)
        assert sample.pred_sem_seg.data.dtype == torch.int64
        assert sample.pred_sem_seg.data.max() < 5


def test_a_picture_does_not_depend_on_the_rest_of_its_batch() -> None:
    model = build().eval()
    alone, beside = batch((40, 48)), batch((40, 48), (40, 48))
    maps = [
        model(**model.data_preprocessor(data, training=False), mode='tensor')[1][0]
        for data in (alone, beside)
    ]
    assert torch.allclose(*maps, atol=1e-4)


@pytest.mark.parametrize('semantic', [MODEL['semantic'], SHARED])
def test_a_picture_does_not_depend_on_larger_ones_beside_it(semantic: dict) -> None:
    model = build(semantic=semantic).eval()
    small, large = (21, 30), (40, 48)
    alone, beside = batch(small), batch(small, large, small)
    for name in ('inputs', 'data_samples'):
        beside[name][0] = alone[name][0]
    (expected,) = model(**model.data_preprocessor(alone, training=False), mode='predict')
    found = model(**model.data_preprocessor(beside, training=False), mode='predict')[0]
    assert torch.equal(found.pred_sem_seg.data, expected.pred_sem_seg.data)
    assert torch.equal(found.pred_instances.masks, expected.pred_instances.masks)


def test_instances_are_those_of_the_enlarged_maps() -> None:
    """Maps are enlarged only where pixels vote; enlarging all of them gives the same instances."""
    model = build(semantic=MODEL['semantic']).eval()
    model.localization_head.loss_resolution = 'label'  # else maps are continued beside objects
    model.instance_head.ties = 'order'  # the distance of equal votes would differ by rounding
    data = model.data_preprocessor(batch((40, 48), (40, 48)), training=False)
    scores, maps = model(**data, mode='tensor')
    enlarged = model.localization_head.upsample(maps, (40, 48))
    predicted = model(**data, mode='predict')
    assert sum(len(sample.pred_instances) for sample in predicted) > 0
    for sample, of_scores, of_maps in zip(predicted, scores, enlarged, strict=True):
        expected = model.instance_head.predict(of_scores, of_maps)
        assert as_set(sample.pred_instances) == as_set(expected)


def test_tensor_mode_gives_scores_and_maps() -> None:
    model = build(semantic=SHARED).eval()
    scores, maps = model(torch.zeros(2, 3, 24, 32))
    assert scores.shape == (2, 5, 24, 32)
    assert torch.allclose(scores.sum(1), torch.ones(2, 24, 32), atol=1e-5)
    assert maps.shape == (2, 8, 3, 4)
    with pytest.raises(ValueError, match="mode must be 'loss', 'predict' or 'tensor', got 'test'"):
        model(torch.zeros(1, 3, 8, 8), mode='test')


class FixedMaps(nn.Module):
    """Says the truth: maps at stride 1, right for each pixel's instance, wild elsewhere."""

    def __init__(self, samples: list, size: tuple[int, int], coder: BoxCoder) -> None:
        super().__init__()
        points = map_points(size)
        self.maps = torch.full((len(samples), len(THINGS), 4, *size), 3.0)
        for maps, sample in zip(self.maps, samples, strict=True):
            found = sample.gt_instances
            height, width = found.masks.shape[1:]
            for mask, label, box in zip(found.masks, found.labels, found.bboxes, strict=True):
                encoded = coder.encode(points, box.expand(*size, 4)).movedim(-1, 0)
                maps[label, :, :height, :width][:, mask] = encoded[:, :height, :width][:, mask]

    def forward(self, features: Tensor) -> Tensor:
        return self.maps.flatten(1, 2)


def as_set(instances: InstanceData) -> set[tuple]:
    masks = (mask.numpy().tobytes() for mask in instances.masks)
    return set(
        zip(instances.labels.tolist(), map(tuple, instances.bboxes.tolist()), masks, strict=True)
    )


@pytest.mark.parametrize('size', [(24, 40), (17, 33)])
def test_true_classes_and_true_boxes_give_the_true_instances(size: tuple[int, int]) -> None:
    model = build(localization_head=dict(MODEL['localization_head'], stride=1, in_channels=3))
    data = batch(size, size)
    for sample in data['data_samples']:
        sample.gt_sem_seg.data[0, :2] = 255  # ignored: in no instance
        masks = sample.gt_instances.masks
        masks[:, :2] = False
        seen = masks.flatten(1).any(1)
        labels = sample.gt_instances.labels[seen].tolist()
        sample.gt_instances = instances_of(masks[seen].numpy(), labels)
    data = model.data_preprocessor(data, training=False)
    truth = FixedMaps(data['data_samples'], (24, 40), model.localization_head.box_coder)
    model.backbone, model.localization_head.classifier = nn.Identity(), truth
    for sample in model.eval()(**data, mode='predict'):
        assert len(sample.gt_instances) >= 2
        assert as_set(sample.pred_instances) == as_set(sample.gt_instances)
        assert (sample.pred_instances.scores == 1).all()


@pytest.mark.parametrize(
    ('changes', 'sentence'),
    [
        (
            dict(semantic=dict(type='TrueScores', num_classes=4)),
            'The semantic scores are of 4 classes, 0 to 3, but thing_ids has 4: combine',
        ),
        (
            dict(localization_head=dict(MODEL['localization_head'], num_things=20)),
            'gives boxes of 20 things, the instance head has 2 thing_ids: set',
        ),
        (
            dict(
                localization_head=dict(MODEL['localization_head'], box_coder={'type': 'BoxCoder'})
            ),
            'The localisation head encodes boxes with BoxCoder(offset_scale=64.0, size_scale=64.0',
        ),
    ],
)
def test_parts_that_do_not_fit_are_told(changes: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        build(**changes)


def test_fewer_scores_than_promised_are_told() -> None:
    model = build().eval()
    model.semantic.forward = lambda images, samples, features: torch.ones(len(images), 3, 40, 48)
    data = model.data_preprocessor(batch((40, 48)), training=False)
    with pytest.raises(ValueError, match='of 3 classes, 0 to 2, but thing_ids has 4'):
        model(**data, mode='predict')


def test_a_training_without_any_instance_has_no_nan() -> None:
    model = build().train()
    empty = instance_sample(np.zeros((0, 32, 32), bool), [], THINGS)
    data = dict(inputs=torch.zeros(2, 3, 32, 32).byte(), data_samples=[empty, empty])
    losses = model(**model.data_preprocessor(data, training=True), mode='loss')
    losses['localization.loss_box'].backward()
    assert losses['localization.loss_box'] == 0
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
