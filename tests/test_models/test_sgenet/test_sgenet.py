"""Training steps, losses by hand, predictions and errors of SGE-Net and its variants."""

import copy
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.config_check import check_config
from seginpaint_mm.models.sgenet import SGENet
from seginpaint_mm.registry import MODELS
from tests.helpers.model_tester import build_model, check_training_step, street_like_batch
from tests.helpers.sgenet_scenes import (
    NUM_CLASSES,
    SIZE,
    VARIANTS,
    tiny_generator,
    tiny_perceptual,
    tiny_sgenet,
)
from tests.helpers.tool_runs import REPOSITORY

BASES = REPOSITORY / 'configs/_base_'
LOSSES = {
    'generator.loss_l1',
    'generator.loss_gan',
    'generator.loss_segmentation',
    'discriminator.loss_real',
    'discriminator.loss_fake',
}
HINGE = dict(type='mmagic.GANLoss', gan_type='hinge', loss_weight=0.01)


def batch_of(size: tuple[int, int] = SIZE, num: int = 2) -> dict:
    return street_like_batch(size, num)


def losses_of(model: SGENet, batch: dict) -> dict[str, torch.Tensor]:
    return model(**model.data_preprocessor(batch, training=True), mode='loss')


def predicted(model: SGENet, batch: dict) -> list:
    with torch.no_grad():
        return model.eval().val_step(batch)


@pytest.mark.parametrize('variant', VARIANTS)
def test_every_weight_learns(variant: str) -> None:
    model = build_model(tiny_sgenet(generator=tiny_generator(**VARIANTS[variant])))
    check_training_step(model, SIZE)


@pytest.mark.parametrize('loss_gan', [{}, dict(loss_gan=HINGE)], ids=['log', 'hinge'])
def test_a_training_step(loss_gan: dict) -> None:
    model = build_model(tiny_sgenet(**loss_gan, **tiny_perceptual()))
    optimizer = dict(optimizer=dict(type='Adam', lr=1e-3))
    config = dict(
        constructor='PartOptimWrapperConstructor', generator=optimizer, discriminator=optimizer
    )
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        optimizers = build_optim_wrapper(model, config)
    before = copy.deepcopy(model)
    log = model.train_step(batch_of(), optimizers)
    assert set(log) == {'loss', 'generator.loss_perceptual', *LOSSES}
    assert all(math.isfinite(value) for value in log.values())
    for name, weight in before.named_parameters():
        assert not torch.equal(model.get_parameter(name), weight), f'{name} has not moved'


@pytest.mark.parametrize('hole_weight', [1.0, 8.0])
def test_losses_by_hand(hole_weight: float) -> None:
    """Equations (7) to (9), and their weights."""
    config = tiny_sgenet(l1_weight=3.0, hole_weight=hole_weight, **tiny_perceptual())
    model = build_model(config)
    batch = model.data_preprocessor(batch_of(), training=True)
    made = model(**batch, mode='tensor')
    losses = model(**batch, mode='loss')
    truth, labels = made['pictures'], torch.cat([s.gt_sem_seg.data for s in batch['data_samples']])
    holes = torch.stack([sample.hole.data for sample in batch['data_samples']])
    weights = 1 + (hole_weight - 1) * holes.float()
    l1 = perceptual = segmentation = 0.0
    for scale in range(5):
        image, logits = (
            F.interpolate(made[f'{name}_{scale}'], SIZE, mode='bilinear', align_corners=False)
            for name in ('image', 'logits')
        )
        l1 += ((truth - image).abs().mean(dim=1, keepdim=True) * weights).sum() / weights.sum()
        features = [model.perceptual_features(x)['relu1'] for x in (truth, image)]
        perceptual += (features[0] - features[1]).abs().mean()
        log_probability = logits.log_softmax(dim=1)
        chosen = log_probability.gather(1, labels.clamp(max=NUM_CLASSES - 1)[:, None])[:, 0]
        segmentation -= chosen[labels != 255].mean()
    torch.testing.assert_close(losses['generator.loss_l1'], 3 * l1)
    torch.testing.assert_close(losses['generator.loss_perceptual'], 0.5 * perceptual)
    torch.testing.assert_close(losses['generator.loss_segmentation'], 0.1 * segmentation)
    fake, real = (model.discriminator(made[name]) for name in ('completed', 'pictures'))
    expected = {
        'generator.loss_gan': 0.01 * sum(F.softplus(-score).mean() for score in fake),
        'discriminator.loss_fake': sum(F.softplus(score).mean() for score in fake),
        'discriminator.loss_real': sum(F.softplus(-score).mean() for score in real),
    }
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)


def test_the_true_picture_is_looked_at_once() -> None:
    model = build_model(tiny_sgenet(**tiny_perceptual()))
    calls = []
    model.perceptual_features.register_forward_hook(lambda *a: calls.append(1))
    losses_of(model, batch_of())
    assert len(calls) == 1 + 5


def test_the_truth_is_gt_image() -> None:
    """The image without the object, where it is given."""
    model, batch = build_model(tiny_sgenet()), batch_of()
    for sample in batch['data_samples']:
        truth = torch.randint(0, 256, (3, *SIZE), dtype=torch.uint8)
        sample.gt_image = PixelData(data=truth)
    prepared = model.data_preprocessor(copy.deepcopy(batch), training=True)
    made = model(**prepared, mode='tensor')
    expected = torch.stack([sample.gt_image.data for sample in batch['data_samples']]) / 255
    torch.testing.assert_close(made['truth'], expected)
    l1 = sum(
        (F.interpolate(made[f'image_{s}'], SIZE, mode='bilinear') - expected).abs().mean()
        for s in range(5)
    )
    torch.testing.assert_close(losses_of(model, batch)['generator.loss_l1'], l1)


def test_true_classes_may_guide() -> None:
    """By the config, or as given classes, which is the same; also of padded images."""
    own = build_model(tiny_sgenet())
    guided = build_model(tiny_sgenet(guide='gt_sem_seg'))
    guided.load_state_dict(own.state_dict())
    size = (40, 52)
    by_truth = predicted(guided, batch_of(size))
    batch = batch_of(size)
    for sample in batch['data_samples']:
        sample.given_sem_seg = sample.gt_sem_seg.clone()
    given, alone = predicted(own, batch), predicted(own, batch_of(size))
    for one, two, three in zip(by_truth, given, alone, strict=True):
        assert torch.equal(one.pred_image.data, two.pred_image.data)
        assert not torch.equal(one.pred_image.data, three.pred_image.data)
    del batch['data_samples'][1].given_sem_seg
    mixed = predicted(own, batch)
    assert torch.equal(mixed[0].pred_image.data, given[0].pred_image.data)
    assert torch.equal(mixed[1].pred_image.data, alone[1].pred_image.data)
    losses, of_truth = losses_of(own, batch_of()), losses_of(guided, batch_of())
    assert losses['generator.loss_l1'] != of_truth['generator.loss_l1']


def test_wrong_given_classes() -> None:
    model, batch = build_model(tiny_sgenet()), batch_of()
    batch['data_samples'][0].given_sem_seg = PixelData(data=torch.full((1, *SIZE), NUM_CLASSES))
    with pytest.raises(ValueError, match='given_sem_seg has the class 3, but SGENet knows 0 to 2'):
        predicted(model, batch)
    batch['data_samples'][0].given_sem_seg = PixelData(data=torch.zeros(1, 5, 6))
    with pytest.raises(ValueError, match=r'given_sem_seg is \(1, 5, 6\), its image \(1, 64, 96\)'):
        predicted(model, batch)
    with pytest.raises(ValueError, match="guide is 'gt_sem_seg', but nothing guides this network"):
        build_model(
            tiny_sgenet(generator=tiny_generator(**VARIANTS['Base-Net']), guide='gt_sem_seg')
        )


def test_float_pictures_are_kept_bit_for_bit() -> None:
    model = build_model(tiny_sgenet())
    batch = model.data_preprocessor(batch_of(), training=True)
    made = model(**batch, mode='tensor')
    hole = torch.stack([s.hole.data for s in batch['data_samples']]).bool().expand(-1, 3, -1, -1)
    assert torch.equal(made['completed'][~hole], made['pictures'][~hole])
    assert torch.equal(made['completed'][hole], made['image_0'][hole])


@pytest.mark.parametrize('size', [SIZE, (50, 70), (33, 129)], ids=str)
@pytest.mark.parametrize('preprocessor', [{}, dict(mean=[127.5] * 3, std=[127.5] * 3)])
def test_uint8_pictures_are_kept_bit_for_bit(size: tuple[int, int], preprocessor: dict) -> None:
    """For every grey there is, whatever the normalisation, and at sizes that must be padded."""
    config = dict(type='SceneDataPreprocessor', **preprocessor)
    model, batch = build_model(tiny_sgenet(data_preprocessor=config)), batch_of(size)
    for image, sample in zip(batch['inputs'], predicted(model, batch), strict=True):
        known = ~sample.hole.data.bool().expand(3, -1, -1)
        rgb = image.flip(0)
        assert len(rgb[known].unique()) == 256
        assert sample.pred_image.data.dtype == torch.uint8
        assert torch.equal(sample.pred_image.data[known], rgb[known])
        assert not torch.equal(sample.pred_image.data, rgb)


@pytest.mark.parametrize('variant', VARIANTS)
def test_predictions(variant: str) -> None:
    size = (50, 70)
    generator = tiny_generator(**VARIANTS[variant])
    model = build_model(tiny_sgenet(generator=generator, keep_scales=True))
    for sample in predicted(model, batch_of(size)):
        for suffix in ('', '_1', '_2', '_3', '_4'):
            assert sample.get(f'pred_image{suffix}').data.shape == (3, *size)
            assert sample.get(f'pred_image{suffix}').data.dtype == torch.uint8
            classes = sample.get(f'pred_sem_seg{suffix}').data
            assert classes.shape == (1, *size)
            assert classes.dtype == torch.int64
            assert set(classes.unique().tolist()) <= set(range(NUM_CLASSES))
            confidence = sample.get(f'pred_confidence{suffix}').data
            assert confidence.shape == (1, *size)
            assert confidence.dtype == torch.float32
            assert confidence.min() >= 1 / NUM_CLASSES - 1e-6
            assert confidence.max() <= 1
            evaluated = variant == 'SGE-Net' and suffix != ''
            assert (f'pred_reliability{suffix}' in sample) == evaluated
            if evaluated:
                reliability = sample.get(f'pred_reliability{suffix}').data
                assert reliability.shape == (1, *size)
                assert set(reliability.unique().tolist()) <= {0, 1}
        assert sample.pred_image.data[sample.hole.data.bool().expand(3, -1, -1)].any()
        if variant == 'SGE-Net':
            assert not (sample.pred_reliability_4.data.bool() & sample.hole.data.bool()).any()


def test_a_prediction_is_of_fifteen_bytes_per_pixel() -> None:
    """Maps of other scales than the finest are predicted on demand alone."""
    (sample,) = predicted(build_model(tiny_sgenet()), batch_of((50, 70), 1))
    maps = {name: sample.get(name).data for name in sample.all_keys() if name.startswith('pred_')}
    assert set(maps) == {'pred_image', 'pred_sem_seg', 'pred_confidence'}
    assert sum(data.numel() * data.element_size() for data in maps.values()) == 15 * 50 * 70


def test_predictions_do_not_depend_on_the_hole_s_content() -> None:
    """What evaluation compares with never enters the network."""
    model, first = build_model(tiny_sgenet(keep_scales=True)), batch_of((50, 70))
    second = copy.deepcopy(first)
    for image, sample in zip(second['inputs'], second['data_samples'], strict=True):
        hole = sample.hole.data.bool().expand_as(image)
        image[hole] = torch.randint_like(image, 0, 256)[hole]
    assert not torch.equal(first['inputs'][0], second['inputs'][0])
    for one, other in zip(predicted(model, first), predicted(model, second), strict=True):
        fields = [name for name in one.all_keys() if name.startswith('pred_')]
        assert len(fields) == 3 + 4 * 4
        for name in fields:
            assert torch.equal(one.get(name).data, other.get(name).data), name


def test_neighbours_of_other_sizes_change_nothing() -> None:
    model = build_model(tiny_sgenet())
    small, large = batch_of((50, 70), 1), batch_of((64, 96), 1)
    alone = predicted(model, copy.deepcopy(small))[0]
    together = predicted(model, {key: small[key] + large[key] for key in small})
    assert together[1].pred_image.data.shape == (3, 64, 96)
    torch.testing.assert_close(together[0].pred_image.data, alone.pred_image.data, rtol=0, atol=1)
    torch.testing.assert_close(together[0].pred_confidence.data, alone.pred_confidence.data)


def test_a_model_made_ready_for_inference_predicts_the_same() -> None:
    model, batch = build_model(tiny_sgenet()), batch_of()
    before = predicted(model, copy.deepcopy(batch))
    for one, other in zip(before, predicted(prepare_for_inference(model), batch), strict=True):
        torch.testing.assert_close(one.pred_confidence.data, other.pred_confidence.data)
        torch.testing.assert_close(one.pred_image.data, other.pred_image.data, rtol=0, atol=1)


def test_mixed_precision() -> None:
    """Losses in bfloat16 are close to those in float32, and known pixels are still kept."""
    model, batch = build_model(tiny_sgenet(**tiny_perceptual())), batch_of()
    losses = []
    for enabled in (False, True):
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=enabled):
            losses.append(losses_of(model, copy.deepcopy(batch)))
    for name, value in losses[0].items():
        assert losses[1][name].dtype == torch.float32
        assert losses[1][name].item() == pytest.approx(value.item(), rel=0.1), name
    sum(losses[1].values()).backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())
    with torch.autocast('cpu', dtype=torch.bfloat16):
        (sample, _) = predicted(model, batch)
    known = ~sample.hole.data.bool().expand(3, -1, -1)
    assert torch.equal(sample.pred_image.data[known], batch['inputs'][0].flip(0)[known])


@pytest.mark.parametrize(('value', 'message'), [(1, 'covers the whole image'), (0, 'no pixel')])
def test_holes_of_all_and_nothing(value: int, message: str) -> None:
    """Random holes may be so in training; an answer to that is not asked for."""
    model, batch = build_model(tiny_sgenet()), batch_of()
    batch['data_samples'][1].hole = PixelData(data=torch.full((1, *SIZE), value))
    assert all(v.isfinite() for v in losses_of(model, copy.deepcopy(batch)).values())
    with pytest.raises(ValueError, match=message):
        predicted(model, batch)


def test_pictures_of_ignored_pixels_are_learnt_from_without_classes() -> None:
    model, batch = build_model(tiny_sgenet()), batch_of()
    for sample in batch['data_samples']:
        sample.gt_sem_seg = PixelData(data=torch.full((1, *SIZE), 255))
    losses = losses_of(model, batch)
    assert losses['generator.loss_segmentation'] == 0
    assert losses['generator.loss_l1'] > 0


def test_what_is_missing_or_wrong_in_samples_is_told() -> None:
    model, batch = build_model(tiny_sgenet()), batch_of()
    batch['data_samples'][0].gt_sem_seg.data[0, 3, 4] = NUM_CLASSES
    with pytest.raises(ValueError, match=r'A label is 3, but .*num_classes is 3, for 0 to 2 and'):
        losses_of(model, batch)
    batch = batch_of()
    del batch['data_samples'][1].gt_sem_seg
    with pytest.raises(ValueError, match='learns from gt_sem_seg, which a sample'):
        losses_of(model, batch)
    batch = batch_of()
    del batch['data_samples'][1].hole
    with pytest.raises(ValueError, match='has no hole'):
        losses_of(model, batch)
    with pytest.raises(ValueError, match='do not fit: .* divisible by 32'):
        losses_of(model, batch_of((48, 64)))


WRONG = [
    (dict(loss_perceptual=tiny_perceptual()['loss_perceptual']), 'give both of'),
    (dict(data_preprocessor=None), 'undoes the normalisation'),
]


@pytest.mark.parametrize(('changes', 'message'), WRONG, ids=['perceptual', 'preprocessor'])
def test_wrong_configs(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(tiny_sgenet(**changes))


NAMES = ['sgenet', 'sgenet_any-size', 'sgenet_small']


def built(name: str) -> tuple[Config, SGENet]:
    cfg = Config.fromfile(BASES / f'models/{name}.py')
    with torch.device('meta'), DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return cfg, MODELS.build(copy.deepcopy(cfg.model))


@pytest.mark.parametrize('name', NAMES)
def test_base_configs(tmp_path: Path, name: str) -> None:
    """Each variant's model and the schedule fit; only the data are missing."""
    bases = [
        str(BASES / f'models/{name}.py'),
        str(BASES / 'schedules/sgenet.py'),
        str(BASES / 'default_runtime.py'),
    ]
    path = tmp_path / 'variant.py'
    path.write_text(
        f'_base_ = {bases}\ntrain_dataloader = dict(dataset=dict(type="LabelFolderDataset"))\n'
        'val_cfg = test_cfg = None\n'
    )
    cfg = Config.fromfile(path)
    check_config(cfg)
    with torch.device('meta'), DefaultScope.overwrite_default_scope('seginpaint_mm'):
        model = MODELS.build(cfg.model)
        wrappers = build_optim_wrapper(model, cfg.optim_wrapper)
    assert set(wrappers.keys()) == set(model.parts())
    assert sum(p.numel() for p in model.parameters()) > 1e6


def test_paper_size() -> None:
    """256x256, five scales; void is a class; the small one takes other sizes too."""
    _, model = built('sgenet')
    made = model.generator(
        torch.zeros(1, 3, 256, 256, device='meta'),
        torch.zeros(1, 1, 256, 256, dtype=torch.bool, device='meta'),
    )
    assert [made[f'logits_{scale}'].shape[1:] for scale in (4, 0)] == [(20, 16, 16), (20, 256, 256)]
    assert len(model.discriminator.scales) == 3
    assert model.perceptual_features.layers == ('relu2_2', 'relu3_3', 'relu4_3')
    _, small = built('sgenet_small')
    made = small.generator(
        torch.zeros(1, 3, 128, 256, device='meta'),
        torch.zeros(1, 1, 128, 256, dtype=torch.bool, device='meta'),
    )
    assert made['image_0'].shape == (1, 3, 128, 256)
