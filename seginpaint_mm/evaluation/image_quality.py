"""Image quality: PSNR, SSIM, LPIPS and the Frechet distance."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import Tensor, nn
from torchmetrics.functional.image import (
    lpips,
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)
from torchmetrics.image.fid import FrechetInceptionDistance, NoTrainInceptionV3
from torchvision import models

from seginpaint_mm.checkpoint import load_checkpoint_safely
from seginpaint_mm.errors import CheckpointError
from seginpaint_mm.evaluation.painted_image import (
    HOLE_RATIOS,
    Measured,
    PaintedPicture,
    PaintedPictureMetric,
)
from seginpaint_mm.registry import METRICS


class MetricNetwork:
    """A network that is built from a file of weights when the first image comes.

    Args:
        metric: Whose it is, for messages.
        weights: The file.
        source: Which file that is and where it is from, for messages.
        build: Path -> the network; CheckpointError when the file is not its.
        optional: Without the file there is no network, which is said once in a warning.
    """

    def __init__(
        self,
        *,
        metric: str,
        weights: str,
        source: str,
        build: Callable[[Path], nn.Module],
        optional: bool,
    ) -> None:
        self.metric = metric
        self.weights = Path(weights).expanduser()
        self.source = source
        self.optional = optional
        self._build = build
        self._network: nn.Module | None = None
        self._is_missing = False

    def get(self) -> nn.Module | None:
        """The network, in evaluation mode, on the CPU at first; None where it is left out.

        Raises:
            CheckpointError: when the file is missing and not optional, or is not the network's.
        """
        if self._network is None and not self._is_missing:
            if self.weights.is_file():
                self._network = self._build(self.weights).requires_grad_(False).eval()
            else:
                self._miss()
        return self._network

    def _miss(self) -> None:
        advice = (
            f'download {self.source} and save it under this name, or name the file in '
            f'{self.metric}.weights'
        )
        if not self.optional:
            raise CheckpointError(
                f'{self.metric}: {self.weights} does not exist; {advice}, or set optional=True to '
                f'leave the metric out; nothing is downloaded.'
            )
        self._is_missing = True
        print_log(
            f'{self.metric} is left out: {self.weights} does not exist; {advice}.',
            logger='current',
            level=logging.WARNING,
        )


_SOURCES = {
    'inception': (
        'pt_inception-2015-12-05-6726825d.pth of https://github.com/toshas/torch-fidelity/releases'
    ),
    'squeezenet': 'squeezenet1_1-b8a52dc0.pth of https://download.pytorch.org/models',
}
_KEYS = {'inception': 'FID', 'squeezenet': 'FD_squeezenet'}


@METRICS.register_module()
class FIDMetric(PaintedPictureMetric):
    """Fréchet distance of the features of whole filled images and of the true ones.

    torchmetrics computes it. Key: ``FID`` with Inception-v3's 2048 features, of the published
    weights, as in the papers; with the small SqueezeNet's 512, for machines that have no others,
    the distance is another one, and its key ``FD_squeezenet``. The same by bins, each the distance
    of that bin's images alone (``hole_10-20/FID``), and their numbers (``num_images_FID``); see
    :class:`PaintedPictureMetric`.

    Few images bias it upwards: n of them, once they are many, by about c / n, where c depends on
    the network and the method; fewer than the features, up to about the mean squared distance of
    an image's features to its truth's. So compare methods by the same images, and no bin with
    one that has another number of them. It is NaN for a single image, which has no covariance.

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
        CheckpointError: with the first image, when the file is missing or not the network's.
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
        """Features of the ground truth and of the filled image, float32 (2, d)."""
        pair = torch.stack([picture.truth, picture.painted])
        return self._network.get().to(pair.device)(pair).cpu()

    def summarize(self, measured: list[Tensor]) -> dict[str, float]:
        """The distance of these images."""
        true, painted = torch.stack(measured, dim=1)
        return {self.key: frechet_distance(true, painted)}

    def compute_metrics(self, results: list[Measured]) -> dict[str, float]:
        """The distance of all images, and by bins; nothing where the metric is left out."""
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


# Network -> torchvision's file of it.
_FILES = {
    'squeeze': 'squeezenet1_1-b8a52dc0.pth',
    'alex': 'alexnet-owt-7be5be79.pth',
    'vgg': 'vgg16-397923af.pth',
}


@METRICS.register_module()
class LPIPSMetric(PaintedPictureMetric):
    """Learned perceptual distance of filled images and the ground truth; 0 = the same.

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
        CheckpointError: with the first image, when a file is missing or not the network's.
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
        """Average over the images; nothing where the metric is left out."""
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


_RANGE = 255.0
_GREATEST_PSNR = 100.0  # of an image without error, whose PSNR is infinite


@METRICS.register_module()
class InpaintingQualityMetric(PaintedPictureMetric):
    """Each value is of one image; means over the images follow (SGE-Net, Tables 1 and 3).

    - ``PSNR`` in dB, 100 at most: an image without error would make the mean infinite;
    - ``SSIM``, with a Gaussian window of 11 pixels and sigma 1.5, on RGB;
    - ``L1``, the mean absolute difference of colours in [0, 1];
    - ``hole/PSNR``, ``hole/SSIM``, ``hole/L1``: the same of the pixels in the hole. The window of
      SSIM reaches out of it.

    Args:
        ratios: See :class:`PaintedPictureMetric`.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def measure(self, picture: PaintedPicture) -> dict[str, float]:
        painted, truth = picture.painted.float(), picture.truth.float()
        ssim, ssim_map = structural_similarity_index_measure(
            painted[None], truth[None], data_range=_RANGE, return_full_image=True
        )
        in_hole = painted[:, picture.hole], truth[:, picture.hole]
        return {
            'PSNR': _psnr(painted, truth),
            'SSIM': ssim.item(),
            'L1': _l1(painted, truth),
            'hole/PSNR': _psnr(*in_hole),
            'hole/SSIM': ssim_map[0][:, picture.hole].mean().item(),
            'hole/L1': _l1(*in_hole),
        }


def _psnr(painted: Tensor, truth: Tensor) -> float:
    value = peak_signal_noise_ratio(painted.double(), truth.double(), data_range=_RANGE)
    return min(value.item(), _GREATEST_PSNR)


def _l1(painted: Tensor, truth: Tensor) -> float:
    return torch.mean((painted - truth).abs().double()).item() / _RANGE
