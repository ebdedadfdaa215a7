"""``FIDMetric``: how far the set of filled pictures is from the set of true ones."""

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchvision import models

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.evaluation.metric_network import MetricNetwork
from seginpaint_mm.evaluation.painted_picture import read_painted_picture
from seginpaint_mm.registry import METRICS

_SOURCES = {
    'inception': (
        'pt_inception-2015-12-05-6726825d.pth of https://github.com/toshas/torch-fidelity/releases'
    ),
    'squeezenet': 'squeezenet1_1-b8a52dc0.pth of https://download.pytorch.org/models',
}
_KEYS = {'inception': 'FID', 'squeezenet': 'FD_squeezenet'}


@METRICS.register_module()
class FIDMetric(BaseMetric):
    """Fréchet distance of the features of whole filled pictures and of the true ones.

    torchmetrics computes it. Key: ``FID`` with Inception-v3's 2048 features, of the published
    weights, as in the papers; with the small SqueezeNet, for machines that have no others, the
    distance is another one, and its key ``FD_squeezenet``. Either depends on the number of
    pictures; it is NaN for fewer than two.

    Args:
        weights: File of the network's weights: torch-fidelity's of Inception-v3, or torchvision's
            of SqueezeNet 1.1.
        network: ``'inception'`` or ``'squeezenet'``.
        optional: Without the weights the metric is left out, with a warning.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.

    Raises:
        ValueError: when there is no such network.
        CheckpointError: with the first picture, when the file is missing or not the network's.
    """

    def __init__(
        self,
        weights: str,
        *,
        network: str = 'inception',
        optional: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if network not in _KEYS:
            raise ValueError(f'FIDMetric.network must be one of {[*_KEYS]}, not {network!r}.')
        self.key = _KEYS[network]
        self._network = MetricNetwork(
            metric='FIDMetric',
            weights=weights,
            source=_SOURCES[network],
            build=_inception if network == 'inception' else _SqueezeNetFeatures,
            optional=optional,
        )

    @torch.no_grad()
    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep the features of one batch; see :class:`PaintedPictureMetric` for its fields."""
        network = self._network.get()
        if network is None:
            return
        for sample in data_samples:
            picture = read_painted_picture(sample, metric='FIDMetric')
            pair = torch.stack([picture.truth, picture.painted])
            self.results.append(network.to(pair.device)(pair).cpu())

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """The distance of all pictures; nothing where the metric is left out."""
        if not results:
            return {}
        true, painted = torch.stack(results, dim=1)
        return {self.key: frechet_distance(true, painted)}


def frechet_distance(true: Tensor, painted: Tensor) -> float:
    """The Fréchet distance of two sets of features, (n, d) and (m, d); NaN for less than two."""
    if min(len(true), len(painted)) < 2:
        return float('nan')
    features = nn.Identity()
    features.num_features = true.shape[1]
    distance = FrechetInceptionDistance(feature=features)
    distance.update(true.double(), real=True)
    distance.update(painted.double(), real=False)
    return distance.compute().item()


class _SqueezeNetFeatures(nn.Module):
    """Means over the last feature maps of SqueezeNet 1.1: (N, 512) of uint8 N,3,H,W, RGB."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        network = models.squeezenet1_1(weights=None)
        try:
            network.load_state_dict(load_checkpoint_safely(weights))
        except RuntimeError as error:
            raise CheckpointError(
                f"FIDMetric: {weights} does not hold torchvision's weights of SqueezeNet 1.1: "
                f'name their file.'
            ) from error
        self.features = network.features
        self.register_buffer('mean', torch.tensor((0.485, 0.456, 0.406))[:, None, None])
        self.register_buffer('std', torch.tensor((0.229, 0.224, 0.225))[:, None, None])

    def forward(self, pictures: Tensor) -> Tensor:
        return self.features((pictures / 255 - self.mean) / self.std).mean(dim=(2, 3))


def _inception(weights: Path) -> nn.Module:
    load_checkpoint_safely(weights)  # refused where loading it would run code
    try:
        return NoTrainInceptionV3(
            name='inception-v3-compat',
            features_list=['2048'],
            feature_extractor_weights_path=str(weights),
        )
    except RuntimeError as error:
        raise CheckpointError(
            f'FIDMetric: {weights} does not hold the weights of Inception-v3 for FID: name the '
            f'file of {_SOURCES["inception"]}.'
        ) from error
