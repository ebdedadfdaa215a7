"""Metrics of filled images: errors against the target, in the hole and in visible parts."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from prettytable import PrettyTable
from torch import Tensor
from torchvision.ops import roi_align

from seginpaint_mm.errors import MissingFieldError
from seginpaint_mm.evaluation.amodal_iou import AmodalIoUMetric
from seginpaint_mm.evaluation.records import check_same_shape, name_of, read_instances
from seginpaint_mm.geometry.boxes import crop_masks
from seginpaint_mm.registry import METRICS

HOLE_RATIOS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0)  # NVIDIA's bins, and what is above
_SOURCES = {
    'gt_image': "a data set's pipeline (KeepTrueImage, or LoadPair, and PackScene)",
    'hole': "a data set's pipeline (CentreHole, IrregularHoles, ... and PackScene)",
    'pred_image': 'the model',
}


@dataclass(frozen=True)
class PaintedPicture:
    """An image whose hole was filled.

    Attributes:
        painted: uint8 (3, H, W), RGB, the whole image with its hole filled.
        truth: uint8 (3, H, W), RGB.
        hole: bool (H, W), True = was filled.
    """

    painted: Tensor
    truth: Tensor
    hole: Tensor

    @property
    def ratio(self) -> float:
        """Share of the image that the hole has, from 0 to 1."""
        return self.hole.sum().item() / self.hole.numel()


def read_painted_picture(sample: dict, *, metric: str) -> PaintedPicture:
    """The image of a record with ``pred_image``, ``gt_image`` and ``hole``.

    Args:
        sample: A ``SceneSample.to_dict()`` record.
        metric: Who asks, for errors.

    Raises:
        KeyError: when a field is missing.
        ValueError: when sizes differ, or the hole is empty.
    """
    painted, truth, hole = (
        read_field(sample, field, metric=metric) for field in ('pred_image', 'gt_image', 'hole')
    )
    if not painted.shape == truth.shape == (3, *hole.shape[-2:]):
        raise ValueError(
            f'{metric}: pred_image of {name_of(sample)} is {tuple(painted.shape)}, gt_image '
            f'{tuple(truth.shape)} and hole {tuple(hole.shape)}: they must be of one size.'
        )
    hole = hole[0] > 0
    if not hole.any():
        raise ValueError(
            f'{metric}: the hole of {name_of(sample)} covers nothing, so there is nothing to '
            f'measure: give holes with a pixel at least.'
        )
    return PaintedPicture(painted, truth.to(painted.device), hole.to(painted.device))


def read_field(sample: dict, field: str, *, metric: str) -> Tensor:
    """The tensor of a pixel field of a record.

    Raises:
        KeyError: when it is missing.
    """
    if field not in sample:
        source = _SOURCES.get(field, 'the model')
        raise MissingFieldError(
            f'{metric}: {name_of(sample)} has no {field}; it comes from {source}.'
        )
    return sample[field]['data']


def ratio_bins(edges: Sequence[float]) -> dict[str, tuple[float, float]]:
    """Name -> (more than, at most) of hole ratios, e.g. ``hole_10-20`` -> (0.1, 0.2).

    Raises:
        ValueError: when the edges do not rise from 0 or more to 1 or less.
    """
    pairs = list(pairwise(edges))
    if not pairs or not all(0 <= low < high <= 1 for low, high in pairs):
        raise ValueError(
            f'ratios must be numbers that rise from 0 or more to 1 or less, not {tuple(edges)!r}.'
        )
    return {f'hole_{100 * low:g}-{100 * high:g}': (low, high) for low, high in pairs}


Measurement = dict[str, float] | Tensor  # of one image
Measured = tuple[float, Measurement]  # with the ratio of its hole


class PaintedPictureMetric(BaseMetric):
    """Values of all images, and of those whose hole has a certain share of the image.

    They are means of the images' own, unless a metric summarizes what it measured otherwise.

    Keys: the values' own names for all images; with ``hole_10-20/`` before them for images of
    which more than 10 and at most 20 per cent were filled (bins without images are left out), and
    the same with ``count_name``, the number of images. The bins are also written to the log, as a
    table.

    Args:
        ratios: Edges of the bins, rising, in [0, 1].
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.

    Raises:
        ValueError: when ``ratios`` do not rise within [0, 1].
    """

    count_name = 'num_images'  # metrics that are used together must not share a key

    def __init__(
        self,
        *,
        ratios: Sequence[float] = HOLE_RATIOS,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.bins = ratio_bins(ratios)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Measure one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_image`` and ``gt_image``,
                uint8 (3, H, W), RGB, and ``hole`` (1, H, W), 1 = was filled.

        Raises:
            KeyError: when a field is missing.
            ValueError: when sizes differ or a hole is empty.
        """
        for sample in data_samples:
            picture = read_painted_picture(sample, metric=type(self).__name__)
            self.results.append((picture.ratio, self.measure(picture)))

    @abstractmethod
    def measure(self, picture: PaintedPicture) -> Measurement:
        """Values of one image by name, or what :meth:`summarize` needs of it."""

    def summarize(self, measured: list[Measurement]) -> dict[str, float]:
        """Values by name of one image or more: the means of theirs."""
        return {name: float(np.mean([values[name] for values in measured])) for name in measured[0]}

    def compute_metrics(self, results: list[Measured]) -> dict[str, float]:
        """Summarize all images, and those of each bin."""
        metrics = self._summary(results)
        by_bin = {name: self._summary(self._in_bin(results, name)) for name in self.bins}
        print_log(_table(type(self).__name__, {**by_bin, 'all': metrics}), logger='current')
        for name, values in by_bin.items():
            metrics |= {f'{name}/{key}': value for key, value in values.items()}
        return metrics

    def _in_bin(self, results: list[Measured], name: str) -> list[Measured]:
        low, high = self.bins[name]
        return [result for result in results if low < result[0] <= high]

    def _summary(self, results: list[Measured]) -> dict[str, float]:
        """The values, and how many images there are; empty without images."""
        if not results:
            return {}
        values = self.summarize([measurement for _, measurement in results])
        return {**values, self.count_name: len(results)}


def _table(title: str, rows: dict[str, dict[str, float]]) -> str:
    filled = {name: values for name, values in rows.items() if values}
    table = PrettyTable(title=title)
    table.field_names = ['hole', *next(iter(filled.values()))]
    for name, values in filled.items():
        table.add_row([name, *(f'{value:.4g}' for value in values.values())])
    return f'\n{table}'


@METRICS.register_module()
class PaintingErrorMetric(BaseMetric):
    """Mean absolute and mean squared error of generated objects (SeGAN, Table 2).

    Means over all values of the RGB crops of the grown boxes (3x256x256 in the paper), in [0, 1],
    also those where the object is not, averaged over the objects. The published code subtracts the
    same mean colour from both, which does not change the differences. Keys: ``L1``, ``L2``,
    ``num_painted``.

    Args:
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(self, collect_device: str = 'cpu', prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Compare the objects of one batch.

        Args:
            data_batch: What the loader gave; not used here.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_instances.full_appearance``
                uint8 (n, 3, h, w), RGB, and ``pred_instances.painted`` uint8 (n, 4, h, w), RGBA,
                of the same objects in the same grown boxes; what is transparent counts as well.

        Raises:
            KeyError: when a field is missing.
            ValueError: when numbers of objects or sizes differ.
        """
        for sample in data_samples:
            self._compare(sample, self._read(sample, 'pred_instances', 'painted')[:, :3])

    def _compare(self, sample: dict, painted: Tensor) -> None:
        """Keep the errors of a sample's objects, painted as uint8 (n, 3, h, w)."""
        pair = dict(
            painted=painted,
            full_appearance=self._read(sample, 'gt_instances', 'full_appearance'),
        )
        check_same_shape(sample, pair, metric=type(self).__name__)
        error = (painted.double() - pair['full_appearance'].double()) / 255
        errors = (error.abs().flatten(1).mean(dim=1), error.square().flatten(1).mean(dim=1))
        self.results.append(torch.stack(errors, dim=1))

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Average over the objects."""
        absolute, squared = torch.cat(results).unbind(dim=1)
        return dict(L1=absolute.mean().item(), L2=squared.mean().item(), num_painted=len(absolute))

    def _read(self, sample: dict, field: str, key: str) -> Tensor:
        return read_instances(sample, field, (key,), metric=type(self).__name__)[key]


@METRICS.register_module()
class VisiblePaintingErrorMetric(PaintingErrorMetric):
    """:class:`PaintingErrorMetric` of the image inside the given visible masks, black elsewhere.

    What is not the object is black in Street's DYCE as well, so that this is right but for what is
    hidden: who paints has to be better than it. The keys have the prefix ``visible_painting``.

    Args:
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(self, collect_device: str = 'cpu') -> None:
        super().__init__(collect_device=collect_device, prefix='visible_painting')

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Compare the objects of one batch.

        Args:
            data_batch: ``inputs``, the N images, uint8 (3, H, W), BGR.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_instances``:
                ``full_appearance`` uint8 (n, 3, S, S), RGB, ``input_masks`` bool (n, H, W) and
                ``grown_boxes`` (n, 4).

        Raises:
            KeyError: when a field is missing.
        """
        for image, sample in zip(data_batch['inputs'], data_samples, strict=True):
            self._compare(sample, self._paint(image.cpu(), sample))

    def _paint(self, image: Tensor, sample: dict) -> Tensor:
        """uint8 (n, 3, S, S), RGB."""
        boxes = self._read(sample, 'gt_instances', 'grown_boxes')
        masks = self._read(sample, 'gt_instances', 'input_masks')
        side = self._read(sample, 'gt_instances', 'full_appearance').shape[-1]
        rgb = image.flip(0)[None].float()
        crops = roi_align(rgb, [boxes], side, aligned=True).round().to(torch.uint8)
        return crops * crop_masks(masks, boxes, side)[:, None]


@METRICS.register_module()
class PaintedMaskIoUMetric(AmodalIoUMetric):
    """:class:`AmodalIoUMetric` of a generated image: all that is not nearly black is the object.

    For painters without a segmentor, as pix2pix in SeGAN's Table 1, which does not say how its
    masks are got. Right where appearances are black outside the object, as in DYCE and Street, but
    for black parts of objects. The keys have the prefix ``painted_mask``.

    Args:
        side: Height and width at which masks are compared.
        darkest: The object is where the largest of red, green and blue is above it, 0 to 255.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(self, side: int = 58, darkest: int = 8, collect_device: str = 'cpu') -> None:
        super().__init__(side=side, collect_device=collect_device, prefix='painted_mask')
        self.darkest = darkest

    def _prediction(self, sample: dict) -> Tensor:
        """bool (n, side, side) of ``pred_instances.painted``, uint8 (n, 4, S, S)."""
        name = type(self).__name__
        painted = read_instances(sample, 'pred_instances', ('painted',), metric=name)['painted']
        brightest = painted[:, :3].amax(dim=1).float()
        return F.adaptive_max_pool2d(brightest, self.side) > self.darkest
