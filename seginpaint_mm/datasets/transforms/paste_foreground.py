"""``PasteForeground``: paste objects on real images, so that the ground truth behind is known."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.dataset import BaseDataset

from seginpaint_mm.datasets.class_tables import IGNORE_INDEX
from seginpaint_mm.datasets.object_library import CutOut, ObjectLibrary
from seginpaint_mm.datasets.object_placement import (
    BLENDINGS,
    PlacedObject,
    paste_object,
    pasted_truth,
    place_anywhere,
    resize_object,
    visible_part,
)
from seginpaint_mm.registry import DATASETS, TRANSFORMS

_PLACEMENTS = ('same_row', 'on_ground', 'anywhere')
_GROUND = ('road', 'sidewalk')
_GROUND_IDS = (0, 1)  # the same, of scenes that do not name their classes
_ON_GROUND_TRIES = 10
# What is of no use beside whole objects.
_MAPS = ('gt_seg_map', 'gt_instance_map', 'gt_crowd_map', 'gt_foreground', 'gt_background')


@TRANSFORMS.register_module()
class PasteForeground(BaseTransform):
    """Cut objects out of labelled images and paste them over others.

    Afterwards ``img`` shows the objects, ``gt_foreground`` is the union of the true foreground
    and the pasted objects, and ``gt_seg_map`` is 255 under them. ``gt_background`` stays what it
    was, so that it is known behind the pasted objects and 255 behind the true ones (unless they
    have manual truth). Every pixel that changes is in ``gt_foreground``. ``seg_fields`` other
    than these are left as they are. Far objects (foot higher up) are pasted first.

    With ``removal`` the objects are what is to be removed (maskopt, Sec. III-A) from any scene:
    ``gt_image`` is the image without them, ``hole`` is 1 where they are and wherever ``img``
    differs from it, ``removed_classes`` are their names and ``removed_labels`` the same as indices
    into the source's ``thing_ids``. All other maps stay as they are: they tell of the image
    without the objects. An image into which no object fits is left out. Resize and crop before:
    mmseg's transforms would resize ``gt_image`` as they do labels, by the nearest pixel, so that it
    would differ from ``img`` everywhere, and a crop may leave nothing of the hole. Flips may come
    after. Such pairs are made again for every sample; ``make_pairs.py`` writes others to the disk,
    which :class:`LoadPair` reads.

    With ``amodal`` the objects of the image (``gt_instance_map``) are learnt as a whole, as far as
    pasted ones hide them, and so are these: the keys are those of :class:`LoadAmodalObjects`, see
    :func:`pasted_truth`, and all maps are dropped. Images without an object are left out.

    Args:
        source: Config of the data set that objects come from; see :class:`ObjectLibrary`. Its
            files are looked for when the first image arrives. Without ``type`` it is the data set
            of the images into which objects are pasted (a :class:`SceneFolderDataset`,
            :class:`CocoInstanceDataset` or :class:`FolderInstanceDataset`), with the pipeline that
            ``source`` has.
        num_objects: Least and greatest number of objects for an image.
        area: Smallest and largest object in its source, as a share of the image's area.
        max_contact: Largest share of an object's outline that may touch other foreground in its
            source: where it does, part of it may be hidden.
        classes: Names of the objects' classes; None for all. For a source with classes.
        scale: Range of the factor for an object's size.
        rotation: Range in degrees, counter-clockwise.
        flip_prob: Probability that an object is mirrored.
        placement: ``'same_row'``: any column; the foot stays in its row for scale 1, and else
            moves towards or away from the horizon, as on a flat road. ``'on_ground'``: the same,
            and the foot must stand on visible ground: an object that does not in ten tries is left
            out; it needs ``gt_background``. ``'anywhere'``: any row and column.
        ground: Names of the classes that ``'on_ground'`` takes for ground, of the data set into
            whose images objects are pasted. None for those that are called ``'road'`` or
            ``'sidewalk'``.
        horizon: Row of the horizon as a share of the height.
        blending: ``'gaussian'`` or ``'box'`` mix the object's border with what is below, inside
            its mask; ``'poisson'`` gives the object the colours around it; ``'none'`` copies. Of
            several a random one is taken for each object.
        truncation: Objects may reach over the left and right border of the image, and, where
            they are ``'anywhere'``, over the others.
        removal: See above.
        amodal: See above.
        appearances: With ``amodal``: also how each object looks as a whole.
        unknown_behind: With ``amodal``: nothing is learnt where other objects of the image itself
            lie, as they may hide the object; else it ends there. See :func:`pasted_truth`.
        fixed: Make the same choices for a ``sample_idx`` every time (evaluation). Otherwise
            they come from NumPy's global state, which MMEngine seeds for each worker.
        seed: Varies the choices of ``fixed``.
        cache_size: Keep the objects of so many source images in memory.

    Raises:
        ValueError: when an option is out of its range, the source has no fitting object, or the
            ground to stand on is not known.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(
        self,
        source: dict,
        *,
        num_objects: tuple[int, int] = (2, 5),
        area: tuple[float, float] = (0.004, 0.2),
        max_contact: float = 0.1,
        classes: Sequence[str] | None = None,
        scale: tuple[float, float] = (0.8, 1.4),
        rotation: tuple[float, float] = (0.0, 0.0),
        flip_prob: float = 0.5,
        placement: str = 'on_ground',
        ground: Sequence[str] | None = None,
        horizon: float = 0.45,
        blending: str | Sequence[str] = 'gaussian',
        truncation: bool = True,
        removal: bool = False,
        amodal: bool = False,
        appearances: bool = False,
        unknown_behind: bool = False,
        fixed: bool = False,
        seed: int = 0,
        cache_size: int = 500,
    ) -> None:
        _check_choice('placement', placement, _PLACEMENTS)
        self.blendings = (blending,) if isinstance(blending, str) else tuple(blending)
        for name in self.blendings:
            _check_choice('blending', name, tuple(BLENDINGS))
        _check_range('num_objects', num_objects, lowest=0)
        _check_range('area', area, lowest=0)
        _check_range('scale', scale, lowest=0.01)
        _check_range('rotation', rotation, lowest=-360)
        self._own = None if 'type' in source else source
        self.source = _lazy(source) if self._own is None else None
        self.num_objects = num_objects
        self.area = area
        self.max_contact = max_contact
        self.classes = classes
        self.scale = scale
        self.rotation = rotation
        self.flip_prob = flip_prob
        self.placement = placement
        if isinstance(ground, str) or (ground is not None and not ground):
            raise ValueError(
                f"PasteForeground: ground must be names of classes in a list, e.g. ('road',), not "
                f'{ground!r}.'
            )
        self.ground = ground
        self.horizon = horizon
        self.truncation = truncation
        self.removal = removal
        if removal and amodal:
            raise ValueError('PasteForeground: give removal or amodal, not both.')
        self.amodal = amodal
        self.appearances = appearances
        self.unknown_behind = unknown_behind
        self.fixed = fixed
        self.seed = seed
        self.cache_size = cache_size
        self._library: ObjectLibrary | None = None

    def transform(self, results: dict) -> dict | None:
        """Paste objects into a scene with ``img`` and the maps of :class:`LoadSceneAnnotations`.

        With ``removal`` it needs ``img`` alone, for ``'on_ground'`` also ``gt_background``.
        """
        if self.source is None:
            self.source = self._source_of(results)
        if self.placement == 'on_ground' and 'gt_background' not in results:
            raise ValueError(
                "PasteForeground: placement='on_ground' needs gt_background, which this pipeline "
                "does not make: set placement='anywhere' or 'same_row', or load the scene with "
                'LoadSceneAnnotations.'
            )
        if self.placement == 'on_ground':
            self._ground_ids(results)  # says what is wrong before anything is drawn
        rng = self._rng(results)
        number = int(rng.integers(self.num_objects[0], self.num_objects[1] + 1))
        placed = [self._place(self._objects().draw(rng), results, rng) for _ in range(number)]
        found = [item for item in placed if item is not None]
        if self.removal and not found:
            return None
        found.sort(key=lambda item: item[0].top + item[0].mask.shape[0])
        before = results['img']
        results['img'] = before.copy()
        if self.amodal:
            return self._amodal(results, before, [item for item, _ in found], rng)
        covered = np.zeros(before.shape[:2], bool)
        for item, _ in found:
            covered |= paste_object(results['img'], item, self._blending(rng))
        if self.removal:
            results['gt_image'], results['hole'] = before, covered.astype(np.uint8)
            names = [name for _, name in found]
            results['removed_classes'], results['removed_labels'] = names, self._labels(names)
            results.setdefault('seg_fields', []).extend(['gt_image', 'hole'])
        else:
            results['gt_foreground'][covered] = 1
            results['gt_seg_map'][covered] = IGNORE_INDEX
        return results

    def _source_of(self, results: dict) -> BaseDataset:
        """The data set of a sample, as a source of objects."""
        if 'own_source' not in results:
            raise ValueError(
                f'PasteForeground: source names no type, and the data set of '
                f'{results.get("img_path")} does not name itself as one (SceneFolderDataset, '
                f'CocoInstanceDataset and FolderInstanceDataset do): give source its type and '
                f'data_root.'
            )
        return _lazy({**results['own_source'], **self._own})

    def _amodal(
        self,
        results: dict,
        before: np.ndarray,
        found: Sequence[PlacedObject],
        rng: np.random.Generator,
    ) -> dict | None:
        if 'gt_instance_map' not in results:
            raise ValueError(
                'PasteForeground: amodal needs gt_instance_map, the objects of the image: put '
                'LoadInstances before it.'
            )
        pasted = []
        for item in found:
            mask = paste_object(results['img'], item, self._blending(rng))
            pasted.append((mask, results['img'].copy() if self.appearances else before))
        truth = pasted_truth(
            before, results['gt_instance_map'], pasted, self.appearances, self.unknown_behind
        )
        for key in _MAPS:
            results.pop(key, None)
        results.pop('seg_fields', None)
        return None if truth is None else results | truth

    def _labels(self, names: Sequence[str]) -> list[int]:
        metainfo = self.source.metainfo
        things = [metainfo['classes'][number] for number in metainfo.get('thing_ids', ())]
        return [things.index(name) for name in names if name]

    def _blending(self, rng: np.random.Generator) -> str:
        if len(self.blendings) == 1:
            return self.blendings[0]
        return self.blendings[int(rng.integers(len(self.blendings)))]

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
                classes=self.classes,
                cache_size=self.cache_size,
            )
        return self._library

    def _place(
        self, cut_out: CutOut, results: dict, rng: np.random.Generator
    ) -> tuple[PlacedObject, str] | None:
        """An object in its place, and its class."""
        if self.placement == 'anywhere':
            placed = place_anywhere(
                cut_out,
                results['img'].shape[:2],
                rng,
                scale=self.scale,
                rotation=self.rotation,
                flip_prob=self.flip_prob,
                truncation=self.truncation,
            )
            return placed and (placed, cut_out.class_name)
        scale = rng.uniform(*self.scale)
        mirror = bool(rng.random() < self.flip_prob)
        degrees = rng.uniform(*self.rotation) if any(self.rotation) else 0.0
        image, mask = resize_object(cut_out, scale, mirror=mirror, degrees=degrees)
        (height, width), size = mask.shape, results['img'].shape[:2]
        if not self.truncation and (height > size[0] or width > size[1]):
            return None
        foot = self.horizon + scale * (cut_out.foot - self.horizon)
        top = round(foot * size[0]) - height
        if not self.truncation:
            top = min(max(top, 0), size[0] - height)
        tries = _ON_GROUND_TRIES if self.placement == 'on_ground' else 1
        for left in self._columns(width, size[1], rng)[:tries]:
            placed = PlacedObject(image, mask, top, int(left))
            seen = visible_part(placed, size)
            if seen is not None and self._suits(seen, results):
                return placed, cut_out.class_name
        return None

    def _columns(self, box_width: int, width: int, rng: np.random.Generator) -> np.ndarray:
        """Columns to try for the left side of an object."""
        if self.truncation:
            first, last = -box_width // 2, width - box_width // 2
        else:
            first, last = 0, width - box_width
        return rng.integers(first, last, size=_ON_GROUND_TRIES, endpoint=True)

    def _suits(self, seen: PlacedObject, results: dict) -> bool:
        """Whether something is left to be removed, and stands where it may stand."""
        if self.removal and not seen.mask.any():
            return False
        if self.placement != 'on_ground':
            return True
        lowest = seen.mask.shape[0] - 1
        columns = seen.left + np.flatnonzero(seen.mask[lowest])
        ground = results['gt_background'][seen.top + lowest, columns]
        return bool(np.isin(ground, self._ground_ids(results)).all())

    def _ground_ids(self, results: dict) -> tuple[int, ...]:
        """Classes of ``gt_background`` on which objects may stand."""
        names = results.get('class_names')
        ground = self.ground or results.get('ground_names')
        if names is None and ground is None:
            return _GROUND_IDS
        if names is None:
            raise ValueError(
                f'PasteForeground: ground={tuple(ground)} names classes, but the data set of '
                f'{results.get("img_path")} does not name its own: let its samples have '
                f'class_names, as those of a SceneDataset have, or leave ground out.'
            )
        unknown = [name for name in ground or () if name not in names]
        found = tuple(k for k, name in enumerate(names) if name in (ground or _GROUND))
        if unknown or not found:
            what = f'no class {unknown[0]!r}' if unknown else 'neither a road nor a sidewalk'
            raise ValueError(
                f'PasteForeground: on_ground finds {what} among the classes '
                f'{", ".join(names)}: set ground to the names of those on which objects may stand.'
            )
        return found


def _lazy(source: dict) -> BaseDataset:
    return DATASETS.build({**source, 'lazy_init': True})


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
