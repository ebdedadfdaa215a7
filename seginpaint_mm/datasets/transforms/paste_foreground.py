"""``PasteForeground``: hidden truth on real pictures, by putting objects over known background."""

from dataclasses import dataclass

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.label_tables import IGNORE_INDEX
from seginpaint_mm.datasets.object_library import CutOut, ObjectLibrary
from seginpaint_mm.registry import DATASETS, TRANSFORMS

_PLACEMENTS = ('same_row', 'on_ground')
_BLENDINGS = ('none', 'gaussian')
_GROUND_CLASSES = (0, 1)  # road, sidewalk
_ON_GROUND_TRIES = 10
_FEATHER = 0.7  # standard deviation in pixels: hides the cut without softening small objects


@dataclass(frozen=True)
class _Placed:
    """An object in its final size, its upper left corner at (top, left) of the picture.

    ``opacity`` is float32 (h, w) in [0, 1] and more than 0 just where the object is.
    """

    image: np.ndarray
    opacity: np.ndarray
    top: int
    left: int


@TRANSFORMS.register_module()
class PasteForeground(BaseTransform):
    """Cut objects out of labelled pictures and paste them over others.

    Afterwards ``img`` shows the objects, ``gt_foreground`` is the union of the true foreground
    and the pasted objects, and ``gt_seg_map`` is 255 under them. ``gt_background`` stays what it
    was, so that it is known behind the pasted objects and 255 behind the true ones (unless they
    have manual truth). Every pixel that changes is in ``gt_foreground``. ``seg_fields`` other
    than these are left as they are. Far objects (foot higher up) are pasted first.

    Args:
        source: Config of the data set that objects come from; see :class:`ObjectLibrary`. Its
            files are looked for when the first picture arrives.
        num_objects: Least and greatest number of objects for a picture.
        area: Smallest and largest object in its source, as a share of the picture's area.
        max_contact: Largest share of an object's outline that may touch other foreground in its
            source: where it does, part of it may be hidden.
        scale: Range of the factor for an object's size.
        flip_prob: Probability that an object is mirrored.
        placement: ``'same_row'``: any column; the foot stays in its row for scale 1, and else
            moves towards or away from the horizon, as on a flat road. ``'on_ground'``: the same,
            and the foot must stand on visible road or sidewalk: an object that does not in ten
            tries is left out.
        horizon: Row of the horizon as a share of the height.
        blending: ``'gaussian'`` mixes the object's border with what is below, inside its mask;
            ``'none'`` copies.
        truncation: Objects may reach over the left and right border of the picture.
        fixed: Make the same choices for a ``sample_idx`` every time (evaluation). Otherwise
            they come from NumPy's global state, which MMEngine seeds for each worker.
        seed: Varies the choices of ``fixed``.
        cache_size: Keep the objects of so many source pictures in memory.

    Raises:
        ValueError: when an option is out of its range, or the source has no fitting object.
    """

    def __init__(
        self,
        source: dict,
        *,
        num_objects: tuple[int, int] = (2, 5),
        area: tuple[float, float] = (0.004, 0.2),
        max_contact: float = 0.1,
        scale: tuple[float, float] = (0.8, 1.4),
        flip_prob: float = 0.5,
        placement: str = 'on_ground',
        horizon: float = 0.45,
        blending: str = 'gaussian',
        truncation: bool = True,
        fixed: bool = False,
        seed: int = 0,
        cache_size: int = 500,
    ) -> None:
        _check_choice('placement', placement, _PLACEMENTS)
        _check_choice('blending', blending, _BLENDINGS)
        _check_range('num_objects', num_objects, lowest=0)
        _check_range('area', area, lowest=0)
        _check_range('scale', scale, lowest=0.01)
        self.source = DATASETS.build({**source, 'lazy_init': True})
        self.num_objects = num_objects
        self.area = area
        self.max_contact = max_contact
        self.scale = scale
        self.flip_prob = flip_prob
        self.placement = placement
        self.horizon = horizon
        self.blending = blending
        self.truncation = truncation
        self.fixed = fixed
        self.seed = seed
        self.cache_size = cache_size
        self._library: ObjectLibrary | None = None

    def transform(self, results: dict) -> dict:
        """Paste objects into a scene with ``img`` and the maps of :class:`LoadSceneAnnotations`."""
        rng = self._rng(results)
        number = int(rng.integers(self.num_objects[0], self.num_objects[1] + 1))
        placed = [self._place(self._objects().draw(rng), results, rng) for _ in range(number)]
        found = [item for item in placed if item is not None]
        results['img'] = results['img'].copy()
        for item in sorted(found, key=lambda item: item.top + item.opacity.shape[0]):
            _paste(item, results)
        return results

    def _rng(self, results: dict) -> np.random.Generator:
        if self.fixed:
            return np.random.default_rng([self.seed, results['sample_idx']])
        return np.random.default_rng(np.random.randint(2**31, size=4))

    def _objects(self) -> ObjectLibrary:
        if self._library is None:
            self._library = ObjectLibrary(
                self.source,
                area=self.area,
                max_contact=self.max_contact,
                cache_size=self.cache_size,
            )
        return self._library

    def _place(self, cut_out: CutOut, results: dict, rng: np.random.Generator) -> _Placed | None:
        scale = rng.uniform(*self.scale)
        image, mask = _resize(cut_out, scale, mirror=rng.random() < self.flip_prob)
        opacity = _feather(mask) if self.blending == 'gaussian' else mask.astype(np.float32)
        (height, width), size = mask.shape, results['img'].shape[:2]
        foot = self.horizon + scale * (cut_out.foot - self.horizon)
        top = round(foot * size[0]) - height
        if not self.truncation:
            if height > size[0] or width > size[1]:
                return None
            top = min(max(top, 0), size[0] - height)
        tries = 1 if self.placement == 'same_row' else _ON_GROUND_TRIES
        for left in self._columns(width, size[1], rng)[:tries]:
            placed = _clip(_Placed(image, opacity, top, int(left)), size)
            if placed is not None and self._stands(placed, results['gt_background']):
                return placed
        return None

    def _columns(self, box_width: int, width: int, rng: np.random.Generator) -> np.ndarray:
        """Columns to try for the left side of an object."""
        if self.truncation:
            first, last = -box_width // 2, width - box_width // 2
        else:
            first, last = 0, width - box_width
        return rng.integers(first, last, size=_ON_GROUND_TRIES, endpoint=True)

    def _stands(self, placed: _Placed, background: np.ndarray) -> bool:
        if self.placement == 'same_row':
            return True
        lowest = placed.opacity.shape[0] - 1
        columns = placed.left + np.flatnonzero(placed.opacity[lowest])
        return bool(np.isin(background[placed.top + lowest, columns], _GROUND_CLASSES).all())


def _paste(placed: _Placed, results: dict) -> None:
    height, width = placed.opacity.shape
    box = np.s_[placed.top : placed.top + height, placed.left : placed.left + width]
    below = results['img'][box].astype(np.float32)
    mixed = below + placed.opacity[..., None] * (placed.image - below)
    results['img'][box] = np.rint(mixed).astype(np.uint8)
    inside = placed.opacity > 0
    results['gt_foreground'][box][inside] = 1
    results['gt_seg_map'][box][inside] = IGNORE_INDEX


def _resize(cut_out: CutOut, scale: float, mirror: bool) -> tuple[np.ndarray, np.ndarray]:
    height, width = cut_out.mask.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    image = cv2.resize(cut_out.image, size, interpolation=smooth)
    mask = cv2.resize(cut_out.mask, size, interpolation=cv2.INTER_NEAREST)
    return (image[:, ::-1], mask[:, ::-1]) if mirror else (image, mask)


def _feather(mask: np.ndarray) -> np.ndarray:
    """Opacity of a 0/1 mask, float32: 1 inside, about a half at the border, 0 outside."""
    inside = mask.astype(np.float32)
    return inside * cv2.GaussianBlur(inside, (0, 0), _FEATHER, borderType=cv2.BORDER_CONSTANT)


def _clip(placed: _Placed, size: tuple[int, int]) -> _Placed | None:
    """Cut off what is outside a picture of (height, width); None when nothing is left."""
    top, left = max(0, placed.top), max(0, placed.left)
    bottom = min(size[0], placed.top + placed.opacity.shape[0])
    right = min(size[1], placed.left + placed.opacity.shape[1])
    if top >= bottom or left >= right:
        return None
    box = np.s_[top - placed.top : bottom - placed.top, left - placed.left : right - placed.left]
    return _Placed(placed.image[box], placed.opacity[box], top, left)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f'PasteForeground: {name} must be one of {choices}, not {value!r}.')


def _check_range(name: str, value: tuple[float, float], lowest: float) -> None:
    low, high = value
    if not lowest <= low <= high:
        raise ValueError(
            f'PasteForeground: {name} must be (least, greatest) with {lowest:g} <= least <= '
            f'greatest, not {value!r}.'
        )
