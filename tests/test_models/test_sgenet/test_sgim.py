"""SGIM and SGIM+ against equations (3) and (6)."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from seginpaint_mm.models.sgenet import SGIM, PlainInference, SGIMPlus

CHANNELS = dict(feature_channels=4, skip_channels=3, out_channels=5)
GUIDED = dict(num_classes=6, hidden_channels=8)


def inputs() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features, skip features, segmentation and reliability."""
    torch.manual_seed(0)
    segmentation = torch.randn(2, 6, 4, 6).softmax(dim=1)
    reliability = (torch.rand(2, 1, 4, 6) < 0.5).float()
    return torch.randn(2, 4, 4, 6), torch.randn(2, 3, 8, 12), segmentation, reliability


def normalised(features: Tensor, skip: Tensor) -> Tensor:
    """(f - mu) / sigma of the concatenated features."""
    enlarged = F.interpolate(features, scale_factor=2, mode='bilinear', align_corners=False)
    f = torch.cat([enlarged, skip], dim=1)
    mu = f.mean(dim=(2, 3), keepdim=True)
    return (f - mu) / (f.var(dim=(2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()


@pytest.mark.parametrize('scaling', ['1+gamma', 'gamma'])
def test_modulation_is_equation_3(scaling: str) -> None:
    features, skip, segmentation, _ = inputs()
    module = SGIM(**CHANNELS, **GUIDED, scaling=scaling)
    enlarged = F.interpolate(segmentation, scale_factor=2, mode='bilinear', align_corners=False)
    shared = module.shared(enlarged)
    gamma, beta = module.gamma(shared), module.beta(shared)
    expected = normalised(features, skip) * (gamma + (scaling == '1+gamma')) + beta
    modulated = module.modulate(features, skip, segmentation)
    torch.testing.assert_close(modulated, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(module(features, skip, segmentation), module.base(modulated))
    assert not list(module.norm.parameters())


def test_sgim_plus_is_equation_6() -> None:
    features, skip, segmentation, reliability = inputs()
    module = SGIMPlus(**CHANNELS, **GUIDED, mask_channels=2)
    modulated = module.modulate(features, skip, segmentation)
    mask = reliability.repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = module.base(modulated) + module.bias(torch.cat([modulated, module.mask(mask)], 1))
    found = module(features, skip, segmentation, reliability)
    torch.testing.assert_close(found, expected)
    assert found.shape == (2, 5, 8, 12)
    other = module(features, skip, segmentation, 1 - reliability)
    assert (other - found).abs().max() > 1e-3


def test_gradients_pass_through_the_segmentation() -> None:
    features, skip, segmentation, _ = inputs()
    segmentation.requires_grad_()
    SGIM(**CHANNELS, **GUIDED)(features, skip, segmentation).sum().backward()
    assert segmentation.grad.any()


def test_plain_inference_is_the_same_without_a_guide() -> None:
    features, skip, _, _ = inputs()
    module = PlainInference(**CHANNELS)
    expected = module.base(normalised(features, skip))
    torch.testing.assert_close(module(features, skip), expected, rtol=1e-4, atol=1e-4)
    assert sum(p.numel() for p in module.norm.parameters()) == 2 * 7


@pytest.mark.parametrize(
    'norm_cfg', [dict(type=kind) for kind in ('BN', 'SyncBN', 'IN')], ids=lambda c: c['type']
)
def test_other_normalisations(norm_cfg: dict) -> None:
    features, skip, segmentation, _ = inputs()
    module = SGIM(**CHANNELS, **GUIDED, norm_cfg=norm_cfg)
    kind = dict(BN='BatchNorm2d', SyncBN='SyncBatchNorm', IN='InstanceNorm2d')[norm_cfg['type']]
    assert type(module.norm).__name__ == kind
    assert not list(module.norm.parameters())
    assert module(features, skip, segmentation).isfinite().all()


@pytest.mark.parametrize('size', ['fine', 'coarse'])
def test_size_at_which_gamma_and_beta_are_made(size: str) -> None:
    """They are the same where the segmentation is the same everywhere, away from the borders."""
    module = SGIM(**CHANNELS, **GUIDED, modulation_size=size)
    seen = []
    module.gamma.register_forward_hook(lambda _, __, made: seen.append(made.shape[-2:]))
    features, skip, segmentation, _ = inputs()
    varied = module.modulate(features, skip, segmentation)
    assert seen == [(8, 12) if size == 'fine' else (4, 6)]
    fine = SGIM(**CHANNELS, **GUIDED)
    fine.load_state_dict(module.state_dict())
    same = (varied - fine.modulate(features, skip, segmentation)).abs().max() < 1e-5
    assert same == (size == 'fine')
    features, skip, even = (
        torch.randn(1, 4, 8, 8),
        torch.randn(1, 3, 16, 16),
        torch.ones(1, 6, 8, 8),
    )
    made, expected = (one.modulate(features, skip, even) for one in (module, fine))
    inner = (..., slice(6, 10), slice(6, 10))
    torch.testing.assert_close(made[inner], expected[inner], rtol=1e-4, atol=1e-4)


def test_another_scaling_is_told() -> None:
    with pytest.raises(ValueError, match=r"SGIM\.scaling must be one of .*, not 'spade'"):
        SGIM(**CHANNELS, **GUIDED, scaling='spade')
    with pytest.raises(ValueError, match=r"SGIM\.modulation_size must be one of .*, not 'half'"):
        SGIM(**CHANNELS, **GUIDED, modulation_size='half')
