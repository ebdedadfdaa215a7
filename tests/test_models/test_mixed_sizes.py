"""Batches with images of several sizes: their padding teaches nothing and tells nothing away."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

import seginpaint_mm.interop.mmagic  # noqa: F401  registers mmagic's networks
from tests.helpers.maskopt_scenes import (
    edge,
    image,
    pair,
    segmentation,
    tiny_inpainter,
    tiny_selector,
)
from tests.helpers.model_tester import build_model
from tests.helpers.sgenet_scenes import (
    NUM_CLASSES,
    tiny_discriminator,
    tiny_perceptual,
    tiny_sgenet,
)

SIZES = ((64, 64), (40, 52), (64, 30))
GAN = dict(type='mmagic.GANLoss', gan_type='vanilla', loss_weight=0.01)
NETWORK = dict(type='EdgeConnectGenerator', base_channels=4, num_blocks=1)
STYLE = dict(loss_style=dict(type='StyleLoss', layer_weights=dict(relu1=1.0)))

MODELS = {
    'SGENet': tiny_sgenet(hole_weight=10.0, **tiny_perceptual()),
    'SPGNet': dict(
        type='SPGNet',
        data_preprocessor=dict(type='SceneDataPreprocessor'),
        num_classes=NUM_CLASSES,
        segmentation=dict(NETWORK, in_channels=4, out_channels=NUM_CLASSES),
        painter=dict(NETWORK, in_channels=4 + NUM_CLASSES, out_channels=3),
        discriminator=tiny_discriminator(),
        loss_gan=GAN,
        loss_classes=dict(type='mmseg.CrossEntropyLoss', avg_non_ignore=True),
        **tiny_perceptual(),
    ),
    'MMagicInpainter': dict(
        type='MMagicInpainter',
        data_preprocessor=dict(type='SceneDataPreprocessor'),
        generator=dict(NETWORK, in_channels=4, out_channels=3),
        input_format='image_hole',
        discriminator=tiny_discriminator(num_scales=1)['discriminator'],
        loss_gan=GAN,
        l1_hole=1.0,
        l1_valid=1.0,
        l1_image=1.0,
        loss_tv=dict(type='mmagic.MaskedTVLoss'),
        perceived=('output', 'completed'),
        **tiny_perceptual(),
        **STYLE,
    ),
    'EdgeConnectInpainter': tiny_inpainter(
        edge=edge(), segmentation=segmentation(), image=image(features=True)
    ),
    'ObjectRemover': dict(
        tiny_inpainter(joint=False),
        type='ObjectRemover',
        selector=tiny_selector(),
        mask_expansion=dict(type='MaskExpansionLoss'),
    ),
}


def batch_of(*sizes: tuple[int, int]) -> dict:
    """Images of these sizes with an object, whose truth is known."""
    items = [pair(seed, size) for seed, size in enumerate(sizes)]
    for _, sample in items:
        sample.gt_sem_seg.data.clamp_(max=NUM_CLASSES - 1)
        distance = torch.where(sample.hole.data.bool(), -0.5, 0.5)
        sample.signed_distance = sample.hole.new(data=distance)
    return dict(inputs=[item[0] for item in items], data_samples=[item[1] for item in items])


def discriminators_of(model: nn.Module) -> Iterator[nn.Module]:
    parts = model.all_parts() if hasattr(model, 'all_parts') else model.parts()
    yield from (part for name, part in parts.items() if name.endswith('discriminator'))


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    return build_model(MODELS[request.param]).train()


def padding_of(batch: dict) -> Tensor:
    padding = torch.ones(len(SIZES), 1, *batch['inputs'].shape[-2:], dtype=torch.bool)
    for mask, (height, width) in zip(padding, SIZES, strict=True):
        mask[:, :height, :width] = False
    return padding


def test_padding_tells_a_discriminator_nothing(model: nn.Module) -> None:
    """What is real and what is painted, at each place a discriminator is asked, agree there."""
    batch = model.data_preprocessor(batch_of(*SIZES), training=True)
    padding = padding_of(batch)
    seen: dict[nn.Module, list[Tensor]] = {}
    for network in discriminators_of(model):
        network.register_forward_pre_hook(
            lambda module, inputs: seen.setdefault(module, []).append(inputs[0].detach())
        )
    model(**batch, mode='loss')
    assert seen
    for shown in seen.values():
        assert len(shown) >= 3  # of the generator's loss, real, fake
        first = shown[0] * padding
        assert all(torch.equal(other * padding, first) for other in shown[1:])
        assert not all(torch.equal(other, shown[0]) for other in shown[1:])


def test_padding_carries_no_loss(model: nn.Module) -> None:
    """No gradient reaches what the generators paint there."""
    batch = model.data_preprocessor(batch_of(*SIZES), training=True)
    padding = padding_of(batch)
    painted: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple, output: Tensor | dict) -> None:
        maps = [output['image_0'], output['logits_0']] if isinstance(output, dict) else [output]
        for tensor in maps:
            tensor.retain_grad()
            painted.append(tensor)

    for name, part in model.generators().items():
        if name != 'selector':
            part.register_forward_hook(keep)
    loss, _ = model.parse_losses(model(**batch, mode='loss'))
    loss.backward()
    assert painted
    for tensor in painted:
        assert tensor.grad.abs().sum() > 0
        assert (tensor.grad * padding).abs().max() == 0


def test_the_truth_is_padded_as_the_image_is() -> None:
    preprocessor = build_model(MODELS['SGENet']).data_preprocessor
    batch = preprocessor(batch_of(*SIZES), training=True)
    padding = padding_of(batch)
    for sample, mask in zip(batch['data_samples'], padding, strict=True):
        colours = sample.gt_image.data[:, mask[0]].float()
        mean = preprocessor.mean.flatten()[:, None]
        assert ((colours - mean).abs() <= 0.5).all()
