"""Records of filled images for tests of metrics."""

import numpy as np
import torch


def colours(size: tuple[int, int] = (16, 20), seed: int = 0) -> torch.Tensor:
    """Random uint8 (3, H, W)."""
    generator = np.random.default_rng(seed)
    return torch.from_numpy(generator.integers(0, 256, (3, *size), np.uint8))


def hole_left(ratio: float, size: tuple[int, int] = (16, 20)) -> torch.Tensor:
    """uint8 (1, H, W), 1 in the left part."""
    hole = torch.zeros(1, *size, dtype=torch.uint8)
    hole[..., : round(ratio * size[1])] = 1
    return hole


def painted_record(
    painted: torch.Tensor, truth: torch.Tensor, hole: torch.Tensor, **fields: torch.Tensor
) -> dict:
    """A ``SceneSample.to_dict()`` record."""
    tensors = dict(pred_image=painted, gt_image=truth, hole=hole, **fields)
    return dict(img_path='a.png', **{name: dict(data=value) for name, value in tensors.items()})


def noisy(truth: torch.Tensor, hole: torch.Tensor, level: int, seed: int = 1) -> torch.Tensor:
    """The truth with up to ``level`` added or taken away in the hole."""
    generator = np.random.default_rng(seed)
    noise = torch.from_numpy(generator.integers(-level, level + 1, tuple(truth.shape)))
    return torch.where(hole > 0, (truth.int() + noise).clamp(0, 255), truth.int()).byte()
