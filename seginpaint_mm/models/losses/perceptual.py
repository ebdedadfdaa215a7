"""Perceptual, style and feature losses."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import l1_loss
from torchvision import models

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.registry import MODELS

_VGGS = {'vgg16': 'D', 'vgg19': 'E'}  # torchvision's names of their layouts
NETWORKS = (*_VGGS, 'squeezenet1_1')
TORCHVISION = 'torchvision'
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, R, G, B in [0, 1]


@MODELS.register_module()
class PerceptualFeatures(BaseModule):
    """Features of images in a fixed network: the Psi_n of SGE-Net's eq. (7).

    A model computes the features of an image once and hands them to as many losses as it has
    (:class:`PerceptualLoss`, :class:`StyleLoss`). Gradients pass to the images. The network is
    not among the model's weights: it is neither trained nor saved in checkpoints, which
    :meth:`init_weights` therefore loads it for, and predictions do not need it.

    Args:
        network: ``'vgg16'``, ``'vgg19'`` or the small ``'squeezenet1_1'``, of torchvision.
        layers: Names of the layers whose output is wanted: ``'relu2_2'`` is the second ReLU
            between the first and the second pooling of a VGG; SqueezeNet has ``'relu1'`` and
            ``'fire2'`` to ``'fire9'``. What comes after the last of them is left out.
        weights: A file of torchvision's weights; or ``'torchvision'``: from its cache, where they
            are downloaded to if they are not there; or None: random weights, for trials.

    Raises:
        ValueError: when there is no such network or layer.
    """

    def __init__(
        self,
        *,
        network: str = 'vgg16',
        layers: Sequence[str] = ('relu2_2', 'relu3_3', 'relu4_3'),
        weights: str | None = TORCHVISION,
    ) -> None:
        super().__init__()
        if network not in NETWORKS:
            raise ValueError(
                f'PerceptualFeatures.network must be one of {NETWORKS}, not {network!r}.'
            )
        modules = _modules(network)
        names = _vgg_names(modules) if network in _VGGS else _squeezenet_names(modules)
        unknown = [name for name in layers if name not in names]
        if unknown or not layers:
            known = ', '.join(name for name in names if name)
            raise ValueError(
                f'PerceptualFeatures.layers: {network} has no {unknown or "empty list"}; it has '
                f'{known}.'
            )
        self.network, self.layers, self.weights = network, tuple(layers), weights
        self._names = names[: 1 + max(names.index(name) for name in layers)]
        # in a list, as parts of the module would be saved with the model
        self._features = [nn.Sequential(*modules[: len(self._names)]).requires_grad_(False).eval()]
        self.register_buffer('mean', torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer('std', torch.tensor(_STD)[:, None, None], persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], *rest: bool) -> nn.Module:
        """Move the network along with the model it belongs to."""
        self._features[0]._apply(fn, *rest)
        return super()._apply(fn, *rest)

    def init_weights(self) -> None:
        """Load the weights.

        Raises:
            CheckpointError: when they are not there or are another network's.
        """
        self._is_init = True
        if self.weights is None:
            self._randomise()
        else:
            self._load(self._weights_file())

    def _randomise(self) -> None:
        print_log(
            f'PerceptualFeatures: {self.network} has random weights (weights=None); perceptual and '
            f'style losses mean little so.',
            logger='current',
            level=logging.WARNING,
        )
        for module in self._features[0].modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def _load(self, path: Path) -> None:
        found = load_checkpoint_safely(path)
        wanted = self._features[0].state_dict()
        state = {name: found[f'features.{name}'] for name in wanted if f'features.{name}' in found}
        try:
            self._features[0].load_state_dict(state)
        except RuntimeError as error:
            raise CheckpointError(
                f"{path} does not hold torchvision's weights of {self.network} "
                f'({len(state)} of {len(wanted)} tensors are there): give the file of that network.'
            ) from error

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Layer name -> features N,C,h,w of images N,3,H,W, RGB in [0, 1]."""
        x, found = (pictures - self.mean) / self.std, {}
        for name, module in zip(self._names, self._features[0], strict=True):
            x = module(x)
            if name in self.layers:
                found[name] = x
        return found

    def _weights_file(self) -> Path:
        if self.weights != TORCHVISION:
            return Path(self.weights).expanduser()
        url = models.get_model_weights(self.network).DEFAULT.url
        path = Path(torch.hub.get_dir(), 'checkpoints', Path(urlsplit(url).path).name)
        if path.is_file():
            return path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path))
        except OSError as error:
            raise CheckpointError(
                f'The ImageNet weights of {self.network} are not in {path}, and {url} cannot be '
                f'reached ({error}): download them there elsewhere, or name a file in '
                f'perceptual_features.weights, or set perceptual_features=None to train without.'
            ) from error
        return path


def _modules(network: str) -> list[nn.Module]:
    """The layers before the classifier."""
    if network in _VGGS:  # without its classifier, which is most of it
        return list(models.vgg.make_layers(models.vgg.cfgs[_VGGS[network]]))
    return list(getattr(models, network)(weights=None).features)


def _vgg_names(modules: Sequence[nn.Module]) -> list[str]:
    """The name of each layer, '' where it has none."""
    names, block, number = [], 1, 0
    for module in modules:
        if isinstance(module, nn.MaxPool2d):
            block, number = block + 1, 0
        is_activation = isinstance(module, nn.ReLU)
        number += is_activation
        names.append(f'relu{block}_{number}' if is_activation else '')
    return names


def _squeezenet_names(modules: Sequence[nn.Module]) -> list[str]:
    names, number = [], 1
    for module in modules:
        is_fire = isinstance(module, models.squeezenet.Fire)
        number += is_fire
        if is_fire:
            names.append(f'fire{number}')
        else:
            names.append('relu1' if isinstance(module, nn.ReLU) else '')
    return names


Features = Mapping[str, Tensor]


def weighted_distance(
    layer_weights: Mapping[str, float],
    features: Features,
    target: Features,
    distance: Callable[[Tensor, Tensor], Tensor],
) -> Tensor:
    """The sum over the layers of weight times distance, in float32 also in mixed precision.

    Distances sum over whole maps, which float16 cannot hold, and autocast would turn a product of
    matrices back to it.

    Raises:
        ValueError: when a layer is not among the features.
    """
    missing = [name for name in layer_weights if name not in features]
    if missing:
        raise ValueError(
            f'layer_weights names {missing}, but the features are of {list(features)}: list them '
            f'in PerceptualFeatures.layers.'
        )
    pairs = [(features[name].float(), target[name].float()) for name in layer_weights]
    with torch.autocast(pairs[0][0].device.type, enabled=False):
        return sum(
            weight * distance(*pair)
            for weight, pair in zip(layer_weights.values(), pairs, strict=True)
        )


@MODELS.register_module()
class PerceptualLoss(nn.Module):
    """The mean absolute difference of the features of each layer.

    Args:
        layer_weights: Layer of :class:`PerceptualFeatures` -> its weight.
        loss_weight: Factor of the sum over the layers, lambda_p of eq. (7).
    """

    def __init__(self, *, layer_weights: Mapping[str, float], loss_weight: float = 1.0) -> None:
        super().__init__()
        self.layer_weights = dict(layer_weights)
        self.loss_weight = loss_weight

    def forward(self, features: Features, target: Features) -> Tensor:
        """Scalar float32 loss.

        Args:
            features: Layer -> N,C,h,w of the painted images.
            target: The same of the true ones.

        Raises:
            ValueError: when a layer is missing.
        """
        return self.loss_weight * weighted_distance(self.layer_weights, features, target, l1_loss)


@MODELS.register_module()
class StyleLoss(nn.Module):
    """The mean absolute difference of the Gram matrices of each layer's features.

    Args:
        layer_weights: Layer of :class:`PerceptualFeatures` -> its weight.
        loss_weight: Factor of the sum over the layers.
    """

    def __init__(self, *, layer_weights: Mapping[str, float], loss_weight: float = 1.0) -> None:
        super().__init__()
        self.layer_weights = dict(layer_weights)
        self.loss_weight = loss_weight

    def forward(self, features: Features, target: Features) -> Tensor:
        """Scalar float32 loss; see :meth:`PerceptualLoss.forward`."""
        distance = weighted_distance(self.layer_weights, features, target, _gram_distance)
        return self.loss_weight * distance


def gram_matrix(features: Tensor) -> Tensor:
    """N,C,C of N,C,h,w: products of channels, summed over places and divided by C*h*w."""
    rows = features.flatten(2)
    return rows @ rows.transpose(1, 2) / rows[0].numel()


def _gram_distance(features: Tensor, target: Tensor) -> Tensor:
    return l1_loss(gram_matrix(features), gram_matrix(target))
