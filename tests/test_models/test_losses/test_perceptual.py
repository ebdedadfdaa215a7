"""Features against torchvision's networks as a whole, losses against loops; weights are found."""

import copy
from collections.abc import Callable
from pathlib import Path
from unittest import mock
from urllib.error import URLError

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor

from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.models.losses import PerceptualFeatures, PerceptualLoss, StyleLoss
from seginpaint_mm.registry import MODELS

# Layer -> name in torchvision's own listing of features.
NODES = {
    'vgg16': {'relu1_1': '1', 'relu2_2': '8', 'relu3_3': '15', 'relu4_3': '22', 'relu5_1': '25'},
    'vgg19': {'relu2_2': '8', 'relu3_4': '17', 'relu4_4': '26', 'relu5_2': '31'},
    'squeezenet1_1': {'relu1': '1', 'fire2': '3', 'fire5': '7', 'fire9': '12'},
}
SMALL = dict(network='squeezenet1_1', layers=('relu1', 'fire3'))


def pictures(seed: int, size: int = 48) -> Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope='module')
def weights(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], tuple[Path, torch.nn.Module]]:
    """A network with random weights without its classifier, and the file with its weights."""
    made = {}

    def make(network: str) -> tuple[Path, torch.nn.Module]:
        if network not in made:
            torch.manual_seed(0)
            with torch.device('meta'):
                whole = getattr(models, network)(weights=None)
            features = whole.features.to_empty(device='cpu').eval()
            for parameter in features.parameters():
                nn.init.normal_(parameter, std=0.05)
            path = tmp_path_factory.mktemp(network) / 'weights.pth'
            state = {f'features.{k}': v for k, v in features.state_dict().items()}
            torch.save({**state, 'classifier.1.weight': torch.zeros(3)}, path)
            made[network] = path, features
        return made[network]

    return make


@pytest.mark.parametrize('network', NODES)
def test_features_are_those_of_torchvision(network: str, weights: Callable) -> None:
    path, whole = weights(network)
    nodes = NODES[network]
    ours = PerceptualFeatures(network=network, layers=tuple(nodes), weights=str(path))
    ours.init_weights()
    found = ours(pictures(0))
    theirs = create_feature_extractor(whole, {number: name for name, number in nodes.items()})
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[..., None, None]
    expected = theirs((pictures(0) - mean) / std)
    assert list(found) == list(nodes)
    for name, value in found.items():
        torch.testing.assert_close(value, expected[name], rtol=1e-4, atol=1e-5)


def test_the_network_is_nobodys_weight() -> None:
    """Neither trained nor saved, but moved and copied with the module."""
    module = PerceptualFeatures(weights=None, **SMALL)
    module.init_weights()
    assert not list(module.parameters())
    assert not module.state_dict()
    image = pictures(0).requires_grad_()
    module(image)['fire3'].sum().backward()
    assert image.grad.any()
    assert all(p.grad is None for p in module._features[0].parameters())
    double = copy.deepcopy(module).double()
    assert double(pictures(0).double())['fire3'].dtype == torch.float64
    assert module(pictures(0))['fire3'].dtype == torch.float32


def test_losses_by_hand() -> None:
    a, b = ({n: torch.rand(2, c, 3, 4) for n, c in (('x', 5), ('y', 2), ('z', 3))} for _ in 'ab')
    layer_weights = dict(x=0.5, y=2.0)
    perceptual = PerceptualLoss(layer_weights=layer_weights, loss_weight=0.1)(a, b)
    expected = sum(w * (a[n] - b[n]).abs().mean() for n, w in layer_weights.items())
    torch.testing.assert_close(perceptual, 0.1 * expected)
    style, grams = StyleLoss(layer_weights=layer_weights, loss_weight=3.0)(a, b), 0.0
    for name, weight in layer_weights.items():
        differences = []
        for one, other in zip(a[name], b[name], strict=True):
            for i in range(len(one)):
                for j in range(len(one)):
                    products = [(f[i] * f[j]).sum() / f.numel() for f in (one, other)]
                    differences.append((products[0] - products[1]).abs().item())
        grams += weight * sum(differences) / len(differences)
    assert style.item() == pytest.approx(3 * grams, rel=1e-4)
    for loss in (PerceptualLoss, StyleLoss):
        assert loss(layer_weights=layer_weights)(a, a).item() == 0
        with pytest.raises(ValueError, match=r"names \['w'\], but the features are of \['x', "):
            loss(layer_weights=dict(w=1.0))(a, b)


def test_style_is_blind_to_places() -> None:
    a = {'x': torch.rand(1, 4, 5, 5)}
    b = {'x': a['x'].flip(-1)}
    assert StyleLoss(layer_weights=dict(x=1.0))(a, b).item() == pytest.approx(0, abs=1e-7)
    assert PerceptualLoss(layer_weights=dict(x=1.0))(a, b).item() > 0.1


def test_one_network_for_both_losses_from_a_config() -> None:
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        features = MODELS.build(dict(type='PerceptualFeatures', weights=None, **SMALL))
        losses = [
            MODELS.build(dict(type=name, layer_weights=dict(relu1=1.0, fire3=0.5)))
            for name in ('PerceptualLoss', 'StyleLoss')
        ]
    target, image = features(pictures(1)), pictures(0).requires_grad_()
    made = features(image)
    sum(loss(made, target) for loss in losses).backward()
    assert image.grad.isfinite().all()


def test_weights_that_are_not_there(tmp_path: Path, weights: Callable) -> None:
    module = PerceptualFeatures(weights=str(tmp_path / 'none.pth'), **SMALL)
    with pytest.raises(CheckpointError, match=r'none\.pth does not exist'):
        module.init_weights()
    module = PerceptualFeatures(weights=str(weights('vgg16')[0]), **SMALL)
    with pytest.raises(CheckpointError, match=r"does not hold torchvision's weights of squeezenet"):
        module.init_weights()
    module = PerceptualFeatures()
    with (
        mock.patch('torch.hub.get_dir', return_value=str(tmp_path)),
        mock.patch('torch.hub.download_url_to_file', side_effect=URLError('no net')),
        pytest.raises(CheckpointError) as error,
    ):
        module.init_weights()
    sentence = str(error.value)
    assert sentence.startswith('The ImageNet weights of vgg16 are not in ')
    for part in (
        str(tmp_path / 'checkpoints' / 'vgg16-397923af.pth'),
        'https://download.pytorch.org/models/vgg16-397923af.pth cannot be reached',
        'perceptual_features=None',
    ):
        assert part in sentence


def test_the_cache_is_used(tmp_path: Path, weights: Callable) -> None:
    path, whole = weights('vgg16')
    cached = tmp_path / 'checkpoints' / 'vgg16-397923af.pth'
    cached.parent.mkdir()
    cached.write_bytes(path.read_bytes())
    module = PerceptualFeatures()
    with (
        mock.patch('torch.hub.get_dir', return_value=str(tmp_path)),
        mock.patch('torch.hub.download_url_to_file', side_effect=AssertionError),
    ):
        module.init_weights()
    assert torch.equal(module._features[0][0].weight, whole[0].weight)


def test_wrong_names() -> None:
    with pytest.raises(ValueError, match=r"network must be one of .*, not 'vgg17'"):
        PerceptualFeatures(network='vgg17')
    with pytest.raises(ValueError, match=r"vgg16 has no \['relu2_3'\]; it has relu1_1, relu1_2, r"):
        PerceptualFeatures(layers=('relu2_2', 'relu2_3'))
    with pytest.raises(ValueError, match='has no empty list'):
        PerceptualFeatures(layers=())


def test_real_weights(real_data: Path) -> None:
    """Images that look alike are nearer than others."""
    path = real_data / 'weights' / 'squeezenet1_1_torchvision.pth'
    module = PerceptualFeatures(weights=str(path), **SMALL)
    module.init_weights()
    loss = PerceptualLoss(layer_weights=dict(fire3=1.0))
    picture = nn.functional.interpolate(pictures(0, size=6), (48, 48), mode='bilinear')
    noisy = (picture + 0.02 * torch.randn(picture.shape)).clamp(0, 1)
    alike = loss(module(noisy), module(picture))
    assert alike < 0.5 * loss(module(pictures(1)), module(picture))
