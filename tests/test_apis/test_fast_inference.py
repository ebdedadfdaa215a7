"""A model made ready for inference predicts what it predicted before."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import nn

from seginpaint_mm.apis import Removal, SegInpaintInferencer
from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.models.baselines import UntrainedInpainter
from seginpaint_mm.registry import MODELS as MODEL_REGISTRY
from tests.helpers.model_tester import build_model, check_training_step
from tests.helpers.segan_scenes import scenes, tiny_segan

CONFIGS = Path(__file__).parents[2] / 'configs'
MODELS = CONFIGS / '_base_' / 'models'


def trained_model(base: str) -> nn.Module:
    """A model whose batch norms and activations are not what they are at the start."""
    config = CONFIGS / 'mpi' if '50' in base else MODELS
    return with_other_norms(build_model(Config.fromfile(config / f'{base}.py').model).eval())


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


@pytest.mark.parametrize(
    'base', ['pspnet_r18', 'pspnet_r18_shared', 'pspnet_r50_shared_cityscapes']
)
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


class Scripted(nn.Module):
    """What public inpainters (LaMa, MI-GAN) are: a network of image and mask."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.out = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = torch.cat([image * (1 - mask), mask], 1)
        return torch.sigmoid(self.out(torch.relu(self.norm(self.conv(seen)))))


@MODEL_REGISTRY.register_module()
class ScriptedInpainter(UntrainedInpainter):
    """As a user would write it: a TorchScript file behind ``paint``."""

    def __init__(self, *, file: str, data_preprocessor: dict | None = None) -> None:
        super().__init__(data_preprocessor=data_preprocessor)
        self.network = torch.jit.load(file)

    def paint(self, picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
        image = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
        mask = torch.from_numpy(hole)[None, None].float()
        made = self.network(image, mask)[0].permute(1, 2, 0)
        return (made * 255).round().to(torch.uint8).numpy()


def in_torchscript(kind: str) -> torch.jit.ScriptModule:
    torch.manual_seed(0)
    network = with_other_norms(Scripted().eval())
    if kind == 'trace':
        example = torch.rand(1, 3, 16, 16), torch.rand(1, 1, 16, 16)
        return torch.jit.trace(network, example)
    scripted = torch.jit.script(network)
    return torch.jit.freeze(scripted) if kind == 'freeze' else scripted


@pytest.mark.parametrize('kind', ['script', 'trace', 'freeze'])
@pytest.mark.parametrize('task', ['fill', 'remove'])
def test_torchscript_inside_a_users_inpainter(tmp_path: Path, kind: str, task: str) -> None:
    network = in_torchscript(kind)
    network.save(str(tmp_path / 'network.pt'))
    steps = [dict(type='PackScene')]
    dataset = dict(type='CityscapesLabelDataset', data_root='nowhere', pipeline=steps)
    model = dict(type='ScriptedInpainter', file=str(tmp_path / 'network.pt'))
    cfg = Config(dict(model=model, test_dataloader=dict(dataset=dataset), test_cfg=dict()))
    inferencer = SegInpaintInferencer(cfg, device='cpu', show_progress=False, task=task)
    assert not any(weights.requires_grad for weights in inferencer.model.parameters())
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    mask = np.zeros((40, 50), bool)
    mask[10:20, 15:30] = True
    removal = Removal(feather=0) if task == 'remove' else None
    (sample,) = inferencer(image, masks=mask, removal=removal)['predictions']
    painted = sample.pred_image.data.permute(1, 2, 0).numpy()
    with torch.inference_mode():
        seen = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)[None] / 255
        made = network(seen, torch.from_numpy(mask)[None, None].float())[0].permute(1, 2, 0)
    np.testing.assert_allclose(painted[mask], (made * 255).numpy()[mask], atol=1)
    np.testing.assert_array_equal(painted[~mask], image[..., ::-1][~mask])


def test_the_given_torchscript_can_still_be_trained() -> None:
    network = in_torchscript('script')
    prepare_for_inference(nn.Sequential(network))
    assert all(weights.requires_grad and weights.is_leaf for weights in network.parameters())
