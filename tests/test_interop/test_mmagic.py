"""mmagic's parts from config dicts, and the interpreter as it was before importing them."""

import importlib
import subprocess
import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.model import Sequential
from mmengine.registry import init_default_scope
from mmengine.utils import import_modules_from_strings

import seginpaint_mm.interop.mmagic as interop
from seginpaint_mm.registry import MODELS, SCOPE

init_default_scope(SCOPE)


def build(**cfg: object) -> torch.nn.Module:
    return MODELS.build(dict(cfg, _scope_='mmagic'))


def assert_every_parameter_learns(module: torch.nn.Module) -> None:
    without = [name for name, p in module.named_parameters() if p.requires_grad and p.grad is None]
    assert not without
    assert any(p.grad.abs().sum() > 0 for p in module.parameters() if p.requires_grad)


def test_patch_discriminator_and_gan_loss() -> None:
    discriminator = build(
        type='PatchDiscriminator', in_channels=3, base_channels=8, norm_cfg=dict(type='IN')
    )
    loss = build(type='GANLoss', gan_type='lsgan')
    scores = discriminator(torch.rand(2, 3, 64, 64))
    real = loss(scores, target_is_real=True, is_disc=True)
    fake = loss(scores, target_is_real=False, is_disc=True)
    assert real.item() == pytest.approx((scores - 1).square().mean().item(), rel=1e-5)
    assert fake.item() == pytest.approx(scores.square().mean().item(), rel=1e-5)
    (real + fake).backward()
    assert_every_parameter_learns(discriminator)


def test_unet_generator() -> None:
    generator = build(
        type='UnetGenerator',
        in_channels=3,
        out_channels=3,
        num_down=5,
        base_channels=8,
        norm_cfg=dict(type='BN'),
    )
    image = generator(torch.rand(2, 3, 64, 64))
    assert image.shape == (2, 3, 64, 64)
    image.square().mean().backward()
    assert_every_parameter_learns(generator)


def test_deepfill_encoder_decoder() -> None:
    network = build(type='DeepFillEncoderDecoder')
    hole = torch.zeros(1, 1, 64, 64)
    hole[..., 16:48, 16:48] = 1
    image = torch.rand(1, 3, 64, 64)
    network_input = torch.cat([image * (1 - hole), torch.ones_like(hole), hole], dim=1)
    coarse, refined = network(network_input)
    assert coarse.shape == refined.shape == (1, 3, 64, 64)
    (coarse.abs().mean() + refined.abs().mean()).backward()
    assert_every_parameter_learns(network)


def test_scope_prefix_is_enough_for_parts_without_inner_parts() -> None:
    assert type(MODELS.build(dict(type='mmagic.GANLoss', gan_type='vanilla'))).__name__ == 'GANLoss'


def test_config_gets_the_parts_by_custom_imports() -> None:
    cfg = Config.fromstring(
        "custom_imports = dict(imports=['seginpaint_mm.interop.mmagic'])\n"
        "loss = dict(type='mmagic.GANLoss', gan_type='hinge')\n",
        '.py',
    )
    import_modules_from_strings(**cfg.custom_imports)
    assert MODELS.build(cfg.loss).gan_type == 'hinge'


def test_networks_are_initialised_inside_other_modules() -> None:
    model = Sequential(
        build(type='PatchDiscriminator', in_channels=3, base_channels=8),
        build(type='UnetGenerator', in_channels=1, out_channels=3, base_channels=8),
    )
    torch.nn.init.constant_(model[0].model[0].conv.weight, 1)
    model.init_weights()
    for network in model:
        convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
        weights = torch.cat([m.weight.flatten() for m in convolutions])
        assert weights.std().item() == pytest.approx(0.02, rel=0.1)
    assert not any(hasattr(m, '_params_init_info') for m in model.modules())


def test_contextual_attention_takes_features_with_channels_last() -> None:
    attention = sys.modules[
        'mmagic.models.editors.deepfillv1.contextual_attention'
    ].ContextualAttentionModule(softmax_scale=10.0)
    features = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(2, 1, 16, 16)
    mask[..., 4:8, 4:8] = 1
    filled, _ = attention(features, features, mask)
    channels_last = features.contiguous(memory_format=torch.channels_last)
    again, _ = attention(channels_last, channels_last, mask)
    torch.testing.assert_close(again, filled)


def test_registering_again_changes_nothing() -> None:
    before = importlib.import_module('mmagic.registry').MODELS.module_dict.copy()
    interop.register_mmagic()
    assert importlib.import_module('mmagic.registry').MODELS.module_dict == before


@pytest.mark.skipif(
    not hasattr(sys.modules['mmagic.models.editors'], '__getattr__'),
    reason='mmagic works as a whole here, its diffusion models too',
)
def test_diffusion_parts_are_refused_in_one_sentence() -> None:
    with pytest.raises(ImportError, match='StableDiffusion needs the diffusion stack'):
        MODELS.build(dict(type='mmagic.StableDiffusion', unet=dict()))
    with pytest.raises(ImportError, match='ControlStableDiffusion needs the diffusion stack'):
        from mmagic.models.editors import ControlStableDiffusion  # noqa: F401


LEAVES_NOTHING_BEHIND = """
import sys
import mmcv, numpy, torch, torchvision, mmengine
version, names = mmcv.__version__, set(dir(numpy)) | set(vars(numpy))
import seginpaint_mm.interop.mmagic
import seginpaint_mm.models, seginpaint_mm.datasets, mmdet.datasets, mmseg.datasets
assert mmcv.__version__ == version
assert set(dir(numpy)) | set(vars(numpy)) == names, (set(dir(numpy)) | set(vars(numpy))) ^ names
for name, module in sys.modules.items():
    if name.partition('.')[0] in ('diffusers', 'transformers'):
        assert module.__spec__ is not None, name + ' is a placeholder'
"""


def test_import_leaves_the_interpreter_as_it_was() -> None:
    """And prints nothing of what mmdet and mmseg could not import."""
    command = [sys.executable, '-W', 'ignore', '-c', LEAVES_NOTHING_BEHIND]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'OneDL' not in done.stdout + done.stderr


def test_mmagic_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match='mmagic is not installed: run seginpaint doctor --fix'):
        interop.register_mmagic()
