"""``HoleClassIoUMetric``: how well the classes of what was filled are known."""

from collections.abc import Sequence

import torch

from seginpaint_mm.evaluation.class_iou import ClassIoUMetric
from seginpaint_mm.evaluation.painted_picture import read_field
from seginpaint_mm.registry import METRICS


@METRICS.register_module()
class HoleClassIoUMetric(ClassIoUMetric):
    """:class:`ClassIoUMetric` of the pixels in the hole. The keys have the prefix ``hole``.

    Args:
        ignore_index: Label of pixels that do not count.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.
    """

    def __init__(self, ignore_index: int = 255, collect_device: str = 'cpu') -> None:
        super().__init__(ignore_index=ignore_index, collect_device=collect_device, prefix='hole')

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Count one batch.

        Args:
            data_batch: Not used.
            data_samples: ``SceneSample.to_dict()`` records with ``pred_sem_seg``, ``gt_sem_seg``
                and ``hole``, each (1, H, W).

        Raises:
            KeyError: when a field is missing.
        """
        in_hole = []
        for sample in data_samples:
            hole = read_field(sample, 'hole', metric='HoleClassIoUMetric')
            truth = read_field(sample, 'gt_sem_seg', metric='HoleClassIoUMetric')
            known = torch.where(hole > 0, truth, self.ignore_index)
            in_hole.append({**sample, 'gt_sem_seg': dict(data=known)})
        super().process(data_batch, in_hole)
