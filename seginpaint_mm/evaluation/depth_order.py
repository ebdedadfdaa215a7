"""Accuracy of the order in depth."""

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from seginpaint_mm.evaluation.records import check_same_shape, read_instances
from seginpaint_mm.geometry.depth_order import PAPER_THRESHOLD, occlusion_counts, occlusion_overlaps
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class DepthOrderMetric(BaseMetric):
    """Share of the occlusion pairs whose front object is found (SeGAN, Section 5.2, Table 4).

    Object q occludes p if the IoU of what is seen of q and what is hidden of p is above the
    threshold (:func:`occlusion_overlaps`). Pairs (q, p) are those of the true visible and full
    masks. A pair is found if the same holds for what the model has: the visible masks it was given
    and the full masks it predicts; and if p does not occlude q as much or more by them, so that
    who finds everything in front of everything gains nothing.

    Without a threshold the number of shared pixels decides (:func:`occlusion_counts`): q occludes p
    if it is seen in more of what is hidden of p than the other way round. Those pairs are more: a
    large object in front of a small hidden part has a small IoU with it.

    Results, in percent of the pairs of an image, averaged over the images that have pairs:
    ``success_rate``, ``reversed_rate`` (found the other way round) and ``undecided_rate``
    (neither), which add up to 100; and ``num_pairs``, ``num_pictures``.

    Args:
        threshold: The IoU that must be exceeded; 0 for any overlap, None for the larger count.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
        prefix: Put before every key, followed by a slash.
    """

    def __init__(
        self,
        threshold: float | None = PAPER_THRESHOLD,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.threshold = threshold

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Evaluate the pairs of each image.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``gt_instances`` (``masks``,
                ``input_masks`` and ``full_masks``) and ``pred_instances.full_masks`` of the same
                n objects, all bool (n, H, W). A sample must hold all objects of its image.

        Raises:
            KeyError: when a field is missing.
            ValueError: when numbers of objects or sizes differ.
        """
        for sample in data_samples:
            truth = read_instances(
                sample, 'gt_instances', ('masks', 'full_masks'), metric=type(self).__name__
            )
            pairs = self._claims(truth['masks'], truth['full_masks']) > 0
            guess = self._guess(sample)
            right, reversed_ = pairs & (guess > guess.T), pairs & (guess < guess.T)
            self.results.append([int(found.sum()) for found in (pairs, right, reversed_)])

    def compute_metrics(self, results: list[list[int]]) -> dict[str, float]:
        """Average over the images."""
        counts = torch.tensor(results, dtype=torch.float64)
        pairs, right, reversed_ = counts[counts[:, 0] > 0].unbind(dim=1)
        rates = {
            name: 100 * (count / pairs).mean().item()
            for name, count in (
                ('success_rate', right),
                ('reversed_rate', reversed_),
                ('undecided_rate', pairs - right - reversed_),
            )
        }
        return dict(rates, num_pairs=int(pairs.sum()), num_pictures=len(pairs))

    def _guess(self, sample: dict) -> Tensor:
        """How sure it is that q (row) occludes p (column): (n, n), 0 = it does not."""
        name = type(self).__name__
        given = read_instances(sample, 'gt_instances', ('input_masks',), metric=name)
        found = read_instances(sample, 'pred_instances', ('full_masks',), metric=name)
        masks = {'input_masks': given['input_masks'], 'full_masks': found['full_masks']}
        check_same_shape(sample, masks, metric=name)
        return self._claims(*masks.values())

    def _claims(self, visible: Tensor, full: Tensor) -> Tensor:
        """How sure it is by masks, bool (n, H, W), that q (row) occludes p: (n, n), 0 = not."""
        if self.threshold is None:
            counts = occlusion_counts(visible, full)
            return (counts - counts.T).clamp(min=0)
        overlaps = occlusion_overlaps(visible, full)
        return overlaps.where(overlaps > self.threshold, 0)


@METRICS.register_module()
class LowerIsNearerMetric(DepthOrderMetric):
    """:class:`DepthOrderMetric` of a cue: the object lower in the image is in front.

    It stands where the paper compares with a network that estimates depth from one image. Things
    on level ground obey it. It looks at the lowest row of the given visible masks; equal rows are
    undecided. The keys have the prefix ``lower_is_nearer``.

    Args:
        threshold: As in :class:`DepthOrderMetric`, for the true pairs.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(
        self, threshold: float | None = PAPER_THRESHOLD, collect_device: str = 'cpu'
    ) -> None:
        super().__init__(
            threshold=threshold, collect_device=collect_device, prefix='lower_is_nearer'
        )

    def _guess(self, sample: dict) -> Tensor:
        given = read_instances(sample, 'gt_instances', ('input_masks',), metric=type(self).__name__)
        bottom = lowest_rows(given['input_masks'])
        return (bottom[:, None] - bottom).clamp(min=0)


def lowest_rows(masks: Tensor) -> Tensor:
    """Number of the row below each mask's lowest pixel, int64 (n,), of bool (n, H, W)."""
    rows = torch.arange(1, masks.shape[1] + 1, device=masks.device)
    return (masks.any(dim=2) * rows).amax(dim=1)
