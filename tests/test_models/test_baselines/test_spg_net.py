"""SPG-Net: classes first, the image by their means; losses by hand, predictions, errors."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData

import seginpaint_mm.interop.mmagic  # noqa: F401
from seginpaint_mm.models.baselines import SPGNet
from tests.helpers.inpainting_batches import batch_with_holes, check_paintings
from tests.helpers.model_tester import build_model, check_training_step, street_like_batch
from tests.helpers.sgenet_scenes import tiny_discriminator, tiny_perceptual

NUM_CLASSES = 3
SIZE = (48, 64)
NETWORK = dict(type='EdgeConnectGenerator', base_channels=4, num_blocks=1)


def build(**options: object) -> SPGNet:
    config = dict(
        type='SPGNet',
        data_preprocessor=dict(type='SceneDataPreprocessor'),
        num_classes=NUM_CLASSES,
        segmentation=dict(NETWORK, in_channels=4, out_channels=NUM_CLASSES),
        painter=dict(NETWORK, in_channels=4 + NUM_CLASSES, out_channels=3),
        discriminator=tiny_discriminator(num_scales=1),
        loss_gan=dict(type='mmagic.GANLoss', gan_type='vanilla', loss_weight=0.01),
        loss_classes=dict(type='mmseg.CrossEntropyLoss', loss_weight=2.0, avg_non_ignore=True),
        l1_weight=3.0,
    )
    return build_model({**config, **options})


def made_of(model: SPGNet) -> tuple[dict, dict]:
    batch = model.data_preprocessor(street_like_batch(SIZE), training=True)
    return model(**batch, mode='tensor'), batch


def test_every_weight_learns() -> None:
    check_training_step(build(**tiny_perceptual()), SIZE)


def test_losses_by_hand() -> None:
    model = build()
    made, batch = made_of(model)
    losses = model(**batch, mode='loss')
    labels = torch.cat([sample.gt_sem_seg.data for sample in batch['data_samples']])
    truth = (batch['inputs'] * model.data_preprocessor.std + model.data_preprocessor.mean) / 255
    (fake,), (real,) = model.discriminator(made['completed']), model.discriminator(truth)
    entropy = F.cross_entropy(made['logits'], labels, ignore_index=255)
    expected = {
        'segmentation.loss_classes': 2 * entropy,
        'painter.loss_l1': 3 * (made['image'] - truth).abs().mean(),
        'painter.loss_gan': 0.01 * F.softplus(-fake).mean(),
        'discriminator.loss_real': F.softplus(-real).mean(),
        'discriminator.loss_fake': F.softplus(fake).mean(),
    }
    assert set(losses) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value)


@pytest.mark.parametrize('joint', [False, True])
def test_the_painter_is_guided_by_what_was_segmented(joint: bool) -> None:
    model = build(joint=joint)
    made, batch = made_of(model)
    made['image'].sum().backward()
    reached = [weight.grad is not None for weight in model.segmentation.parameters()]
    assert all(reached) if joint else not any(reached)
    before = made['image'].detach()
    torch.nn.init.constant_(model.segmentation.layers[-1].bias, 0)
    model.segmentation.layers[-1].bias.data[0] = 50
    with torch.no_grad():
        after = model(**batch, mode='tensor')['image']
    assert not torch.allclose(before, after)


def test_given_classes_guide_the_painter() -> None:
    own, guided = build().eval(), build(guide='gt_sem_seg').eval()
    guided.load_state_dict(own.state_dict())
    size = (41, 50)
    batches = [street_like_batch(size) for _ in range(3)]
    for sample in batches[1]['data_samples']:
        sample.given_sem_seg = sample.gt_sem_seg.clone()
    with torch.no_grad():
        pairs = zip((guided, own, own), batches, strict=True)
        by_truth, by_given, alone = (model.test_step(batch) for model, batch in pairs)
    for one, two, three in zip(by_truth, by_given, alone, strict=True):
        assert torch.equal(one.pred_image.data, two.pred_image.data)
        assert not torch.equal(one.pred_image.data, three.pred_image.data)
        assert torch.equal(one.pred_sem_seg.data, three.pred_sem_seg.data), 'its own'


def test_neither_network_sees_into_the_hole() -> None:
    model = build().eval()
    _, batch = made_of(model)
    hole = torch.stack([sample.hole.data for sample in batch['data_samples']]).bool()
    with torch.no_grad():
        one = model(**batch, mode='tensor')
        other = model(batch['inputs'].masked_fill(hole, 7), batch['data_samples'], mode='tensor')
    for name in ('logits', 'image'):
        assert torch.equal(one[name], other[name])


def test_any_size() -> None:
    model = build().eval()
    batch = batch_with_holes((45, 62), (50, 34))
    with torch.no_grad():
        samples = model.test_step(batch)
    check_paintings(samples, batch)
    for sample, picture in zip(samples, batch['inputs'], strict=True):
        assert sample.pred_sem_seg.data.shape == (1, *picture.shape[1:])
        assert sample.pred_sem_seg.data.dtype == torch.int64
        confidence = sample.pred_confidence.data
        assert confidence.shape == sample.pred_sem_seg.data.shape
        assert confidence.min() >= 1 / NUM_CLASSES - 1e-6
        assert confidence.max() <= 1


def test_errors() -> None:
    with pytest.raises(ValueError, match='SPGNet: give both of perceptual_features and loss_perc'):
        build(perceptual_features=tiny_perceptual()['perceptual_features'])
    with pytest.raises(ValueError, match='SPGNet undoes the normalisation of images'):
        build(data_preprocessor=None)
    model = build()
    _, batch = made_of(model)
    batch['data_samples'][0].gt_sem_seg = PixelData(data=torch.full((1, *SIZE), NUM_CLASSES))
    with pytest.raises(ValueError, match=r'A label is 3, but model\.num_classes is 3, for 0 to 2'):
        model(**batch, mode='loss')
    del batch['data_samples'][0].gt_sem_seg
    with pytest.raises(ValueError, match='SPGNet learns from gt_sem_seg'):
        model(**batch, mode='loss')
