"""The painter's networks and losses against what pix2pix says they are."""

import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config

from seginpaint_mm.models.segan import Pix2PixHead
from seginpaint_mm.registry import MODELS
from tests.helpers.model_tester import build_model
from tests.helpers.segan_scenes import PAINTER_SIZE, tiny_painter
from tests.helpers.tool_runs import REPOSITORY


@pytest.fixture(scope='module')
def painter() -> Pix2PixHead:
    return build_model(tiny_painter())


def pictures(seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(2, 3, PAINTER_SIZE, PAINTER_SIZE, generator=generator) * 2 - 1


def test_losses_by_hand(painter: Pix2PixHead) -> None:
    painter.eval()
    coloured, painted, truth = (pictures(seed) for seed in range(3))
    real, fake = (painter.discriminator(torch.cat([coloured, p], 1)) for p in (truth, painted))
    of_generator = painter.generator_losses(coloured, painted, truth)
    torch.testing.assert_close(of_generator['loss_gan'], F.softplus(-fake).mean())
    torch.testing.assert_close(of_generator['loss_l1'], 100 * (painted - truth).abs().mean())
    of_discriminator = painter.discriminator_losses(coloured, painted, truth)
    torch.testing.assert_close(of_discriminator['loss_real'], F.softplus(-real).mean())
    torch.testing.assert_close(of_discriminator['loss_fake'], F.softplus(fake).mean())


def test_the_judge_does_not_move_the_mask(painter: Pix2PixHead) -> None:
    painter.train()
    coloured = pictures(0).requires_grad_()
    painted = painter(coloured)
    assert painted.abs().max() <= 1
    painter.generator_losses(coloured, painted.detach(), pictures(2))['loss_gan'].backward()
    assert coloured.grad is None
    painter.generator_losses(coloured, painted, pictures(2))['loss_gan'].backward()
    assert coloured.grad.any()


def test_paper_networks() -> None:
    """64 filters, 8 layers down and up, dropout in three; a 70x70 PatchGAN on 6 channels."""
    config = Config.fromfile(REPOSITORY / 'configs/_base_/models/segan.py').model.painter
    with torch.device('meta'):
        painter = MODELS.build(copy.deepcopy(config))
    # numbers of parameters that the PyTorch pix2pix prints
    assert sum(p.numel() for p in painter.generator.parameters()) == 54_413_955
    assert sum(p.numel() for p in painter.discriminator.parameters()) == 2_768_705
    kinds = [type(module).__name__ for module in painter.generator.modules()]
    assert kinds.count('Conv2d') == kinds.count('ConvTranspose2d') == 8
    assert kinds.count('Dropout') == 3
    assert [type(m).__name__ for m in painter.discriminator.modules()].count('Conv2d') == 5


def test_initial_weights() -> None:
    painter = build_model(tiny_painter())
    for network in (painter.generator, painter.discriminator):
        convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
        weights = torch.cat([m.weight.flatten() for m in convolutions])
        assert weights.std().item() == pytest.approx(0.02, rel=0.1)
        assert weights.mean().item() == pytest.approx(0, abs=2e-3)
