"""The trivial answer to compare with: hidden pixels take the nearest visible class."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from seginpaint_mm.evaluation.region_iou import RegionIoUMetric, read_map
from seginpaint_mm.registry import METRICS

_SOURCES = {
    'truth': ('gt_sem_seg', 'gt_foreground'),
    'prediction': ('pred_background', 'pred_foreground'),
}


@METRICS.register_module()
class NearestBackgroundMetric(RegionIoUMetric):
    """:class:`RegionIoUMetric` of the trivial answer, measured beside the model in the same run.

    The trivial answer takes a visible segmentation and gives every foreground pixel the class of
    the nearest (Euclidean) pixel that is background.

    Args:
        source: Whose visible segmentation and foreground mask are taken. ``'truth'``: the labels
            (``gt_sem_seg``, ``gt_foreground``; an oracle, nobody has them at test time; pixels
            void in the labels are filled as well). ``'prediction'``: the model's own
            (``pred_background`` outside its ``pred_foreground``), so that the difference to the
            model is what it knows about hidden pixels.
        ignore_index: Label of pixels whose class is not known.
        collect_device: Where results of several processes are collected, ``'cpu'`` or ``'gpu'``.

    The keys are those of :class:`RegionIoUMetric` with the prefix ``nearest_<source>/``.

    Raises:
        ValueError: when ``source`` is neither ``'truth'`` nor ``'prediction'``.
    """

    def __init__(
        self, source: str = 'truth', ignore_index: int = 255, collect_device: str = 'cpu'
    ) -> None:
        if source not in _SOURCES:
            raise ValueError(
                f'NearestBackgroundMetric: source must be one of {list(_SOURCES)}, not {source!r}.'
            )
        super().__init__(
            ignore_index=ignore_index, collect_device=collect_device, prefix=f'nearest_{source}'
        )
        self.source = source

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Replace ``pred_background`` by the trivial answer and count the batch.

        Raises:
            KeyError: when a sample lacks a field, e.g. the model predicts no foreground.
            ValueError: when sizes differ or a class id is out of range.
        """
        super().process(data_batch, [self._answer(sample) for sample in data_samples])

    def _answer(self, sample: dict) -> dict:
        labels_field, mask_field = _SOURCES[self.source]
        labels, mask = read_map(sample, labels_field), read_map(sample, mask_field)
        hidden = (mask > 0) | (labels == self.ignore_index)
        filled = fill_from_nearest_background(labels, hidden)
        return sample | dict(
            pred_background=dict(data=filled[None]), pred_foreground=dict(data=mask[None])
        )


def fill_from_nearest_background(labels: Tensor, hidden: Tensor) -> Tensor:
    """Give hidden pixels the label of the nearest pixel that is not hidden.

    Args:
        labels: Integer (H, W); its values at hidden pixels do not matter.
        hidden: Bool (H, W), True = to be filled.

    Returns:
        Tensor: The filled labels, same shape, dtype and device. Where everything is hidden, and
        so nothing is known, every pixel gets class 0.
    """
    if bool(hidden.all()):
        return torch.zeros_like(labels)
    nearest = distance_transform_edt(
        hidden.cpu().numpy(), return_distances=False, return_indices=True
    )
    rows, columns = torch.from_numpy(nearest.astype(np.int64)).to(labels.device)
    return labels[rows, columns]
