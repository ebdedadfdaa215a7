"""Paintings of objects: beside the truth in training, and as cut-outs."""

import torch
from torch import Tensor


def needed(generated: dict[str, Tensor], name: str, field: str) -> Tensor:
    """What is learnt.

    Raises:
        ValueError: when a sample of the batch does not have it.
    """
    if name not in generated:
        raise ValueError(
            f'The model learns from gt_instances.{field}, which a sample of the batch does not '
            f'have: load it in train_dataloader.dataset.pipeline.'
        )
    return generated[name]


def painting_and_truth(generated: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """``painted`` and ``appearance``, both N,3,S,S.

    Raises:
        ValueError: when the truth is missing or of another size.
    """
    truth = needed(generated, 'appearance', 'full_appearance')
    painted = generated['painted']
    if truth.shape != painted.shape:
        raise ValueError(
            f'gt_instances.full_appearance is {tuple(truth.shape)}, the painting '
            f'{tuple(painted.shape)}: crop appearances to painter_size={painted.shape[-1]}.'
        )
    return painted, truth


def cut_out(painted: Tensor, alpha: Tensor) -> Tensor:
    """RGBA, uint8 N,4,S,S, of N,3,S,S in [-1, 1] and bool N,S,S, where it is opaque."""
    colours = ((painted.float() + 1) * 127.5).round().clamp(0, 255)
    return torch.cat([colours, 255.0 * alpha[:, None]], dim=1).to(torch.uint8)
