"""True classes of a batch, read from the samples and checked."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seginpaint_mm.structures import SceneSample

IGNORE_INDEX = 255


def stack_labels(
    data_samples: Sequence[SceneSample], num_classes: int, *, model: str, key: str
) -> Tensor:
    """The samples' ``gt_sem_seg`` as one tensor.

    Args:
        data_samples: N samples.
        num_classes: Labels are below it, or 255 = ignore.
        model: Name of the model that learns from them, for errors.
        key: Where its number of classes is configured, for errors.

    Returns:
        Tensor: int64 (N, H, W).

    Raises:
        ValueError: when a sample has no labels, or one is no class.
    """
    if not all('gt_sem_seg' in sample for sample in data_samples):
        raise ValueError(
            f'{model} learns from gt_sem_seg, which a sample of the batch does not have: load it '
            'in train_dataloader.dataset.pipeline.'
        )
    labels = torch.cat([sample.gt_sem_seg.data for sample in data_samples])
    wrong = labels[(labels != IGNORE_INDEX) & ((labels < 0) | (labels >= num_classes))]
    if len(wrong):
        raise ValueError(
            f'A label is {wrong[0].item()}, but {key} is {num_classes}, for 0 to '
            f"{num_classes - 1} and 255 = ignore: set it to the data set's number of classes."
        )
    return labels
