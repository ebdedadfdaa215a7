"""A model made ready for inference predicts what it predicted before."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import nn

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.apis.fast_inference import prepare_for_inference
from tests.model_tester import build_model, check_training_step
from tests.segan_scenes import scenes, tiny_segan

MODELS = Path(__file__).parents[2] / 'configs' / '_base_' / 'models'


def trained_model(base: str) -> nn.Module:
    """A model whose batch norms and activations are not what they are at the start."""
    return with_other_norms(build_model(Config.fromfile(MODELS / f'{base}.py').model).eval())


def with_other_norms(model: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values in (module.weight.data, module.running_var):
                values.copy_(torch.rand(values.shape, generator=generator) + 0.5)
            for values in (module.bias.data, module.running_mean):
                values.copy_(torch.randn(values.shape, generator=generator) * 0.1)
        if isinstance(module, nn.PReLU):
            module.weight.data.fill_(0.1)
    return model


@pytest.mark.parametrize('base', ['pspnet_r18', 'pspnet_r18_shared', 'pspnet_r50_shared'])
def test_predicts_the_same(base):
    model = trained_model(base)
    images = torch.randn(2, 3, 40, 64, generator=torch.Generator().manual_seed(0))
    fast = prepare_for_inference(model)
    with torch.inference_mode():
        expected, result = model(images), fast(images)
    for name, logits, expected_logits in zip(
        ('background', 'foreground'), result, expected, strict=True
    ):
        scale = expected_logits.abs().max()
        error = (logits - expected_logits).abs().max() / scale
        assert error < 1e-4, f'{name}: {error}'


def test_segan_completes_the_same():
    """Its first convolution is used in two parts; its painter has transposed convolutions."""
    model = with_other_norms(build_model(tiny_segan()).eval())
    for weights in model.painter.generator.parameters():
        weights.data *= 5  # colours that differ
    fast = prepare_for_inference(model)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fast.painter.modules())
    with torch.inference_mode():
        (expected,), (found,) = (one.test_step(scenes(3)) for one in (model, fast))
    expected, found = expected.pred_instances, found.pred_instances
    torch.testing.assert_close(found.full_probs, expected.full_probs, atol=1e-4, rtol=0)
    colours = (found.painted[:, :3].int() - expected.painted[:, :3].int()).abs()
    assert colours.max() <= 1
    assert expected.painted[:, :3].float().std() > 5


def test_nothing_is_left_to_fold_or_train():
    fast = prepare_for_inference(trained_model('pspnet_r18_shared'))
    assert not any(isinstance(module, (nn.BatchNorm2d, nn.PReLU)) for module in fast.modules())
    assert not any(parameter.requires_grad for parameter in fast.parameters())
    assert not any(module.training for module in fast.modules())


def test_the_given_model_can_still_be_trained():
    model = trained_model('pspnet_r18_shared').train()
    before = {name: values.clone() for name, values in model.state_dict().items()}
    prepare_for_inference(model)
    after = model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], values) for name, values in before.items())
    check_training_step(model)


def test_the_inferencers_predictions_are_ordinary_tensors(work_dir: Path):
    inferencer = SegInpaintInferencer(work_dir, device='cpu', show_progress=False)
    image = np.random.default_rng(0).integers(0, 256, (128, 256, 3), dtype=np.uint8)
    sample = inferencer(image)['predictions'][0]
    for field in ('pred_background', 'pred_foreground', 'pred_foreground_prob'):
        maps = sample.get(field).data
        assert not maps.is_inference()
        assert not maps.requires_grad
