"""``FIDMetric``: how far the set of filled pictures is from the set of true ones."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchvision import models

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.evaluation.metric_network import MetricNetwork
from seginpaint_mm.evaluation.painted_picture import HOLE_RATIOS, PaintedPicture
from seginpaint_mm.evaluation.painted_picture_metric import Measured, PaintedPictureMetric
from seginpaint_mm.registry import METRICS

_SOURCES = {
    'inception': (
        'pt_inception-2015-12-05-6726825d.pth of https://github.com/toshas/torch-fidelity/releases'
    ),
    'squeezenet': 'squeezenet1_1-b8a52dc0.pth of https://download.pytorch.org/models',
}
_KEYS = {'inception': 'FID', 'squeezenet': 'FD_squeezenet'}


@METRICS.register_module()
class FIDMetric(PaintedPictureMetric):
    """Fréchet distance of the features of whole filled pictures and of the true ones.

    torchmetrics computes it. Key: ``FID`` with Inception-v3's 2048 features, of the published
    weights, as in the papers; with the small SqueezeNet's 512, for machines that have no others,
    the distance is another one, and its key ``FD_squeezenet``. The same by bins, each the distance
    of that bin's pictures alone (``hole_10-20/FID``), and their numbers (``num_images_FID``); see
    :class:`PaintedPictureMetric`.

    Few pictures bias it upwards: n of them, once they are many, by about c / n, where c depends on
    the network and the method; fewer than the features, up to about the mean squared distance of
    a picture's features to its truth's. So compare methods by the same pictures, and no bin with
    one that has another number of them. It is NaN for a single picture, which has no covariance.

    Args:
        weights: File of the network's weights: torch-fidelity's of Inception-v3, or torchvision's
            of SqueezeNet 1.1.
        network: ``'inception'`` or ``'squeezenet'``.
        optional: Without the weights the metric is left out, with a warning.
        ratios: See :class:`PaintedPictureMetric`.
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
        ratios: Sequence[float] = HOLE_RATIOS,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(ratios=ratios, collect_device=collect_device, prefix=prefix)
        if network not in _KEYS:
            raise ValueError(f'FIDMetric.network must be one of {[*_KEYS]}, not {network!r}.')
        self.key = _KEYS[network]
        self.count_name = f'num_images_{self.key}'
        self._network = MetricNetwork(
            metric='FIDMetric',
            weights=weights,
            source=_SOURCES[network],
            build=_inception if network == 'inception' else _SqueezeNetFeatures,
            optional=optional,
        )

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Keep the features of one batch, see :class:`PaintedPictureMetric`."""
        if self._network.get() is not None:
            super().process(data_batch, data_samples)

    @torch.no_grad()
    def measure(self, picture: PaintedPicture) -> Tensor:
        """Features of the truth and of what was painted, float32 (2, d)."""
        pair = torch.stack([picture.truth, picture.painted])
        return self._network.get().to(pair.device)(pair).cpu()

    def summarize(self, measured: list[Tensor]) -> dict[str, float]:
        """The distance of these pictures."""
        true, painted = torch.stack(measured, dim=1)
        return {self.key: frechet_distance(true, painted)}

    def compute_metrics(self, results: list[Measured]) -> dict[str, float]:
        """The distance of all pictures, and by bins; nothing where the metric is left out."""
        return super().compute_metrics(results) if results else {}


def frechet_distance(true: Tensor, painted: Tensor) -> float:
    """The Fréchet distance of two sets of features, (n, d) and (m, d); NaN for less than two."""
    if min(len(true), len(painted)) < 2:
        return float('nan')
    features = nn.Identity()
    features.num_features = true.shape[1]
    # MMEngine has collected all features on the one process that is here: no other would answer.
    distance = FrechetInceptionDistance(feature=features, sync_on_compute=False)
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
