"""Other panoptic and instance networks of mmdet in PanopticFPN's place."""

import math

import pytest
import torch

from seginpaint_mm.interop import mmagic  # noqa: F401 (registers GANLoss)
from seginpaint_mm.models.maskopt.segments import check_gives_masks
from seginpaint_mm.registry import MODELS
from tests.helpers.maskopt_scenes import (
    optimizers,
    prepared,
    scenes,
    tiny_detector,
    tiny_remover,
    tiny_selector,
)
from tests.helpers.model_tester import build_model


def tiny_maskformer() -> dict:
    """MaskFormer with two things and two kinds of stuff."""
    attention = dict(embed_dims=16, num_heads=2, batch_first=True)
    layer = dict(self_attn_cfg=attention, ffn_cfg=dict(embed_dims=16, feedforward_channels=16))
    decoder_layer = dict(layer, cross_attn_cfg=attention)
    position = dict(num_feats=8, normalize=True)
    head = dict(
        type='MaskFormerHead',
        in_channels=[8, 16, 32, 64],
        feat_channels=16,
        out_channels=16,
        num_things_classes=2,
        num_stuff_classes=2,
        num_queries=6,
        pixel_decoder=dict(
            type='TransformerEncoderPixelDecoder',
            norm_cfg=dict(type='GN', num_groups=4),
            encoder=dict(num_layers=1, layer_cfg=layer),
            positional_encoding=position,
        ),
        positional_encoding=position,
        transformer_decoder=dict(num_layers=1, layer_cfg=decoder_layer, return_intermediate=True),
        loss_cls=dict(type='CrossEntropyLoss', class_weight=[1.0] * 4 + [0.1]),
        loss_mask=dict(type='FocalLoss'),
        loss_dice=dict(type='DiceLoss', naive_dice=True, eps=1.0),
    )
    costs = [
        dict(type='ClassificationCost'),
        dict(type='FocalLossCost', binary_input=True),
        dict(type='DiceCost', pred_act=True, eps=1.0),
    ]
    plain = tiny_detector()
    return dict(
        _scope_='mmdet',
        type='MaskFormer',
        data_preprocessor=plain['data_preprocessor'],
        backbone=plain['backbone'],
        panoptic_head=head,
        panoptic_fusion_head=dict(
            type='MaskFormerFusionHead', num_things_classes=2, num_stuff_classes=2
        ),
        train_cfg=dict(
            assigner=dict(type='HungarianAssigner', match_costs=costs),
            sampler=dict(type='MaskPseudoSampler'),
        ),
        test_cfg=dict(),
    )


def build(kind: str, upscale: int = 1):
    """A random network that finds something in any image."""
    selector = tiny_selector('MaskRCNN', upscale=upscale)
    if kind == 'MaskFormer':
        selector.update(detector=tiny_maskformer(), class_ids=(2, 3, 0, 1))
    model = build_model(tiny_remover(selector=selector)).eval()
    if kind == 'MaskRCNN':
        logits = model.selector.detector.roi_head.mask_head.conv_logits
        torch.nn.init.constant_(logits.bias, 1.0)
    else:
        torch.nn.init.zeros_(model.selector.detector.panoptic_head.cls_embed.weight)
        bias = model.selector.detector.panoptic_head.cls_embed.bias
        bias.data = torch.tensor([2.0, 1.0, 0.0, 0.0, 0.0])  # everything is taken for a cat
    return model


@pytest.mark.parametrize('upscale', [1, 2])
@pytest.mark.parametrize('kind', ['MaskFormer', 'MaskRCNN'])
def test_masks_are_chosen_handed_over_and_learnt_from(kind: str, upscale: int) -> None:
    model = build(kind, upscale)
    batch = prepared(model, scenes(2))
    generated = model.generate(**batch)
    assert not generated['unmatched'].all(), 'nothing was found'
    losses = model.generator_losses(generated, batch['data_samples'])
    first = model.selector.detector.backbone.conv1.weight
    (gradient,) = torch.autograd.grad(losses['image.loss_l1'], first)
    assert gradient.isfinite().all()
    assert gradient.any()
    log = model.train().train_step(scenes(2), optimizers(model))
    assert math.isfinite(log['loss'])
    assert log['selector.loss_mask'] > 0


@pytest.mark.parametrize('kind', ['MaskFormer', 'MaskRCNN'])
def test_a_named_object_is_removed(kind: str) -> None:
    model = build(kind)
    batch = scenes(1)
    batch['data_samples'][0].set_metainfo(dict(remove={'id': 1}))
    with torch.no_grad():
        (sample,) = model.val_step(batch)
    mask = sample.pred_mask.data
    assert mask.any()
    assert not mask.all()
    outside = (mask == 0).expand(3, -1, -1)
    picture = scenes(1)['inputs'][0].flip(0)
    assert torch.equal(sample.pred_image.data[outside], picture[outside])


def test_networks_without_mask_logits_are_told() -> None:
    detector = tiny_detector('MaskRCNN')
    for part in ('mask_head', 'mask_roi_extractor'):
        del detector['roi_head'][part]
    with pytest.raises(ValueError, match='detector: MaskRCNN gives no mask logits that can be'):
        MODELS.build(tiny_selector(detector=detector))
    with pytest.raises(ValueError, match='detector: Linear gives no mask logits'):
        check_gives_masks(torch.nn.Linear(1, 1))
