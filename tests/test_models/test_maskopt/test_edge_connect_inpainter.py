"""The three inpainters alone, in a row and jointly: losses, gradients, predictions, errors."""

import copy
import math
from pathlib import Path

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData

from seginpaint_mm.engine import PartOptimWrappers
from seginpaint_mm.interop import mmagic  # noqa: F401 (registers GANLoss)
from seginpaint_mm.models.maskopt import EdgeConnectInpainter
from seginpaint_mm.models.maskopt.stages import one_hot, probabilities
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from tests.helpers.maskopt_scenes import (
    NUM_CLASSES,
    edge,
    image,
    pairs,
    segmentation,
    tiny_inpainter,
)
from tests.helpers.model_tester import build_model

EDGE = dict(segmentation=None, image=None)
SEGMENTATION = dict(edge=None, image=None)
IMAGE = dict(edge=None, segmentation=None, segmentation_cue=NUM_CLASSES)
PLAIN = dict(segmentation=None, image=image(cues=1))
ROLES = dict(edge=EDGE, segmentation=SEGMENTATION, image=IMAGE, plain=PLAIN, all={})


def optimizers(model: EdgeConnectInpainter) -> PartOptimWrappers:
    adam = dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0.0, 0.9)))
    parts = dict.fromkeys(model.parts(), adam)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return build_optim_wrapper(model, dict(constructor='PartOptimWrapperConstructor', **parts))


def losses_of(model: EdgeConnectInpainter, batch: dict) -> dict[str, torch.Tensor]:
    batch = model.data_preprocessor(copy.deepcopy(batch), training=True)
    return model(**batch, mode='loss')


def predicted(model: EdgeConnectInpainter, batch: dict) -> list:
    with torch.no_grad():
        return model.eval().val_step(copy.deepcopy(batch))


@pytest.mark.parametrize('changes', ROLES.values(), ids=ROLES)
def test_a_training_step_moves_every_part(changes: dict) -> None:
    model = build_model(tiny_inpainter(**changes))
    before = copy.deepcopy(model)
    log = model.train_step(pairs(2), optimizers(model))
    assert all(math.isfinite(value) for value in log.values())
    for name, weight in before.named_parameters():
        assert not torch.equal(model.get_parameter(name), weight), f'{name} has not moved'
    expected = {'loss'}
    for stage in model.stages:
        assert {stage, f'{stage}_discriminator'} <= set(model.parts())
        of_stage = dict(edge='feature', segmentation='classes', image='l1')[stage]
        expected |= {f'{stage}.loss_gan', f'{stage}.loss_{of_stage}'}
        expected |= {f'{stage}_discriminator.loss_{kind}' for kind in ('real', 'fake')}
    assert set(log) == expected


def test_losses_of_features() -> None:
    model = build_model(tiny_inpainter(**IMAGE | dict(image=image(features=True))))
    losses = losses_of(model, pairs(2))
    assert {'image.loss_perceptual', 'image.loss_style'} <= set(losses)
    assert losses['image.loss_style'] > 0
    with pytest.raises(ValueError, match='compare perceptual_features: give them together'):
        MODELS.build(tiny_inpainter(image=dict(image(), loss_style=image(True)['loss_gan'])))


@pytest.mark.parametrize('joint', [False, True])
def test_the_images_loss_reaches_the_stages_before_where_they_are_joint(joint: bool) -> None:
    model = build_model(tiny_inpainter(joint=joint))
    losses_of(model, pairs(2))['image.loss_l1'].backward()
    for name in ('edge', 'segmentation'):
        weights = model.stages[name].generator.parameters()
        assert any(w.grad is not None and w.grad.any() for w in weights) == joint
    assert all(w.grad is None for w in model.stages['edge'].discriminator.parameters())


def test_frozen_parts_do_not_move_and_have_no_optimiser() -> None:
    frozen = ('edge', 'edge_discriminator', 'segmentation', 'segmentation_discriminator')
    model = build_model(tiny_inpainter(frozen_parts=frozen))
    assert set(model.parts()) == {'image', 'image_discriminator'}
    before = copy.deepcopy(model)
    log = model.train_step(pairs(2), optimizers(model))
    assert not any(name.startswith(('edge', 'segmentation')) for name in log)
    for name, weight in before.stages['edge'].named_parameters():
        assert torch.equal(model.stages['edge'].get_parameter(name), weight)
    with pytest.raises(ValueError, match="no part 'edges'; use edge, segmentation, image, edge_d"):
        MODELS.build(tiny_inpainter(frozen_parts=('edges',)))


@pytest.mark.parametrize('size', [(32, 48), (33, 47)])
@pytest.mark.parametrize('changes', ROLES.values(), ids=ROLES)
def test_predictions(changes: dict, size: tuple[int, int]) -> None:
    model, batch = build_model(tiny_inpainter(**changes)), pairs(2, size)
    for given in batch['data_samples']:
        given.gt_sem_seg.data[:, :2] = 255  # pixels of no class stay so
    for sample, picture, given in zip(
        predicted(model, batch), batch['inputs'], batch['data_samples'], strict=True
    ):
        hole = given.hole.data.bool()
        if 'image' in model.stages:
            found = sample.pred_image.data
            assert found.dtype == torch.uint8
            outside = ~hole.expand_as(found)
            assert torch.equal(found[outside], picture.flip(0)[outside]), 'not bit for bit'
            assert (found != picture.flip(0)).any()
        if 'edge' in model.stages:
            assert sample.pred_edges.data.shape == (1, *size)
            assert 0 <= sample.pred_edges.data.min() <= sample.pred_edges.data.max() <= 1
        if 'segmentation' in model.stages:
            found = sample.pred_sem_seg.data
            assert torch.equal(found[~hole], given.gt_sem_seg.data[~hole])
            assert found.shape == (1, *size)


@pytest.mark.parametrize('size', [(1, 10), (8, 100)])
def test_pictures_smaller_than_the_networks_take(size: tuple[int, int]) -> None:
    model, batch = build_model(tiny_inpainter()), pairs(1)
    given = batch['data_samples'][0]
    batch['inputs'] = [batch['inputs'][0].repeat(1, 1, 3)[:, : size[0], : size[1]]]
    sample = SceneSample(metainfo=dict(img_shape=size, img_path='small.png'))
    for field in ('hole', 'gt_sem_seg'):
        data = given.get(field).data.repeat(1, 1, 3)[..., : size[0], : size[1]]
        sample.set_field(PixelData(data=data), field)
    sample.hole.data[:] = 0
    sample.hole.data[..., 4:7] = 1
    found = predicted(model, dict(batch, data_samples=[sample]))[0].pred_image.data
    is_known = (sample.hole.data == 0).expand_as(found)
    assert torch.equal(found[is_known], batch['inputs'][0].flip(0)[is_known])


def test_nothing_of_the_object_is_seen() -> None:
    """What is predicted depends on what is outside the hole only."""
    model, batch = build_model(tiny_inpainter()), pairs(1)
    hole = batch['data_samples'][0].hole.data.bool()
    results = []
    for value in (0, 255):
        other = copy.deepcopy(batch)
        other['inputs'][0][hole.expand(3, -1, -1)] = value
        other['data_samples'][0].gt_sem_seg.data[hole] = value % 3
        del other['data_samples'][0].gt_image
        results.append(predicted(model, other)[0])
    for name in ('pred_image', 'pred_edges', 'pred_sem_seg'):
        first, second = (result.get(name).data for result in results)
        assert torch.equal(first[hole.expand_as(first)], second[hole.expand_as(second)]), name


def test_reconstruction_is_per_pixel_of_the_hole() -> None:
    """Eq. (7): the same error counts more the smaller the hole."""
    stage = MODELS.build(image())
    painted, truth = torch.rand(2, 3, 32, 48), torch.rand(2, 3, 32, 48)
    hole = torch.zeros(2, 1, 32, 48)
    hole[..., :8, :] = 1
    loss = stage.generator_losses(painted, truth, hole)['loss_l1'].item()
    expected = (painted - truth).abs().sum() / (3 * hole.sum())
    assert loss == pytest.approx(expected.item(), rel=1e-5)


def test_pixels_of_the_hole_can_count_more() -> None:
    stage = MODELS.build(dict(image(), hole_weight=10.0))
    truth, hole = torch.full((1, 3, 32, 48), 0.5), torch.zeros(1, 1, 32, 48)
    hole[..., :8, :] = 1
    wrong_inside, wrong_outside = truth + 0.2 * hole, truth + 0.2 * (1 - hole)
    inside, outside = (
        stage.generator_losses(painted, truth, hole)['loss_l1'].item()
        for painted in (wrong_inside, wrong_outside)
    )
    assert inside / outside == pytest.approx(10 * 8 / 24, rel=1e-4)
    everywhere = stage.generator_losses(truth + 0.2, truth, hole)['loss_l1'].item()
    assert everywhere == pytest.approx(0.2 / 0.25, rel=1e-4)


def test_pixels_without_a_class_tell_the_discriminator_nothing() -> None:
    logits = torch.randn(2, NUM_CLASSES, 8, 8)
    labels = torch.randint(0, NUM_CLASSES, (2, 8, 8)).masked_fill(torch.rand(2, 8, 8) < 0.5, 255)
    void = (labels == 255)[:, None]
    painted, truth = probabilities(logits, labels), one_hot(labels, NUM_CLASSES)
    assert torch.equal(painted * void, truth * void)
    assert torch.equal(painted * ~void, logits.softmax(dim=1) * ~void)


def test_mixed_precision() -> None:
    model = build_model(tiny_inpainter(joint=True))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = losses_of(model, pairs(2))
    assert all(loss.dtype == torch.float32 for loss in losses.values())
    sum(losses.values()).backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())


def test_pretrained_stages_are_joined(tmp_path: Path) -> None:
    paths = {}
    for seed, (name, changes) in enumerate((('edge', EDGE), ('image', IMAGE)), start=3):
        model = build_model(tiny_inpainter(**changes), seed=seed)
        torch.save({'state_dict': model.state_dict()}, tmp_path / f'{name}.pth')
        paths |= dict.fromkeys((name, f'{name}_discriminator'), str(tmp_path / f'{name}.pth'))
    joined = build_model(tiny_inpainter(part_checkpoints=paths, frozen_parts=('edge',)))
    edges = build_model(tiny_inpainter(**EDGE), seed=3).state_dict()
    found = joined.state_dict()
    assert all(torch.equal(found[name], value) for name, value in edges.items())


WRONG = [
    (dict(edge=None, segmentation=None, image=None), 'needs at least one of edge, segmentation'),
    (dict(segmentation_cue=7), 'segmentation_cue=7 must be segmentation.num_classes=4'),
    (dict(data_preprocessor=None), 'undoes the normalisation of images'),
]


@pytest.mark.parametrize(('changes', 'message'), WRONG, ids=lambda v: '')
def test_wrong_configs(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(tiny_inpainter(), **changes))


def test_wrong_samples() -> None:
    model = build_model(tiny_inpainter())
    batch = pairs(1)
    batch['data_samples'][0].gt_sem_seg.data[0, 0, 0] = 9
    with pytest.raises(
        ValueError, match=r'A label is 9, but model\.segmentation\.num_classes is 4'
    ):
        losses_of(model, batch)
    del batch['data_samples'][0].gt_sem_seg
    with pytest.raises(ValueError, match='given by gt_sem_seg, which a sample of the batch does'):
        losses_of(model, batch)
    for value, sentence in ((0, 'has no pixel'), (1, 'covers the whole image')):
        batch = pairs(1)
        batch['data_samples'][0].hole.data[:] = value
        with pytest.raises(ValueError, match=sentence):
            predicted(model, batch)
    generator = MODELS.build(edge()['generator'])
    with pytest.raises(ValueError, match=r'divisible by 4 and at least 12, not \(30, 32\)'):
        generator(torch.zeros(1, 3, 30, 32))
    assert MODELS.build(segmentation()).num_classes == NUM_CLASSES
