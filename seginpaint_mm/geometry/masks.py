"""Grow and feather masks, and keep many masks as crops."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

if TYPE_CHECKING:  # masks are handled without PyTorch, too, beside an exported network
    import torch
    from torch import Tensor


def grow_mask(mask: np.ndarray, pixels: int) -> np.ndarray:
    """A mask with all that is at most so many pixels away; a negative number shrinks it.

    The image's border is no outline: a mask that reaches it does so also when it is shrunk.

    Args:
        mask: bool (H, W).
        pixels: Between the centres of pixels.

    Returns:
        bool (H, W); empty when nothing is left.

    Example:
        >>> mask = np.zeros((3, 5), bool)
        >>> mask[1, 2] = True
        >>> grow_mask(mask, 1).astype(int)
        array([[0, 0, 1, 0, 0],
               [0, 1, 1, 1, 0],
               [0, 0, 1, 0, 0]])
    """
    if pixels < 0:
        return ~grow_mask(~mask, -pixels)
    if pixels == 0 or not mask.any():
        return mask
    return _distance_to(mask) <= pixels


def feather_weights(mask: np.ndarray, width: int) -> np.ndarray:
    """1 in a mask, and less and less, linearly, within ``width`` pixels around it; 0 beyond.

    Args:
        mask: bool (H, W), not empty.
        width: In pixels; 0 for a hard border.

    Returns:
        float32 (H, W) in [0, 1].
    """
    distance = _distance_to(mask)
    return np.where(distance <= width, 1 - distance / (width + 1), 0).astype(np.float32)


def _distance_to(mask: np.ndarray) -> np.ndarray:
    """float32 (H, W); 0 in the mask."""
    outside = (~mask).astype(np.uint8)
    return cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


Box = tuple[int, int, int, int]  # x1, y1, x2, y2; right and bottom exclusive
Packed = TypeVar('Packed', bound='CroppedMasks')


class CroppedMasks(np.lib.mixins.NDArrayOperatorsMixin):
    """n masks of one image, each stored as its box and the bits in it: at most n * H * W / 8 bytes.

    It reads like a bool array (n, H, W): ``len``, ``shape``, ``dtype``, iteration and ``masks[k]``,
    a bool array (H, W), cost one mask at a time; a slice, a list or a bool index gives other
    :class:`CroppedMasks`. Everything else that an array can do is done by the whole array, of
    n * H * W bytes, which ``numpy.asarray`` makes. It cannot be written to.

    Args:
        size: (height, width) of the image.
        boxes: Tight around each mask; (0, 0, 0, 0) where it is empty.
        bits: Of each, its crop as :func:`numpy.packbits` packs it.
    """

    dtype = np.dtype(bool)
    ndim = 3

    def __init__(
        self, size: tuple[int, int], boxes: Sequence[Box], bits: Sequence[np.ndarray]
    ) -> None:
        self.size = size
        self.boxes = tuple(boxes)
        self._bits = tuple(bits)

    @classmethod
    def pack(cls: type[Packed], masks: Iterable[np.ndarray], size: tuple[int, int]) -> Packed:
        """Pack masks, bool (H, W) of ``size``, one at a time."""
        return cls.of_crops((crop_to_box(mask) for mask in masks), size)

    @classmethod
    def of_crops(
        cls: type[Packed], pieces: Iterable[tuple[Box, np.ndarray]], size: tuple[int, int]
    ) -> Packed:
        """Pack boxes, which may be larger than what they hold, and the bool (h, w) in them."""
        boxes, bits = [], []
        for (left, top, _, _), crop in pieces:
            (x1, y1, x2, y2), inside = crop_to_box(crop)
            boxes.append((x1 + left, y1 + top, x2 + left, y2 + top) if x2 else (0, 0, 0, 0))
            bits.append(np.packbits(inside))
        return cls(size, boxes, bits)

    @classmethod
    def enlarge(cls, masks: Iterable[np.ndarray], size: tuple[int, int]) -> 'CroppedMasks':
        """Bring masks that were found in a reduced image to the size of the image.

        Args:
            masks: Each bool or float (h, w), a mask or a probability in [0, 1], interpolated
                bilinearly; what reaches 0.5 is the mask.
            size: (height, width) of the image.
        """
        return cls.of_crops((_enlarged(mask, size) for mask in masks), size)

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self), *self.size

    def __len__(self) -> int:
        return len(self.boxes)

    def crop(self, index: int) -> np.ndarray:
        """Return a mask inside its box: bool (y2 - y1, x2 - x1)."""
        left, top, right, bottom = self.boxes[index]
        shape = (bottom - top, right - left)
        count = shape[0] * shape[1]
        return np.unpackbits(self._bits[index], count=count).view(bool).reshape(shape)

    def read(self, index: int, box: Box) -> np.ndarray:
        """Return what a mask holds in any box in the image: bool (y2 - y1, x2 - x1)."""
        found = np.zeros((box[3] - box[1], box[2] - box[0]), bool)
        own = self.boxes[index]
        common = common_box(own, box)
        if common is not None:
            width = own[2] - own[0]
            first, last = ((row - own[1]) * width for row in (common[1], common[3]))
            rows = np.unpackbits(self._bits[index][first // 8 : -(-last // 8)]).view(bool)
            rows = rows[first % 8 :][: last - first].reshape(-1, width)
            found[_inside(common, box)] = rows[:, common[0] - own[0] : common[2] - own[0]]
        return found

    def unite(self: Packed, others: 'CroppedMasks') -> Packed:
        """Unite each mask with that of the same number of others, of as many of the same image."""

        def pieces() -> Iterator[tuple[Box, np.ndarray]]:
            for index, pair in enumerate(zip(self.boxes, others.boxes, strict=True)):
                box = box_around(*pair)
                yield box, self.read(index, box) | others.read(index, box)

        return type(self).of_crops(pieces(), self.size)

    def in_frame(self: Packed, size: tuple[int, int]) -> Packed:
        """The same masks in an image of another (height, width), cut or padded right and below."""
        frame = (0, 0, size[1], size[0])
        if all(x2 <= size[1] and y2 <= size[0] for _, _, x2, y2 in self.boxes):
            return type(self)(size, self.boxes, self._bits)
        boxes = [common_box(box, frame) or (0, 0, 0, 0) for box in self.boxes]
        crops = ((box, self.read(index, box)) for index, box in enumerate(boxes))
        return type(self).of_crops(crops, size)

    def area(self, index: int) -> int:
        """The number of pixels of a mask."""
        return int(np.count_nonzero(self.crop(index)))

    def union(self, chosen: Iterable[int] | None = None) -> np.ndarray:
        """Return the union of the masks of these numbers, or all: bool (H, W)."""
        covered = np.zeros(self.size, bool)
        for index in range(len(self)) if chosen is None else chosen:
            covered[self.window(index)] |= self.crop(index)
        return covered

    def window(self, index: int) -> tuple[slice, slice]:
        """The rows and columns of a mask's box."""
        left, top, right, bottom = self.boxes[index]
        return slice(top, bottom), slice(left, right)

    def at(self, column: int, row: int) -> np.ndarray:
        """Which masks hold a pixel: bool (n,)."""
        held = np.zeros(len(self), bool)
        for index, (left, top, right, bottom) in enumerate(self.boxes):
            if left <= column < right and top <= row < bottom:
                held[index] = self.crop(index)[row - top, column - left]
        return held

    def overlaps(
        self, box: Box, inside: np.ndarray | None = None, least: float = 0.0
    ) -> np.ndarray:
        """Intersection over union of each mask with a box, or with a mask ``inside`` it.

        Args:
            box: May reach beyond the image, where nothing counts.
            inside: bool (y2 - y1, x2 - x1); None for all of the box.
            least: The result is 0 where less than this share of the smaller one is common to both.

        Returns:
            np.ndarray: float64 (n,) in [0, 1].
        """
        height, width = self.size
        left, top, right, bottom = box
        clipped = (max(left, 0), max(top, 0), min(right, width), min(bottom, height))
        across, down = max(clipped[2] - clipped[0], 0), max(clipped[3] - clipped[1], 0)
        area = across * down if inside is None else np.count_nonzero(inside)
        shares = np.zeros(len(self))
        for index, of_mask in enumerate(self.boxes):
            common = (*np.maximum(of_mask[:2], clipped[:2]), *np.minimum(of_mask[2:], clipped[2:]))
            if common[0] >= common[2] or common[1] >= common[3]:
                continue
            crop = self.crop(index)
            shared = crop[_inside(common, of_mask)]
            if inside is not None:
                shared = shared & inside[_inside(common, box)]
            intersection = np.count_nonzero(shared)
            own = np.count_nonzero(crop)
            if intersection >= least * min(own, area):
                shares[index] = intersection / (own + area - intersection)
        return shares

    def numpy(self) -> np.ndarray:
        """Return the whole array, bool (n, H, W), new."""
        whole = np.zeros(self.shape, bool)
        for index, mask in enumerate(whole):
            mask[self.window(index)] = self.crop(index)
        return whole

    def as_tensor(self) -> 'CroppedMaskTensor':
        """The same masks, which read like a tensor; nothing is copied."""
        return CroppedMaskTensor(self.size, self.boxes, self._bits)

    def __getitem__(self, index: object) -> object:
        if isinstance(index, (int, np.integer)):
            mask = np.zeros(self.size, bool)
            number = range(len(self))[index]
            mask[self.window(number)] = self.crop(number)
            return self._deliver(mask)
        if isinstance(index, tuple) or index is None or index is Ellipsis:
            return self._deliver(self.numpy())[index]
        if not isinstance(index, slice):
            index = np.asarray(index)
            index = index if len(index) else index.astype(int)
        chosen = np.arange(len(self))[index]
        return type(self)(
            self.size, [self.boxes[k] for k in chosen], [self._bits[k] for k in chosen]
        )

    def __iter__(self) -> Iterator:
        return (self[index] for index in range(len(self)))

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: object, **options: object
    ) -> object:
        whole = [item.numpy() if isinstance(item, CroppedMasks) else item for item in inputs]
        return self._deliver(getattr(ufunc, method)(*whole, **options))

    def __getattr__(self, name: str) -> object:
        if name.startswith('_'):  # also what copying and pickling ask for before there is anything
            raise AttributeError(name)
        return getattr(self._deliver(self.numpy()), name)

    @staticmethod
    def _deliver(whole: np.ndarray) -> object:
        return whole


class CroppedMaskTensor(CroppedMasks):
    """:class:`CroppedMasks` that read like a bool tensor (n, H, W) on the CPU.

    ``masks[k]`` is a bool tensor (H, W), and what else a tensor can do is done by the whole one.
    """

    @property
    def dtype(self) -> 'torch.dtype':
        import torch

        return torch.bool

    @property
    def device(self) -> 'torch.device':
        import torch

        return torch.device('cpu')

    def cpu(self) -> 'CroppedMaskTensor':
        return self

    def clone(self) -> 'CroppedMaskTensor':
        """Return the same, as nobody can write to it."""
        return self

    def to(self, *args: object, **options: object) -> 'CroppedMaskTensor | Tensor':
        """Stay on the CPU whatever the device; another type makes the whole tensor."""
        import torch

        types = [item for item in (*args, *options.values()) if isinstance(item, torch.dtype)]
        return self[...].to(*args, **options) if types and types != [torch.bool] else self

    @staticmethod
    def cat(parts: Sequence['CroppedMaskTensor']) -> 'CroppedMaskTensor':
        """Join the masks of one image, as :class:`mmengine.structures.InstanceData` does."""
        boxes = [box for part in parts for box in part.boxes]
        bits = [bits for part in parts for bits in part._bits]
        return CroppedMaskTensor(parts[0].size, boxes, bits)

    @classmethod
    def __torch_function__(
        cls, function: object, types: object, args: tuple = (), options: dict | None = None
    ) -> object:
        whole = [item[...] if isinstance(item, cls) else item for item in args]
        return function(*whole, **(options or {}))

    @staticmethod
    def _deliver(whole: np.ndarray) -> object:
        import torch

        return torch.as_tensor(whole)


def crop_to_box(mask: np.ndarray) -> tuple[Box, np.ndarray]:
    """Return the tight box of a mask, bool (H, W), and its content; (0, 0, 0, 0) if empty."""
    bits = np.ascontiguousarray(mask, dtype=bool).view(np.uint8)
    left, top, width, height = cv2.boundingRect(bits) if bits.size else (0, 0, 0, 0)
    box = (left, top, left + width, top + height) if width else (0, 0, 0, 0)
    return box, mask[box[1] : box[3], box[0] : box[2]]


def common_box(one: Box, other: Box) -> Box | None:
    """What two boxes share; None if they share no pixel."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def box_around(one: Box, other: Box) -> Box:
    """The smallest box around two; one without a pixel counts for nothing."""
    if one[0] == one[2] or other[0] == other[2]:
        return other if one[0] == one[2] else one
    left, top = min(one[0], other[0]), min(one[1], other[1])
    return left, top, max(one[2], other[2]), max(one[3], other[3])


def grow_box(box: Box, pixels: int, size: tuple[int, int]) -> Box:
    """Grow a box at each side, as far as an image of (height, width) goes."""
    return (
        max(box[0] - pixels, 0),
        max(box[1] - pixels, 0),
        min(box[2] + pixels, size[1]),
        min(box[3] + pixels, size[0]),
    )


def mask_tensor(masks: 'np.ndarray | CroppedMasks') -> 'Tensor | CroppedMaskTensor':
    """Let masks, bool (n, H, W), read like a tensor; nothing is copied."""
    import torch

    return masks.as_tensor() if isinstance(masks, CroppedMasks) else torch.from_numpy(masks)


def pack_tensor(masks: 'Tensor | CroppedMaskTensor') -> CroppedMaskTensor:
    """Pack masks, bool (n, H, W) on any device, one at a time; packed ones stay as they are."""
    if isinstance(masks, CroppedMaskTensor):
        return masks
    packed = CroppedMasks.pack((mask.cpu().numpy() for mask in masks), tuple(masks.shape[1:]))
    return packed.as_tensor()


def _inside(common: Sequence[int], box: Box) -> tuple[slice, slice]:
    """Rows and columns of ``common`` in what ``box`` holds."""
    rows = slice(int(common[1] - box[1]), int(common[3] - box[1]))
    return rows, slice(int(common[0] - box[0]), int(common[2] - box[0]))


def _enlarged(mask: np.ndarray, size: tuple[int, int]) -> tuple[Box, np.ndarray]:
    """Box and crop at the image's size, as bilinear resizing of the whole mask gives them."""
    (left, top, right, bottom), _ = crop_to_box(mask > 0)
    row, above, below, down = _samples(top, bottom, mask.shape[0], size[0])
    column, before, after, across = _samples(left, right, mask.shape[1], size[1])
    values = mask.astype(np.float32)
    strips = values[above] * (1 - down[:, None]) + values[below] * down[:, None]
    smooth = strips[:, before] * (1 - across) + strips[:, after] * across
    (x1, y1, x2, y2), crop = crop_to_box(smooth >= 0.5)
    return ((x1 + column, y1 + row, x2 + column, y2 + row), crop) if x2 else ((0, 0, 0, 0), crop)


def _samples(
    start: int, stop: int, small: int, large: int
) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Where pixels of the large side lie that a range of the small side reaches.

    Returns:
        The first of them; for each the two pixels of the small side that it lies between, and the
        share of the second.
    """
    scale = small / large
    first = max(0, int(np.ceil((start - 0.5) / scale - 0.5)))
    last = min(large, int(np.floor((stop + 0.5) / scale - 0.5)) + 1)
    places = (np.arange(first, max(first, last)) + 0.5) * scale - 0.5
    lower = np.floor(places)
    share = (places - lower).astype(np.float32)
    lower = lower.astype(np.int64)
    return first, np.clip(lower, 0, small - 1), np.clip(lower + 1, 0, small - 1), share
