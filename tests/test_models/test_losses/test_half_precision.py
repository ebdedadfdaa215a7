"""Every loss is finite in float16 with activations as large as trained networks have them."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import seginpaint_mm.interop.mmagic  # noqa: F401  registers mmagic's GANLoss
from seginpaint_mm.models import losses
from seginpaint_mm.models.holes import weighted_l1
from seginpaint_mm.models.maskopt.stages import feature_matching
from seginpaint_mm.registry import MODELS
from tests.helpers.model_tester import street_like_sample

LARGE = 3e4  # float16 ends at 65504


def activations(*shape: int, seed: int = 0) -> Tensor:
    """float16 in (-LARGE, LARGE), part of a graph."""
    generator = torch.Generator().manual_seed(seed)
    values = (2 * torch.rand(shape, generator=generator) - 1) * LARGE
    return values.half().requires_grad_()


def labels(*shape: int) -> Tensor:
    return torch.randint(0, 4, shape, generator=torch.Generator().manual_seed(2))


def box_loss() -> Tensor:
    pixels = 3000
    return losses.BootstrappedBoxLoss()(
        activations(pixels, 4),
        activations(pixels, 4, seed=1).detach(),
        torch.rand(pixels).half(),
        torch.zeros(pixels, dtype=torch.int64),
    )


def cross_entropy(kind: type, **arguments: object) -> Callable[[], Tensor]:
    return lambda: kind(**arguments)(activations(2, 4, 64, 64), labels(2, 64, 64))


def mask_expansion() -> Tensor:
    distance = torch.linspace(-1, 1, 300 * 300).half().view(1, 1, 300, 300)
    return losses.MaskExpansionLoss()(activations(1, 1, 300, 300).sigmoid(), distance)


def region_weighted(reduction: str) -> Callable[[], Tensor]:
    full = torch.rand(3, 200, 200) < 0.5
    visible = full & (torch.rand(3, 200, 200) < 0.5)
    loss = losses.RegionWeightedBCELoss(reduction=reduction)
    return lambda: loss(activations(3, 200, 200), visible, full)


def of_features(kind: type) -> Callable[[], Tensor]:
    loss = kind(layer_weights={'relu1': 1.0, 'relu2': 0.5})

    def compute() -> Tensor:
        features, target = (
            {'relu1': activations(1, 16, 96, 96, seed=s), 'relu2': activations(1, 8, 9, 9, seed=s)}
            for s in (0, 1)
        )
        return loss(features, target)

    return compute


def painted_pixels() -> Tensor:
    image = activations(1, 3, 200, 200).sigmoid()
    return weighted_l1(image, torch.zeros_like(image), image[:, :1] > 0.5, 10.0)


def matching() -> Tensor:
    of_painted, of_truth = ([activations(1, 8, 64, 64, seed=s).float()] for s in (0, 1))
    return feature_matching(of_painted, of_truth)


def gan(gan_type: str) -> Callable[[], Tensor]:
    loss = MODELS.build(dict(type='mmagic.GANLoss', gan_type=gan_type))
    return lambda: loss(activations(1, 1, 200, 200).float(), True, is_disc=False)


def of_head(name: str, num_logits: int, **arguments: object) -> Callable[[], Tensor]:
    """A decode head's loss of its logits."""
    head = MODELS.build(dict(type=name, in_channels=4, **arguments))
    batch = [street_like_sample(64, 64, seed) for seed in range(2)]

    def compute() -> Tensor:
        losses_ = head.loss_by_feat(activations(2, num_logits, 64, 64), batch)
        return sum(value for key, value in losses_.items() if key.startswith('loss'))

    return compute


LOSSES = {
    'BackgroundHead': of_head('BackgroundHead', 3, psp_channels=8, up_channels=(8, 8, 8)),
    'ForegroundHead': of_head('ForegroundHead', 1, channels=8, up_channels=(8, 8)),
    'FCRNHead': of_head('FCRNHead', 3, num_classes=3, kernel_size=1),
    'BootstrappedBoxLoss': box_loss,
    'BootstrappedCrossEntropyLoss': cross_entropy(losses.BootstrappedCrossEntropyLoss),
    'ClassWeightedCrossEntropyLoss': cross_entropy(
        losses.ClassWeightedCrossEntropyLoss, class_weight=[1.0, 2.0, 3.0, 4.0]
    ),
    'MaskExpansionLoss': mask_expansion,
    'PerceptualLoss': of_features(losses.PerceptualLoss),
    'RegionWeightedBCELoss': region_weighted('mean'),
    'RegionWeightedBCELoss pixel_mean': region_weighted('pixel_mean'),
    'RegionWeightedBCELoss sum': region_weighted('sum'),
    'StyleLoss': of_features(losses.StyleLoss),
    'weighted_l1': painted_pixels,
    'feature_matching': matching,
    'GANLoss hinge': gan('hinge'),
    'GANLoss vanilla': gan('vanilla'),
}


@pytest.mark.parametrize('name', LOSSES)
def test_finite_under_float16_autocast(name: str) -> None:
    with torch.autocast('cpu', dtype=torch.float16):
        loss = LOSSES[name]()
    assert loss.dtype == torch.float32
    assert loss.isfinite()
    loss.backward()


def test_every_loss_of_the_package_is_tried() -> None:
    registered = {name for name in losses.__all__ if name.endswith('Loss')}
    assert registered <= {name.split()[0] for name in LOSSES}
