"""``ConfidenceErrorMetric``: correlate the confidence in classes with the error of the filling."""

from collections.abc import Sequence

import torch
from mmengine.dist import is_main_process
from mmengine.evaluator import BaseMetric
from torchmetrics.functional import pearson_corrcoef, spearman_corrcoef

from seginpaint_mm.evaluation.painted_image import read_field, read_painted_picture
from seginpaint_mm.evaluation.records import name_of
from seginpaint_mm.registry import METRICS
from seginpaint_mm.utils.files import write_json


@METRICS.register_module()
class ConfidenceErrorMetric(BaseMetric):
    """The correlation of SGE-Net's Fig. 8, over images.

    An image's confidence is the mean over its hole of the greatest class probability
    (``pred_confidence``), its error the mean absolute difference of colours in [0, 1] there. Keys:
    ``confidence_error/pearson`` and ``confidence_error/spearman``, in [-1, 1]; below 0 where
    images with higher confidence have a lower error. NaN where one of the two is the same for all
    images.

    Args:
        points: JSON file for the images' values, which
            ``tools/analysis_tools/plot_confidence_error.py`` draws; None for none.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(self, points: str | None = None, *, collect_device: str = 'cpu') -> None:
        super().__init__(collect_device=collect_device, prefix='confidence_error')
        self.points = points

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Measure one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_confidence``, float
                (1, H, W) in [0, 1], and the fields of :class:`PaintedPictureMetric`.

        Raises:
            KeyError: when a field is missing.
            ValueError: when sizes differ or a hole is empty.
        """
        for sample in data_samples:
            picture = read_painted_picture(sample, metric='ConfidenceErrorMetric')
            confidence = read_field(sample, 'pred_confidence', metric='ConfidenceErrorMetric')
            error = (picture.painted.float() - picture.truth.float()).abs() / 255
            point = dict(
                image=name_of(sample),
                hole_ratio=picture.ratio,
                confidence=confidence[0][picture.hole].mean().item(),
                l1=error[:, picture.hole].mean().item(),
            )
            self.results.append(point)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """The correlations; writes the points."""
        if self.points is not None and is_main_process():
            write_json(self.points, results)
        return correlations(results)


def correlations(points: Sequence[dict]) -> dict[str, float]:
    """Pearson's and Spearman's of ``confidence`` and ``l1``, in [-1, 1]; NaN where undefined."""
    confidence, error = (
        torch.tensor([point[key] for point in points], dtype=torch.float64)
        for key in ('confidence', 'l1')
    )
    if any(len(values.unique()) < 2 for values in (confidence, error)):
        return dict(pearson=float('nan'), spearman=float('nan'))
    return dict(
        pearson=pearson_corrcoef(confidence, error).item(),
        spearman=spearman_corrcoef(confidence, error).item(),
    )
