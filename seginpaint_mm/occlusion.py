"""How much objects hide of each other, from what is seen of them and what all of them is."""

import torch
from torch import Tensor

Box = tuple[int, int, int, int]


def occlusion_counts(visible: Tensor, full: Tensor) -> Tensor:
    """Count the pixels of each object's invisible region that are seen of each other object.

    Masks are compared in their boxes: most are small, and most pairs do not meet.

    Args:
        visible: bool (n, H, W), what is seen of the objects (SV).
        full: bool (n, H, W), all of them (SF), known or predicted; SI is what SV does not hold of
            it.

    Returns:
        int64 (n, n) on the CPU: in row q and column p the pixels that SV of q and SI of p share; 0
        on the diagonal.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> full = torch.tensor([[[1, 1, 0, 0]], [[0, 1, 1, 0]]]).bool()
        >>> visible = torch.tensor([[[1, 1, 0, 0]], [[0, 0, 1, 0]]]).bool()
        >>> occlusion_counts(visible, full)
        tensor([[0, 1],
                [0, 0]])
    """
    return occlusion_sizes(visible, full)[0]


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
    return overlaps_of(*occlusion_sizes(visible, full))


def overlaps_of(shared: Tensor, seen: Tensor, hidden: Tensor) -> Tensor:
    """Return :func:`occlusion_overlaps`, given :func:`occlusion_sizes`."""
    return shared / (seen[:, None] + hidden - shared).clamp(min=1).double()


def occlusion_sizes(visible: Tensor, full: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return :func:`occlusion_counts`, and the pixels of each SV and of each SI, int64 (n,)."""
    if visible.shape != full.shape:
        raise ValueError(
            f'The visible masks are {tuple(visible.shape)} (objects, height, width), the full ones '
            f'{tuple(full.shape)}: give both for the same objects and the same picture.'
        )
    number = len(visible)
    shared = torch.zeros(number, number, dtype=torch.int64)
    seen, hidden = (torch.zeros(number, dtype=torch.int64) for _ in range(2))
    crops = []
    for index, mask in enumerate(visible.cpu()):
        box, crop = crop_mask(mask)
        seen[index] = crop.count_nonzero()
        crops.append((box, crop))
    for back, (mask, whole) in enumerate(zip(visible, full, strict=True)):
        box, crop = crop_mask((whole & ~mask).cpu())
        hidden[back] = crop.count_nonzero()
        for front, (other, seen_there) in enumerate(crops):
            common = _common(box, other)
            if front != back and common is not None:
                both = crop[_window(common, box)] & seen_there[_window(common, other)]
                shared[front, back] = both.count_nonzero()
    return shared, seen, hidden


def crop_mask(mask: Tensor) -> tuple[Box, Tensor]:
    """Crop a mask, bool (H, W), to its tight box (x1, y1, x2, y2), (0, 0, 0, 0) if it is empty."""
    rows, columns = (mask.any(dim=axis).nonzero().flatten() for axis in (1, 0))
    if not len(rows):
        return (0, 0, 0, 0), mask[:0, :0]
    left, right = int(columns[0]), int(columns[-1]) + 1
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    return (left, top, right, bottom), mask[top:bottom, left:right]


def _common(one: Box, other: Box) -> Box | None:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _window(inner: Box, outer: Box) -> tuple[slice, slice]:
    """Rows and columns of a box in what another, which holds it, was cropped to."""
    return (
        slice(inner[1] - outer[1], inner[3] - outer[1]),
        slice(inner[0] - outer[0], inner[2] - outer[0]),
    )
