"""``ContextEncoder``: what it is shown, what it learns, what it says."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

from seginpaint_mm.models import ContextEncoder, ContextEncoderNet
from tests.helpers.model_tester import build_model, joined
from tests.helpers.segan_scenes import PAINTER_SIZE, masks_only, scenes


def tiny_context_encoder(**changes: object) -> ContextEncoder:
    config = dict(
        type='ContextEncoder',
        data_preprocessor=dict(type='SceneDataPreprocessor'),
        generator=dict(type='ContextEncoderNet', base_channels=2, bottleneck_channels=8),
        discriminator=dict(
            type='PatchDiscriminator', _scope_='mmagic', in_channels=3, base_channels=4, num_conv=2
        ),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla', loss_weight=0.001),
        painter_size=PAINTER_SIZE,
    )
    return build_model({**config, **changes})


def prepared(model: ContextEncoder, batch: dict) -> dict:
    return model.data_preprocessor(batch, training=True)


def test_published_network() -> None:
    """Sides, channels and parameters of the published network, whose noise is left out."""
    with torch.device('meta'):
        net = ContextEncoderNet()
        shapes = [torch.rand(2, 3, 128, 128)]
        for part in (net.encoder, net.bottleneck, net.decoder):
            shapes.append(part(shapes[-1]))
    assert [tuple(t.shape[1:]) for t in shapes] == [
        (3, 128, 128),
        (512, 4, 4),
        (4000, 1, 1),
        (3, 64, 64),
    ]
    kernels = [3 * 64, 64 * 64, 64 * 128, 128 * 256, 256 * 512, 512 * 4000]
    kernels += [4000 * 512, 512 * 256, 256 * 128, 128 * 64, 64 * 3]
    weights = sum(p.numel() for p in net.parameters() if p.dim() == 4)
    assert weights == 16 * sum(kernels)


def test_initial_weights() -> None:
    net = tiny_context_encoder(
        generator=dict(type='ContextEncoderNet', base_channels=16, bottleneck_channels=64)
    ).generator
    for layer in (net.encoder[2][0], net.bottleneck[0], net.decoder[0][0], net.decoder[4]):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_what_it_is_shown() -> None:
    """The surroundings of the box; of the box only what is seen of the object; else mean colour."""
    model, batch = tiny_context_encoder().eval(), scenes(1, size=(160, 160))
    image, sample = batch['inputs'][0], batch['data_samples'][0]
    instances = sample.gt_instances
    instances.grown_boxes[:] = torch.tensor([4.0, 2, 68, 66])  # 64 by 64: not resized
    context = model.generate(**prepared(model, batch))['context']
    assert context.shape == (1, 3, 128, 128)
    shown = (context[0] + 1) * 127.5
    mean = torch.tensor([123.675, 116.28, 103.53])[:, None]
    truth = image.flip(0).float()

    outside = torch.ones(128, 128, dtype=torch.bool)
    outside[30:, 28:] = False  # twice the box begins at x=-28, y=-30
    assert (shown[:, :29] - mean[..., None]).abs().max() < 0.01
    assert (shown[:, :, :27] - mean[..., None]).abs().max() < 0.01
    centre = torch.zeros_like(outside)
    centre[32:96, 32:96] = True
    visible = torch.zeros_like(outside)
    visible[32:96, 32:96] = instances.masks[0, 2:66, 4:68]
    assert visible.any()
    assert (shown[:, centre & ~visible] - mean).abs().max() < 0.01
    placed = torch.zeros(3, 128, 128)
    placed[:, 30:, 28:] = truth[:, :98, :100]
    kept = ~outside & (~centre | visible)
    assert (shown - placed)[:, kept].abs().max() < 0.01


def test_losses_by_hand() -> None:
    model = tiny_context_encoder()
    batch = prepared(model, scenes(2, 1))
    made = model.generate(**batch)
    found = model.generator_losses(made, batch['data_samples'])
    truth = torch.cat([s.gt_instances.full_appearance for s in batch['data_samples']]) / 127.5 - 1
    error = (made['painted'] - truth).square().mean()
    torch.testing.assert_close(found['generator.loss_l2'], 0.999 * error)
    scores = model.discriminator(made['painted'])
    torch.testing.assert_close(found['generator.loss_gan'], 0.001 * F.softplus(-scores).mean())
    judged = model.discriminator_losses('discriminator', made, batch['data_samples'])
    torch.testing.assert_close(judged['loss_fake'], F.softplus(scores).mean())


def test_a_training_step() -> None:
    model = tiny_context_encoder()
    parts = {name: dict(optimizer=dict(type='Adam', lr=1e-3)) for name in model.parts()}
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        wrapper = build_optim_wrapper(
            model, dict(constructor='PartOptimWrapperConstructor', **parts)
        )
    before = copy.deepcopy(model)
    log = model.train_step(scenes(2, 3), wrapper)
    assert all(math.isfinite(value) for value in log.values())
    for name, weight in before.named_parameters():
        assert not torch.equal(model.get_parameter(name), weight), f'{name} has not moved'


def test_predictions() -> None:
    model = tiny_context_encoder(max_objects_per_batch=2).eval()
    with torch.no_grad():
        samples = model.val_step(masks_only(scenes(3, 0)))
        (three, none) = (sample.pred_instances for sample in samples)
        assert three.painted.shape == (3, 4, PAINTER_SIZE, PAINTER_SIZE)
        assert none.painted.shape == (0, 4, PAINTER_SIZE, PAINTER_SIZE)
        assert three.painted.dtype == torch.uint8
        assert (three.painted[:, 3] == 255).all()
        assert torch.equal(three.masks, scenes(3)['data_samples'][0].gt_instances.masks)
        model.max_objects_per_batch = 16
        (together,) = model.val_step(masks_only(scenes(3)))
    torch.testing.assert_close(three.painted, together.pred_instances.painted, rtol=0, atol=1)


def test_a_picture_does_not_depend_on_larger_ones_beside_it() -> None:
    model = tiny_context_encoder().eval()
    with torch.no_grad():
        (alone,) = model.val_step(masks_only(scenes(2)))
        _, beside = model.val_step(masks_only(joined(scenes(1, size=(90, 130)), scenes(2))))
    expected = alone.pred_instances.painted
    torch.testing.assert_close(beside.pred_instances.painted, expected, rtol=0, atol=1)


def test_what_is_hidden_is_not_looked_at() -> None:
    """Other colours where the box does not show the object change nothing."""
    model, batch = tiny_context_encoder().eval(), scenes(1)
    instances = batch['data_samples'][0].gt_instances
    instances.masks[:] = False
    instances.masks[:, 6:20, 8:16] = True
    instances.grown_boxes[:] = torch.tensor([4.0, 2, 36, 34])
    other = copy.deepcopy(batch)
    other['inputs'][0][:, 4:30, 20:34] += 100
    contexts = [model.generate(**prepared(model, b))['context'] for b in (batch, other)]
    torch.testing.assert_close(*contexts)
    other['inputs'][0][:, 10, 10] += 100
    assert not torch.equal(model.generate(**prepared(model, other))['context'], contexts[0])


def test_what_is_missing_is_told() -> None:
    model = tiny_context_encoder()
    with pytest.raises(ValueError, match=r'learns from gt_instances\.full_appearance, which'):
        model(**prepared(model, masks_only(scenes(2))), mode='loss')
    with pytest.raises(ValueError, match=r'The batch has no object'):
        model(**prepared(model, scenes(0)), mode='loss')
    larger = tiny_context_encoder(painter_size=64)
    with pytest.raises(ValueError, match=r'crop appearances to painter_size=64'):
        larger(**prepared(larger, scenes(2)), mode='loss')
