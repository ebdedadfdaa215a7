"""True classes of a batch, read from the samples and checked."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from seginpaint_mm.structures import SceneSample

IGNORE_INDEX = 255
GIVEN_CLASSES = 'given_sem_seg'  # field of samples with the classes that guide a model


def stack_given(
    data_samples: Sequence[SceneSample],
    field: str,
    size: tuple[int, int],
    num_classes: int,
    *,
    model: str,
) -> Tensor | None:
    """Classes that a model is given, as one tensor.

    Args:
        data_samples: N samples.
        field: Name of the samples' map; samples without it are 255 everywhere.
        size: (height, width) of their images.
        num_classes: Classes are below it, or 255 = not known.
        model: Name of the model, for errors.

    Returns:
        Tensor: int64 (N, H, W); None where no sample has it.

    Raises:
        ValueError: when a map is of another size, or a class is none.
    """
    found = [sample.get(field) for sample in data_samples]
    known = [one.data for one in found if one is not None]
    if not known:
        return None
    for one in known:
        if tuple(one.shape) != (1, *size):
            raise ValueError(
                f'{field} is {tuple(one.shape)}, its image {(1, *size)}: they must be of one size.'
            )
        wrong = one[(one != IGNORE_INDEX) & ((one < 0) | (one >= num_classes))]
        if len(wrong):
            raise ValueError(
                f'{field} has the class {wrong[0].item()}, but {model} knows 0 to '
                f'{num_classes - 1}, and 255 = not known: correct the map.'
            )
    unknown = torch.full((1, *size), IGNORE_INDEX, device=known[0].device)
    return torch.cat([(unknown if one is None else one.data).long() for one in found])


def class_shares(classes: Tensor, num_classes: int) -> Tensor:
    """float32 N,K,H,W of int64 N,H,W: 1 for the pixel's class; all 0 where that is 255."""
    known = classes != IGNORE_INDEX
    hot = one_hot(classes.where(known, 0), num_classes).permute(0, 3, 1, 2)
    return hot.float() * known[:, None]


def complete_shares(given: Tensor, found: Tensor) -> Tensor:
    """Shares of given classes, N,K,h,w, and probabilities for the share that is not given."""
    return found * (1 - known_share(given)) + given


def known_share(given: Tensor) -> Tensor:
    """The share of each place of which the class is given, N,1,h,w."""
    return given.sum(dim=1, keepdim=True)


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
