"""The simple cue to compare with: who reaches lower in the picture is in front."""

import torch
from torch import Tensor

from seginpaint_mm.depth_order import PAPER_THRESHOLD
from seginpaint_mm.evaluation.depth_order import DepthOrderMetric
from seginpaint_mm.evaluation.records import read_instances
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class LowerIsNearerMetric(DepthOrderMetric):
    """:class:`DepthOrderMetric` of a simple cue: who reaches lower in the picture is in front.

    It stands where the paper compares with a network that estimates depth from one picture. Things
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
