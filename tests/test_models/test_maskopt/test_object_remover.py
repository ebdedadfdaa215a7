"""The panoptic network, its mask and the inpainters: gradients, choices, joint training, errors."""

import copy
import math
from unittest import mock

import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import Resize as MmdetResize
from mmengine.structures import InstanceData

from seginpaint_mm.geometry.boxes import tight_boxes
from seginpaint_mm.interop import mmagic  # noqa: F401 (registers GANLoss)
from seginpaint_mm.models.maskopt.choosing import choose, overlaps
from seginpaint_mm.models.maskopt.segments import Segments, with_truth
from seginpaint_mm.registry import MODELS
from tests.helpers.maskopt_scenes import (
    NUM_CLASSES,
    THINGS,
    finding,
    image,
    optimizers,
    pairs,
    prepared,
    scenes,
    tiny_remover,
    tiny_selector,
)
from tests.helpers.model_tester import build_model

SIZE = (64, 64)


@pytest.mark.parametrize('kind', ['PanopticFPN', 'MaskRCNN'])
def test_a_training_step_moves_every_part(kind: str) -> None:
    model = build_model(tiny_remover(kind))
    before = copy.deepcopy(model)
    wrappers = optimizers(model)
    for _ in range(2):  # a ResNet's blocks begin as the identity, with factors of 0
        log = model.train_step(scenes(2), wrappers)
    assert all(math.isfinite(value) for value in log.values())
    assert {'selector.loss_expansion', 'selector.unmatched', 'selector.loss_mask'} <= set(log)
    assert ('selector.loss_seg' in log) == (kind == 'PanopticFPN')
    terms = [value.item() for name, value in log.items() if '.loss' in name]
    assert log['loss'].item() == pytest.approx(sum(terms), rel=1e-4)
    still = [
        name
        for name, weight in before.named_parameters()
        if torch.equal(model.get_parameter(name), weight)
    ]
    assert not still


def test_a_training_step_in_mixed_precision() -> None:
    model = build_model(tiny_remover())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        log = model.train_step(scenes(2), optimizers(model))
    assert all(math.isfinite(value) for value in log.values())


def test_features_are_float32_for_mmcvs_operators_though_the_backbone_is_not() -> None:
    selector = build_model(tiny_remover()).selector
    pictures = torch.rand(1, 3, *SIZE)
    exact = selector.look(pictures)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        features = selector.look(pictures)
    for found, expected in zip(features, exact, strict=True):
        assert found.dtype == torch.float32
        assert torch.equal(found, found.bfloat16().float())
        assert torch.allclose(found, expected, atol=0.1 * expected.abs().max().item())


def test_small_objects_are_no_truth_but_the_pasted_one_is() -> None:
    model = build_model(tiny_remover())
    samples = prepared(model, scenes(1))['data_samples']
    hole = samples[0].hole.data[0].bool()
    masks = torch.zeros(2, *SIZE, dtype=torch.bool)
    masks[0, -3:, -3:] = masks[1, :, -20:] = True
    masks[0] &= ~hole
    labels = torch.tensor([0, 0])
    samples[0].gt_instances = InstanceData(masks=masks, labels=labels, bboxes=tight_boxes(masks))
    for min_area, left in ((1, [0, 1]), (9, [0, 1]), (10, [1]), (10**4, [])):
        (truth,) = with_truth(samples, SIZE, model.selector.class_ids, min_area)
        expected = torch.stack([*(masks[number] & ~hole for number in left), hole])
        assert (truth.gt_instances.masks.masks == expected.numpy()).all()


@pytest.mark.parametrize('handover', ['soft', 'straight_through'])
def test_losses_of_the_image_and_of_the_mask_reach_the_backbone(handover: str) -> None:
    model = finding(tiny_remover(selector=tiny_selector(handover=handover)))
    batch = prepared(model, scenes(2))
    generated = model.generate(**batch)
    assert not generated['unmatched'].all(), 'nothing was found'
    first = model.selector.detector.backbone.conv1.weight
    for loss in ('image.loss_l1', 'selector.loss_expansion'):
        losses = model.generator_losses(generated, batch['data_samples'])
        (gradient,) = torch.autograd.grad(losses[loss], first, retain_graph=True)
        assert gradient.isfinite().all()
        assert gradient.any(), loss
    values = set(generated['mask'].detach().unique().tolist())
    assert (values <= {0.0, 1.0}) == (handover == 'straight_through')
    assert generated['probability'].shape == (2, 1, *SIZE)


def test_the_expansion_losss_gradient_enlarges_the_mask() -> None:
    """Along it the probabilities rise within the dilated truth and fall beyond."""
    model = finding(tiny_remover())
    batch = prepared(model, scenes(2))
    generated = model.generate(**batch)
    probability = generated['probability']
    loss = model.generator_losses(generated, batch['data_samples'])['selector.loss_expansion']
    (gradient,) = torch.autograd.grad(loss, probability)
    distance = torch.stack([sample.signed_distance.data for sample in batch['data_samples']])
    assert torch.equal(gradient < 0, distance < 0.03)
    assert ((gradient < 0) & (distance > 0)).any()


def test_masks_may_reach_beyond_their_boxes() -> None:
    masks = []
    for margin in (0.0, 0.2):
        model = finding(tiny_remover(selector=tiny_selector(box_margin=margin)))
        torch.nn.init.constant_(model.selector.detector.roi_head.mask_head.conv_logits.bias, 50.0)
        batch = prepared(model, scenes(2))
        pictures = model.denormalise(batch['inputs'])
        features = model.selector.look(pictures)
        found = model.selector.segments(pictures, features, batch['data_samples'])
        masks.append(torch.cat([segments.probabilities >= 0.5 for segments in found]))
    narrow, wide = masks
    assert len(narrow) > 0
    assert (wide | ~narrow).all()
    assert wide.sum() > narrow.sum()


def test_masks_are_trained_in_boxes_as_wide_as_they_are_used_in() -> None:
    regions = []
    for margin in (0.0, 0.2):
        model = build_model(tiny_remover(selector=tiny_selector(box_margin=margin)))
        batch = prepared(model, scenes(2))
        head = model.selector.detector.roi_head
        forward = type(head)._mask_forward

        def record(features, rois, head=head, forward=forward):
            regions.append(rois)
            return forward(head, features, rois)

        head._mask_forward = record
        pictures = model.denormalise(batch['inputs'])
        torch.manual_seed(0)  # which proposals are sampled
        losses = model.selector.loss(pictures, model.selector.look(pictures), batch['data_samples'])
        assert losses['loss_mask'] > 0
        assert 'mask_loss' not in vars(head), 'the head was left changed'
    narrow, wide = regions
    sides = 0.2 * (narrow[:, 3:] - narrow[:, 1:3])
    expected = torch.cat([narrow[:, 1:3] - sides, narrow[:, 3:] + sides], dim=1).clamp(0, SIZE[0])
    torch.testing.assert_close(wide, torch.cat([narrow[:, :1], expected], dim=1))


def test_the_network_looks_at_enlarged_pictures() -> None:
    """As at images that are that large, but its masks have the size that the images had."""
    model = finding(tiny_remover(selector=tiny_selector(upscale=2)))
    batch = prepared(model, scenes(2))
    pictures, samples = model.denormalise(batch['inputs']), batch['data_samples']
    selector = model.selector
    small = selector.segments(pictures, selector.look(pictures), samples)
    selector.upscale, selector.scale = 1, (2 * SIZE[0], 2 * SIZE[1])
    of_scale = selector.segments(pictures, selector.look(pictures), samples)
    for one, other in zip(small, of_scale, strict=True):
        torch.testing.assert_close(one.probabilities, other.probabilities)
    selector.scale = None
    large_pictures = torch.nn.functional.interpolate(pictures, scale_factor=2, mode='bilinear')
    large_samples = copy.deepcopy(samples)
    for sample in large_samples:
        sample.set_metainfo(dict(img_shape=(2 * SIZE[0], 2 * SIZE[1])))
    large = selector.segments(large_pictures, selector.look(large_pictures), large_samples)
    assert any(len(segments) for segments in small)
    for few, many in zip(small, large, strict=True):
        torch.testing.assert_close(few.scores, many.scores)
        halved = torch.nn.functional.avg_pool2d(many.probabilities, 2)
        assert few.probabilities.shape == halved.shape
        assert (few.probabilities - halved).abs().mean() < 0.02


def test_the_truth_of_enlarged_pictures() -> None:
    model = build_model(tiny_remover())
    samples = prepared(model, scenes(2))['data_samples']
    ids = model.selector.class_ids
    for small, large in zip(
        with_truth(samples, SIZE, ids),
        with_truth(samples, SIZE, ids, seen=(3 * SIZE[0], 3 * SIZE[1])),
        strict=True,
    ):
        assert large.batch_input_shape == (3 * SIZE[0], 3 * SIZE[1])
        torch.testing.assert_close(large.gt_instances.bboxes, 3 * small.gt_instances.bboxes)
        masks = torch.from_numpy(large.gt_instances.masks.masks)
        torch.testing.assert_close(tight_boxes(masks.bool()), large.gt_instances.bboxes)
        assert (masks[:, 1::3, 2::3].numpy() == small.gt_instances.masks.masks).all()
        assert (large.gt_sem_seg.sem_seg[:, ::3, 1::3] == small.gt_sem_seg.sem_seg).all()


@pytest.mark.parametrize(
    ('scale', 'size', 'seen'),
    [
        ((1333, 800), (256, 256), (800, 800)),
        ((800, 1333), (704, 1024), (800, 1152)),  # of 800 x 1163.6
        ((1333, 800), (480, 1600), (384, 1344)),  # the longer side is the limit: 400 x 1333
        ((1333, 800), (3008, 2016), (1184, 800)),
    ],
)
def test_the_network_looks_at_the_scale_it_was_trained_at(
    scale: tuple[int, int], size: tuple[int, int], seen: tuple[int, int]
) -> None:
    """As mmdet's Resize with this scale and keep_ratio, to multiples of 32."""
    selector = build_model(tiny_remover(selector=tiny_selector(scale=scale))).selector
    assert selector.seen_size(size) == seen
    picture = np.zeros((*size, 3), np.uint8)
    resized = MmdetResize(scale=scale, keep_ratio=True)(dict(img=picture))['img_shape']
    assert max(abs(a - b) for a, b in zip(resized, seen, strict=True)) <= 16


@pytest.mark.parametrize('way', [dict(upscale=2), dict(scale=(128, 96)), dict(scale=(999, 32))])
def test_a_training_step_with_resized_pictures(way: dict) -> None:
    model = build_model(tiny_remover(selector=tiny_selector(**way, box_margin=0.1)))
    log = model.train_step(scenes(2), optimizers(model))
    assert all(math.isfinite(value) for value in log.values())


def test_what_nothing_overlaps_is_trained_on_the_truth_and_counted() -> None:
    model = build_model(tiny_remover(selector=tiny_selector(score_threshold=1.1)))
    batch = prepared(model, scenes(2))
    losses = model(**batch, mode='loss')
    assert losses['selector.unmatched'] == 1
    generated = model.generate(**batch)
    assert torch.equal(generated['mask'], generated['hole'])
    sum(value for name, value in losses.items() if 'loss' in name).backward()


def test_terms_are_weighted_and_left_out_by_config() -> None:
    weights = dict(selector=0.5, edge=2.0, segmentation=0.0)
    losses = []
    for changes in ({}, dict(term_weights=weights, mask_expansion=None)):
        model = build_model(tiny_remover(**changes))
        torch.manual_seed(0)  # which proposals are sampled
        losses.append(model(**prepared(model, scenes(2)), mode='loss'))
    first, second = losses
    assert set(first) - set(second) == {'selector.loss_expansion'}
    for name, value in second.items():
        if not name.endswith(('loss_real', 'loss_fake', 'unmatched')):
            weight = weights.get(name.partition('.')[0], 1.0)
            torch.testing.assert_close(value, weight * first[name], rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="there is no term 'images'; use"):
        MODELS.build(tiny_remover(term_weights=dict(images=1.0)))


def test_frozen_parts() -> None:
    model = build_model(tiny_remover(frozen_parts=('selector', 'edge', 'edge_discriminator')))
    assert 'selector' not in model.parts()
    before = copy.deepcopy(model)
    log = model.train_step(scenes(2), optimizers(model))
    assert not any(name.startswith('selector.loss') for name in log)
    for name, weight in before.selector.named_parameters():
        assert torch.equal(model.selector.get_parameter(name), weight)


def test_the_panoptic_network_alone() -> None:
    stages = dict(edge=None, segmentation=None, image=None, mask_expansion=None)
    model = build_model(tiny_remover(**stages))
    assert set(model.parts()) == {'selector'}
    with mock.patch.object(model.selector, 'segments') as segments:
        log = model.train_step(scenes(2), optimizers(model))
    segments.assert_not_called()  # nothing would learn from the masks
    assert all(name.startswith(('selector', 'loss')) for name in log)


@pytest.mark.parametrize('size', [SIZE, (61, 70)])
def test_predictions(size: tuple[int, int]) -> None:
    model = build_model(tiny_remover()).eval()
    batch = pairs(2, size)
    with torch.no_grad():
        samples = model.val_step(copy.deepcopy(batch))
    for sample, picture in zip(samples, batch['inputs'], strict=True):
        mask = sample.pred_mask.data
        assert mask.shape == (1, *size)
        assert mask.dtype == torch.uint8
        outside = (mask == 0).expand(3, -1, -1)
        assert torch.equal(sample.pred_image.data[outside], picture.flip(0)[outside])
        assert sample.pred_sem_seg.data.shape == (1, *size)
        assert sample.pred_sem_seg.data.max() < NUM_CLASSES or 255 in sample.pred_sem_seg.data


@pytest.mark.parametrize(('has_classes', 'looks'), [(True, 1), (False, 0)])
def test_a_given_mask_is_looked_at_for_classes_alone(has_classes: bool, looks: int) -> None:
    config = tiny_remover()
    if not has_classes:
        config = tiny_remover(segmentation=None, image=image(cues=1))
    model = build_model(config).eval()
    batch = pairs(2, (10, 70))  # fewer rows than the networks take
    for sample in batch['data_samples']:
        sample.set_metainfo(dict(remove='hole'))
    with (
        torch.no_grad(),
        mock.patch.object(model.selector, 'look', wraps=model.selector.look) as look,
    ):
        samples = model.val_step(copy.deepcopy(batch))
    assert look.call_count == looks
    for sample, given in zip(samples, batch['data_samples'], strict=True):
        assert torch.equal(sample.pred_mask.data, given.hole.data)


def segments() -> Segments:
    """A cat above, a larger and surer cat on the left below, a dog on the right below."""
    probabilities = torch.zeros(3, 20, 30)
    probabilities[0, 2:6, 2:6] = 0.9
    probabilities[1, 10:18, 2:12] = 0.8
    probabilities[2, 10:18, 15:25] = 0.7
    return Segments(probabilities, torch.tensor([0, 0, 1]), torch.tensor([0.6, 0.9, 0.8]))


@pytest.mark.parametrize(
    ('request_', 'expected'),
    [
        ({'class': 'cat'}, [1]),
        ({'all': 'cat'}, [0, 1]),
        ({'all': ['cat', 'dog']}, [0, 1, 2]),
        ({'click': (3, 4)}, [0]),
        ({'click': [(3, 4), (16, 11)]}, [0, 2]),
        ({'box': (1, 9, 13, 19)}, [1]),
        ({'box': (4, 12, 8, 16)}, [1]),  # in the middle of one
        ({'box': (0, 0, 30, 9)}, [0]),  # far around one
        ({'id': 3}, [2]),
        ({'id': [3, 1]}, [0, 2]),
    ],
)
def test_choices(request_: dict, expected: list[int]) -> None:
    assert choose(segments(), request_, THINGS, 'a.png').tolist() == expected


@pytest.mark.parametrize(
    ('request_', 'sentence'),
    [
        ({'class': 'horse'}, r"a\.png: there is no class 'horse'; known are cat, dog\."),
        ({'all': ['cat', 'dgo']}, r"a\.png: there is no class 'dgo'; did you mean 'dog'\?"),
        ({'click': (29, 0)}, r'a.png: nothing was found at the click at \(29, 0\)'),
        ({'click': (30, 0)}, r'the click at \(30, 0\) is outside its 30x20 pixels'),
        ({'box': (26, 0, 30, 5)}, r'nothing was found in the box \(26, 0, 30, 5\)'),
        ({'box': (11, 17, 16, 20)}, 'nothing was found in the box'),  # a pixel of each
        ({'id': 0}, r'there is no object 0, counted from 1; there are 2 cat, 1 dog\.'),
        ({'id': 4}, r'there is no object 4, counted from 1; there are 2 cat, 1 dog\.'),
        ({'name': 'cat'}, 'must be one of class, all, click, box, id, not'),
    ],
)
def test_choices_of_nothing(request_: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        choose(segments(), request_, THINGS, 'a.png')


def test_no_such_object_in_the_picture() -> None:
    cats = segments().keep(torch.tensor([0, 1]))
    with pytest.raises(ValueError, match=r'a\.png: no dog was found; there are 2 cat\.'):
        choose(cats, {'class': 'dog'}, THINGS, 'a.png')
    nothing = segments().keep(torch.tensor([], dtype=torch.int64))
    for request_, sentence in (
        ({'all': 'dog'}, 'there are no objects'),
        ({'click': (3, 4)}, 'nothing was found at the click'),
        ({'box': (0, 0, 9, 9)}, 'nothing was found in the box'),
        ({'id': 1}, 'there are no objects'),
    ):
        with pytest.raises(ValueError, match=sentence):
            choose(nothing, request_, THINGS, 'a.png')


@pytest.mark.parametrize(
    ('request_', 'sentence'),
    [
        ({'class': []}, "'class' needs one or more, not \\[\\]"),
        ({'click': []}, "'click' needs one or more, each of 2 numbers, not \\[\\]"),
        ({'box': (1, 2, 3)}, "'box' needs one or more, each of 4 numbers, not \\(1, 2, 3\\)"),
    ],
)
def test_incomplete_requests(request_: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=f'a.png: {sentence}'):
        choose(segments(), request_, THINGS, 'a.png')


def test_overlap_is_intersection_over_union() -> None:
    mask = torch.zeros(20, 30, dtype=torch.bool)
    mask[10:18, 2:7] = True
    torch.testing.assert_close(overlaps(segments(), mask), torch.tensor([0.0, 0.5, 0.0]))


def test_the_share_that_is_covered_prefers_a_large_segment() -> None:
    """The paper's "largest overlap", read literally."""
    hole = torch.zeros(1, 1, 20, 30, dtype=torch.bool)
    hole[..., 4:8, 4:9] = True
    probabilities = torch.zeros(2, 20, 30)
    probabilities[0, 4:8, 4:8] = 1  # all but a column of it, and nothing else
    probabilities[1, 2:18, 2:28] = 1
    both = Segments(probabilities, torch.tensor([0, 0]), torch.tensor([0.9, 0.9]))
    torch.testing.assert_close(overlaps(both, hole[0, 0], 'covered'), torch.tensor([0.8, 1.0]))
    for measure, chosen in (('iou', 0), ('covered', 1)):
        selector = MODELS.build(tiny_remover()['selector'] | dict(overlap=measure))
        probability, _ = selector.select_by_overlap([both], hole)
        assert torch.equal(probability[0, 0], probabilities[chosen])
    with pytest.raises(ValueError, match="overlap must be one of .*, not 'union'"):
        MODELS.build(tiny_remover()['selector'] | dict(overlap='union'))


@pytest.mark.parametrize(('least', 'found'), [(0.0, True), (0.1, False)])
def test_one_common_pixel_is_a_match_only_without_a_threshold(least: float, found: bool) -> None:
    selector = tiny_remover()['selector'] | dict(min_overlap=least)
    selector = MODELS.build(selector)
    hole = torch.zeros(1, 1, 20, 30, dtype=torch.bool)
    hole[0, 0, 10:18, 11] = True  # a column of the second one, which has ten
    hole[0, 0, 0:9, 14] = True
    probability, unmatched = selector.select_by_overlap([segments()], hole)
    assert unmatched.tolist() == [not found]
    expected = segments().probabilities[1] if found else hole[0, 0].float()
    torch.testing.assert_close(probability[0, 0], expected)
    with pytest.raises(ValueError, match='min_overlap must be from 0 to below 1, not 1'):
        MODELS.build(tiny_remover()['selector'] | dict(min_overlap=1))


def test_requests_of_a_sample() -> None:
    model = build_model(tiny_remover()).eval()
    batch = pairs(1, SIZE)
    batch['data_samples'][0].set_metainfo(dict(remove={'id': 99}))
    with pytest.raises(ValueError, match=r'0\.png: there is no object 99'):
        model.val_step(copy.deepcopy(batch))
    del batch['data_samples'][0].hole
    batch['data_samples'][0].set_metainfo(dict(remove=None))
    with pytest.raises(ValueError, match='what is to be removed'):
        model.val_step(copy.deepcopy(batch))


def test_what_is_missing_is_told() -> None:
    model = build_model(tiny_remover())
    batch = prepared(model, scenes(1))
    del batch['data_samples'][0].signed_distance
    with pytest.raises(ValueError, match='needs a signed_distance, which a sample of the batch'):
        model(**batch, mode='loss')
    batch = prepared(model, scenes(1))
    batch['data_samples'][0].set_metainfo(dict(removed_labels=[0, 1]))
    with pytest.raises(ValueError, match=r'one pasted object .* whose removed_labels are \[0, 1\]'):
        model(**batch, mode='loss')
    del batch['data_samples'][0].gt_instances
    with pytest.raises(ValueError, match="learns from gt_instances, .*dict.type='LoadPair', inst"):
        model(**batch, mode='loss')
    with pytest.raises(ValueError, match="handover must be one of .*, not 'hard'"):
        MODELS.build(tiny_selector(handover='hard'))
    with pytest.raises(ValueError, match='box_margin must be 0 or more, not -0.1'):
        MODELS.build(tiny_selector(box_margin=-0.1))
    with pytest.raises(ValueError, match='upscale must be 1 or more, not 0'):
        MODELS.build(tiny_selector(upscale=0))
    with pytest.raises(ValueError, match='scale must be two sides of 32 or more, and without up'):
        MODELS.build(tiny_selector(upscale=2, scale=(1333, 800)))
    with pytest.raises(ValueError, match='2 things have 1 class_ids'):
        MODELS.build(tiny_selector(class_ids=(1,)))
