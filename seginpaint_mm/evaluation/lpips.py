"""``LPIPSMetric``: how different filled pictures look to a network (Zhang et al., CVPR 2018)."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torchmetrics.functional.image import lpips

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.evaluation.metric_network import MetricNetwork
from seginpaint_mm.evaluation.painted_picture import HOLE_RATIOS, PaintedPicture
from seginpaint_mm.evaluation.painted_picture_metric import Measured, PaintedPictureMetric
from seginpaint_mm.registry import METRICS

# Network -> torchvision's file of it.
_FILES = {
    'squeeze': 'squeezenet1_1-b8a52dc0.pth',
    'alex': 'alexnet-owt-7be5be79.pth',
    'vgg': 'vgg16-397923af.pth',
}


@METRICS.register_module()
class LPIPSMetric(PaintedPictureMetric):
    """Learned perceptual distance of whole filled pictures and the truth; 0 = they look the same.

    torchmetrics computes it, with the linear heads of version 0.1 that it brings along. Values of
    different networks cannot be compared. Key: ``LPIPS`` (and by bins, see
    :class:`PaintedPictureMetric`).

    Args:
        weights: File of torchvision's ImageNet weights of the network.
        network: ``'squeeze'`` (SqueezeNet 1.1), ``'alex'`` or ``'vgg'`` (VGG-16).
        heads: File of other linear heads; None for those of torchmetrics.
        optional: Without the weights the metric is left out, with a warning.
        ratios: See :class:`PaintedPictureMetric`.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.

    Raises:
        ValueError: when there is no such network.
        CheckpointError: with the first picture, when a file is missing or not the network's.
    """

    count_name = 'num_images_LPIPS'

    def __init__(
        self,
        weights: str,
        *,
        network: str = 'squeeze',
        heads: str | None = None,
        optional: bool = False,
        ratios: Sequence[float] = HOLE_RATIOS,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(ratios=ratios, collect_device=collect_device, prefix=prefix)
        if network not in _FILES:
            raise ValueError(f'LPIPSMetric.network must be one of {[*_FILES]}, not {network!r}.')
        own_heads = Path(lpips.__file__).parent / f'lpips_models/{network}.pth'
        self._network = MetricNetwork(
            metric='LPIPSMetric',
            weights=weights,
            source=f'{_FILES[network]} of https://download.pytorch.org/models',
            build=lambda path: _build(network, path, Path(heads or own_heads)),
            optional=optional,
        )

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Measure one batch, see :class:`PaintedPictureMetric`."""
        if self._network.get() is not None:
            super().process(data_batch, data_samples)

    @torch.no_grad()
    def measure(self, picture: PaintedPicture) -> dict[str, float]:
        network = self._network.get().to(picture.painted.device)
        pair = (colours[None].float() / 255 for colours in (picture.painted, picture.truth))
        return dict(LPIPS=network(*pair, normalize=True).item())

    def compute_metrics(self, results: list[Measured]) -> dict[str, float]:
        """Average over the pictures; nothing where the metric is left out."""
        return super().compute_metrics(results) if results else {}


def _build(network: str, weights: Path, heads: Path) -> nn.Module:
    """torchmetrics' network, whose public constructor would download the weights."""
    module = lpips._LPIPS(pretrained=False, net=network, pnet_rand=True)
    trunk = load_checkpoint_safely(weights)
    names = {
        name: re.sub(r'^slices?\.?\d+\.', 'features.', name) for name in module.net.state_dict()
    }
    _load(module.net, {name: trunk.get(theirs) for name, theirs in names.items()}, weights)
    own = [name for name in module.state_dict() if re.match(r'lin\d', name)]
    found = load_checkpoint_safely(heads)
    _load(module, {name: found.get(name) for name in own}, heads)
    return module


def _load(module: nn.Module, state: Mapping[str, Tensor | None], path: Path) -> None:
    wanted = module.state_dict()
    wrong = [
        name
        for name, tensor in state.items()
        if tensor is None or tensor.shape != wanted[name].shape
    ]
    if wrong:
        raise CheckpointError(
            f'LPIPSMetric: {path} is not a file of this network ({len(wrong)} of {len(state)} '
            f'tensors are missing or of another shape, first: {wrong[0]}): name its own.'
        )
    module.load_state_dict(state, strict=False)
