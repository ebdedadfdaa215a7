"""Bootstrapped cross-entropy in heads of mmseg and of another method, by config alone."""

import pytest
import torch
from mmengine.registry import DefaultScope
from mmseg.registry import MODELS as MMSEG_MODELS
from torch.nn.functional import cross_entropy, interpolate

from tests.helpers.model_tester import build_model, street_like_batch

LOSS = dict(type='BootstrappedCrossEntropyLoss', num_pixels=50)
HEADS = {
    'FCRNHead': dict(type='FCRNHead', in_channels=8, kernel_size=3, dilation=2),
    'FCRNHead, labels': dict(
        type='FCRNHead', in_channels=8, kernel_size=3, dilation=2, loss_resolution='label'
    ),
    'PSPHead': dict(
        type='mmseg.PSPHead', in_channels=8, in_index=-1, channels=8, pool_scales=(1, 2)
    ),
    'FCNHead': dict(type='mmseg.FCNHead', in_channels=8, in_index=-1, channels=8, num_convs=1),
    'BackgroundHead': dict(
        type='BackgroundHead', in_channels=8, psp_channels=8, up_channels=(8, 8, 8)
    ),
}


@pytest.mark.parametrize('head', HEADS)
def test_head_learns_from_the_hardest_pixels(head: str) -> None:
    """The head's loss is the mean of the largest plain losses of each image."""
    model = build_model({**HEADS[head], 'num_classes': 3, 'loss_decode': LOSS})
    samples = street_like_batch((64, 80))['data_samples']
    features = torch.randn(2, 8, 16, 20, generator=torch.Generator().manual_seed(0))
    logits = model.eval()([features])
    loss = model.loss_by_feat(logits, samples)['loss_ce']
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in samples])
    if head == 'FCRNHead':
        labels = labels[:, 2::4, 2::4]
    else:
        logits = interpolate(logits, size=(64, 80), mode='bilinear')
    losses = cross_entropy(logits, labels, ignore_index=255, reduction='none').flatten(1)
    torch.testing.assert_close(loss, losses.sort(descending=True).values[:, :50].mean())
    loss.backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_with_mmsegs_own_scope() -> None:
    """A user of mmseg names our scope in the config."""
    config = {**HEADS['FCNHead'], 'type': 'FCNHead', 'num_classes': 3}
    config['loss_decode'] = dict(LOSS, type='seginpaint_mm.BootstrappedCrossEntropyLoss')
    with DefaultScope.overwrite_default_scope('mmseg'):
        head = MMSEG_MODELS.build(config)
    samples = street_like_batch((64, 80))['data_samples']
    assert head.loss_by_feat(torch.randn(2, 3, 16, 20), samples)['loss_ce'] > 0


def test_beside_another_loss_and_with_mmsegs_sampler() -> None:
    config = {**HEADS['PSPHead'], 'num_classes': 3}
    config['loss_decode'] = [
        dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
        dict(LOSS, loss_weight=0.5),
    ]
    samples, logits = street_like_batch((64, 80))['data_samples'], torch.randn(2, 3, 16, 20)
    both = build_model(config).loss_by_feat(logits, samples)['loss_ce']
    single = [
        build_model({**config, 'loss_decode': loss}).loss_by_feat(logits, samples)['loss_ce']
        for loss in config['loss_decode']
    ]
    torch.testing.assert_close(both, sum(single))
    config['sampler'] = dict(type='OHEMPixelSampler', min_kept=20)
    config['loss_decode'] = LOSS
    sampled = build_model(config).loss_by_feat(logits, samples)['loss_ce']
    assert 0 < sampled < single[1] * 2
