"""How much objects hide of each other, from what is seen of them and what all of them is."""

import torch
from torch import Tensor

_VALUES = 2**21  # that are floats at once; below 2**24 they count exactly


def occlusion_overlaps(visible: Tensor, full: Tensor) -> Tensor:
    """Overlap of each object's visible region with each other's invisible one (SeGAN, Section 5.2).

    Args:
        visible: bool (n, H, W), what is seen of the objects (SV).
        full: bool (n, H, W), all of them (SF), known or predicted; SI is what SV does not hold of
            it.

    Returns:
        float64 (n, n) on the CPU: in row q and column p the IoU of SV of q and SI of p, in [0, 1]:
        q hides p where it is large. 0 where p hides nothing, and on the diagonal.

    Raises:
        ValueError: when the shapes differ.

    Example:
        The first object covers half of the second one.

        >>> full = torch.tensor([[[1, 1, 0, 0]], [[0, 1, 1, 0]]]).bool()
        >>> visible = torch.tensor([[[1, 1, 0, 0]], [[0, 0, 1, 0]]]).bool()
        >>> occlusion_overlaps(visible, full)
        tensor([[0.0000, 0.5000],
                [0.0000, 0.0000]], dtype=torch.float64)
    """
    if visible.shape != full.shape:
        raise ValueError(
            f'The visible masks are {tuple(visible.shape)} (objects, height, width), the full ones '
            f'{tuple(full.shape)}: give both for the same objects and the same picture.'
        )
    visible, full, number = visible.flatten(1), full.flatten(1), len(visible)
    shared = torch.zeros(number, number, dtype=torch.float64)
    sums = torch.zeros(number, number, dtype=torch.float64)
    step = _VALUES // max(number, 1) + 1
    for start in range(0, visible.shape[1], step):  # as floats all of a photo would take gigabytes
        seen, hidden = visible[:, start : start + step], full[:, start : start + step]
        hidden = (hidden & ~seen).float()
        seen = seen.float()
        with torch.autocast(seen.device.type, enabled=False):  # half precision counts to 2048
            shared += (seen @ hidden.T).cpu()
        sums += (seen.sum(dim=1, keepdim=True) + hidden.sum(dim=1)).cpu()
    overlaps = shared / (sums - shared).clamp(min=1)
    return overlaps * ~torch.eye(number, dtype=torch.bool)
