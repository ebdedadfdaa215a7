"""Records of objects that are partly hidden, for tests of metrics and of the depth order."""

import numpy as np
import torch
from torch import Tensor

from seginpaint_mm.geometry.boxes import grow_boxes, tight_boxes


def layered(full: np.ndarray) -> np.ndarray:
    """What is seen of full masks bool (n, H, W), the front one first."""
    visible = full.copy()
    for number in range(1, len(full)):
        visible[number] &= ~full[:number].any(axis=0)
    return visible


def random_layers(seed: int, *, number: int = 5, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    """Full masks of random rectangles, front first, something of each of which is seen."""
    random = np.random.default_rng(seed)
    kept: list[np.ndarray] = []
    while len(kept) < number:
        top, left = (random.integers(0, length - 2) for length in size)
        height, width = (random.integers(2, length // 2) for length in size)
        mask = np.zeros(size, bool)
        mask[top : top + height, left : left + width] = True
        if not kept or (mask & ~np.any(kept, axis=0)).any():
            kept.append(mask)
    return np.stack(kept)


def record(
    full: np.ndarray,
    visible: np.ndarray,
    *,
    given: np.ndarray | None = None,
    predicted: np.ndarray | None = None,
    probs: Tensor | None = None,
) -> dict:
    """A ``SceneSample.to_dict()`` record; boxes are grown by 0.2."""
    given = torch.from_numpy(visible if given is None else given)
    truth = dict(
        masks=torch.from_numpy(visible),
        input_masks=given,
        full_masks=torch.from_numpy(full),
    )
    boxes = grow_boxes(tight_boxes(given), torch.full((4,), 0.2), full.shape[1:])
    found = dict(grown_boxes=boxes)
    if predicted is not None:
        found['full_masks'] = torch.from_numpy(predicted)
    if probs is not None:
        found['full_probs'] = probs
    return dict(img_path='drawn.png', gt_instances=truth, pred_instances=found)
