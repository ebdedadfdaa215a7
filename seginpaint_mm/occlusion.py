"""How much objects hide of each other, from what is seen of them and what all of them is."""

import torch
from torch import Tensor


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
    """
    if visible.shape != full.shape:
        raise ValueError(
            f'The visible masks are {tuple(visible.shape)} (objects, height, width), the full ones '
            f'{tuple(full.shape)}: give both for the same objects and the same picture.'
        )
    seen, hidden = visible.flatten(1), (full & ~visible).flatten(1)
    with torch.autocast(visible.device.type, enabled=False):  # half precision counts to 2048
        shared = (seen.float() @ hidden.float().T).cpu().double()  # exact below 2 ** 24
    sums = seen.sum(dim=1, keepdim=True) + hidden.sum(dim=1)
    overlaps = shared / (sums.cpu() - shared).clamp(min=1)
    return overlaps * ~torch.eye(len(overlaps), dtype=torch.bool)
