"""``MaskGrowthMetric``: how much larger the mask that is removed is than the object."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from seginpaint_mm.datasets.transforms.signed_distance import signed_distance
from seginpaint_mm.evaluation.painted_picture import read_field
from seginpaint_mm.evaluation.records import name_of
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class MaskGrowthMetric(BaseMetric):
    """Compare the mask that a model removed with the true one, M_G (maskopt, Sec. III-D).

    - ``mask/growth``: how many pixels the mask's outline lies outside the true one, its mean along
      the outline: 0 for the true mask, k for the one dilated by k pixels, negative inside; and
      ``mask/growth_median``, the median over the pictures, which a wrong object does not move;
    - ``mask/coverage``: share of the object that the mask holds, in percent;
    - ``mask/IoU`` of both masks, in percent;
    - ``mask/found``: pictures in which something was removed, in percent.

    Means over the pictures. Where nothing was removed, coverage and IoU are 0, and there is no
    growth. The picture's border is no outline.

    Args:
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(self, *, collect_device: str = 'cpu', prefix: str = 'mask') -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Compare the masks of one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_mask``, 1 = removed, and
                ``hole``, 1 = to be removed, both (1, H, W).

        Raises:
            KeyError: when a field is missing.
            ValueError: when sizes differ or a true mask is empty.
        """
        for sample in data_samples:
            found, truth = (
                read_field(sample, field, metric='MaskGrowthMetric')[0].cpu().numpy() > 0
                for field in ('pred_mask', 'hole')
            )
            if found.shape != truth.shape or not truth.any():
                raise ValueError(
                    f'MaskGrowthMetric: pred_mask of {name_of(sample)} is {found.shape}, its hole '
                    f'{truth.shape} with {truth.sum()} pixels: they must be of one size, and the '
                    f'hole must have a pixel.'
                )
            common = (found & truth).sum()
            self.results.append(
                (
                    mask_growth(found, truth),
                    common / truth.sum(),
                    common / (found | truth).sum(),
                    float(found.any()),
                )
            )

    def compute_metrics(self, results: list[tuple[float, ...]]) -> dict[str, float]:
        """Average over the pictures."""
        growths, *shares = np.array(results, float).T
        growths = growths[np.isfinite(growths)]
        means = dict(zip(('coverage', 'IoU', 'found'), np.mean(shares, axis=1), strict=True))
        return {
            'growth': float(growths.mean()) if len(growths) else float('nan'),
            'growth_median': float(np.median(growths)) if len(growths) else float('nan'),
            **{name: 100 * float(mean) for name, mean in means.items()},
        }


def mask_growth(mask: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance in pixels from the outline of ``mask`` to that of ``truth``.

    The outline runs between neighbouring pixels of which one belongs to the mask; its distance is
    the mean of theirs.

    Args:
        mask: bool (H, W).
        truth: bool (H, W).

    Returns:
        float: Positive outside of the truth; NaN where a mask has no outline.
    """
    if not truth.any() or truth.all():
        return float('nan')
    distance = signed_distance(truth, 'pixels')
    on_outline = []
    for ahead, behind in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        is_outline = mask[ahead] != mask[behind]
        on_outline.append((distance[ahead] + distance[behind])[is_outline] / 2)
    values = np.concatenate(on_outline)
    return float(values.mean()) if len(values) else float('nan')
