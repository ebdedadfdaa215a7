"""Make pairs of images with and without an object."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import find_objects

from seginpaint_mm.datasets.instance_dataset import InstanceDataset
from seginpaint_mm.datasets.object_library import CutOut, check_classes, cut_out_of_scene
from seginpaint_mm.datasets.object_placement import (
    BLENDINGS,
    PlacedObject,
    paste_object,
    place_anywhere,
)
from seginpaint_mm.datasets.transforms.packing import resize_smoothly
from seginpaint_mm.errors import DataError

PICTURES = 16  # of a block; its objects are pasted into its images, so that each is read once
USES = 2  # pairs that are made of an image, each with a crop and an object of its own
BLOCK = USES * PICTURES  # pairs
FORMATS = ('jpg', 'png')
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]  # small gain for much time beyond
_MOST_CLASSES = 255  # 255 is void
_CACHED = 64  # images
_TRIES = 20  # places for an object before the next is taken
_MORE = 200  # further images that are searched for an object where a block has none
_MANY = 10  # objects
_LONGEST = 1 << 14  # pixels of a side
_SCATTERED = 0.1  # share of its box that an object fills


@dataclass(frozen=True)
class PairOptions:
    """How pairs are made.

    Attributes:
        size: (height, width); images are scaled to cover it and cropped at random.
        classes: Of the objects; None for all that the source has.
        area: Smallest and largest object, as a share of the image's area, before it is scaled.
        max_contact: Largest share of an object's outline that may touch other objects.
        scale: Range of the factor for an object's size.
        rotation: Range in degrees.
        flip_prob: Probability that an object is mirrored.
        blendings: Keys of ``BLENDINGS``, of which a random one is taken.
        cut_off: Objects that the border of their image may cut off are taken, too. With area
            (0, 1) and max_contact 1 these are all objects, as the paper takes all segments.
        truncation: Up to half of each side of an object's box may lie outside the image.
        truth_format: ``'jpg'`` (quality 95) or ``'png'``: how the image without is stored. The
            image with the object is made of what was stored, so both agree outside the hole.
    """

    size: tuple[int, int] = (256, 256)
    classes: tuple[str, ...] | None = None
    area: tuple[float, float] = (0.01, 0.4)
    max_contact: float = 0.25
    scale: tuple[float, float] = (0.7, 1.3)
    rotation: tuple[float, float] = (-15.0, 15.0)
    flip_prob: float = 0.5
    blendings: tuple[str, ...] = tuple(BLENDINGS)
    truncation: bool = False
    cut_off: bool = False
    truth_format: str = 'jpg'


@dataclass(frozen=True)
class Pair:
    """One image with and without an object.

    Attributes:
        image: BGR uint8 (H, W, 3), I, with the object.
        truth: BGR uint8 (H, W, 3), I_G, without it; they differ in the hole only.
        truth_file: ``truth``, encoded.
        hole: uint8 (H, W), M_G, 1 = the object and every pixel that differs.
        classes: uint8 (H, W), of ``truth``; 255 = void.
        instances: uint16 (H, W), objects of ``truth``, 0 = none.
        removed_class: What the object is.
        blending: Key of ``BLENDINGS``, how it was put in.
        sources: Names of the files of the image and of the object's image.
    """

    image: np.ndarray
    truth: np.ndarray
    truth_file: bytes
    hole: np.ndarray
    classes: np.ndarray
    instances: np.ndarray
    removed_class: str
    blending: str
    sources: tuple[str, str]


class PairMaker:
    """Makes the same pairs of a source for the same seed and options, in blocks.

    Each block takes ``PICTURES`` random images, whatever the others take, so that more pairs
    show more of the source: as many pairs as it has images show about 40 % of them.

    Args:
        source: Objects are cut out of its images and pasted into its images; its pipeline is
            ``LoadSceneImage`` and ``LoadInstances``. Crowds are left out and, unless the options
            say otherwise, objects that are small, cut off by the image's border, or hidden in
            part by others.
        options: How.
        seed: Varies all choices, >= 0.

    Raises:
        FileNotFoundError: when the source is missing.
        ValueError: when it has no such class, or an option is out of its range.
    """

    def __init__(self, source: InstanceDataset, options: PairOptions, seed: int) -> None:
        _check(options)
        if seed < 0:
            raise ValueError(f'--seed is {seed}, but must be 0 or more.')
        source.full_init()
        check_classes(source, options.classes)
        self.source = source
        self.options = options
        self.seed = seed
        self.class_names = tuple(source.metainfo['classes'])
        if len(self.class_names) > _MOST_CLASSES:
            raise ValueError(
                f'{source.data_root}: there are {len(source.metainfo["thing_ids"])} classes of '
                f'objects, but the class maps of pairs, PNGs with 8 bits, hold '
                f'{_MOST_CLASSES - 1}: choose fewer classes.'
            )

    def block(self, number: int) -> list[Pair]:
        """The pairs ``BLOCK * number`` to ``BLOCK * (number + 1) - 1``.

        Raises:
            DataError: when no fitting object was found.
        """
        rng = np.random.default_rng([self.seed, number])
        few = len(self.source) < PICTURES
        indices = rng.choice(len(self.source), PICTURES, replace=few)
        scenes = [self._scene(int(index), rng) for _ in range(USES) for index in indices]
        objects = [(scene, item) for scene in scenes for item in self._cut_out(scene)]
        objects = objects or self._search(rng)
        return [self._pair(scene, objects, rng) for scene in scenes]

    def _scene(self, index: int, rng: np.random.Generator) -> dict:
        """An image and its maps, scaled to cover the size and cropped."""
        loaded, size = _load(self, index), self.options.size
        spare = [side - wanted for side, wanted in zip(loaded['img'].shape, size, strict=False)]
        top, left = (int(rng.integers(0, n, endpoint=True)) for n in spare)
        crop = np.s_[top : top + size[0], left : left + size[1]]
        maps = ('img', 'gt_seg_map', 'gt_instance_map')
        return loaded | {name: loaded[name][crop] for name in maps}

    def _cut_out(self, scene: dict) -> list[CutOut]:
        options = self.options
        return cut_out_of_scene(
            scene,
            self.class_names,
            area=options.area,
            max_contact=options.max_contact,
            cut_off=options.cut_off,
            classes=options.classes,
        )

    def _search(self, rng: np.random.Generator) -> list[tuple[dict, CutOut]]:
        """Objects of further images, for a block that shows none."""
        for _ in range(_MORE):
            scene = self._scene(int(rng.integers(len(self.source))), rng)
            if found := self._cut_out(scene):
                return [(scene, item) for item in found]
        first = range(min(PICTURES, len(self.source)))
        if any(_is_scattered(_load(self, index)['gt_instance_map']) for index in first):
            raise DataError(
                f'{self.source.data_root}: the masks hold many numbers, each on a few scattered '
                f'pixels, as those do that were saved as JPEG: save the masks as PNG, one number '
                f'for each object.'
            )
        wanted = ' or '.join(self.options.classes or ('object',))
        raise DataError(
            f'{self.source.data_root}: none of {PICTURES + _MORE} random images shows a whole '
            f'{wanted} of {self.options.area[0]:g} to {self.options.area[1]:g} of its area: widen '
            f'--area, or choose other classes.'
        )

    def _pair(
        self, scene: dict, objects: Sequence[tuple[dict, CutOut]], rng: np.random.Generator
    ) -> Pair:
        options = self.options
        others = [pair for pair in objects if pair[0]['img_path'] != scene['img_path']] or objects
        data, truth = _store(scene['img'], options.truth_format)
        origin, cut_out, placed = self._place(others, rng)
        if placed is None:  # those of the block are too large or too small
            origin, cut_out, placed = self._place(self._search(rng), rng)
        if placed is None:
            raise self._misplaced(cut_out)
        image = truth.copy()
        blending = options.blendings[int(rng.integers(len(options.blendings)))]
        hole = paste_object(image, placed, blending).astype(np.uint8)
        return Pair(
            image=image,
            truth=truth,
            truth_file=data,
            hole=hole,
            classes=scene['gt_seg_map'],
            instances=scene['gt_instance_map'],
            removed_class=cut_out.class_name,
            blending=blending,
            sources=tuple(Path(found['img_path']).name for found in (scene, origin)),
        )

    def _place(
        self, objects: Sequence[tuple[dict, CutOut]], rng: np.random.Generator
    ) -> tuple[dict, CutOut, PlacedObject | None]:
        """A random object at a random place, its image, and what it was cut out as."""
        options = self.options
        for _ in range(_TRIES):
            origin, cut_out = objects[int(rng.integers(len(objects)))]
            placed = place_anywhere(
                cut_out,
                options.size,
                rng,
                scale=options.scale,
                rotation=options.rotation,
                flip_prob=options.flip_prob,
                truncation=options.truncation,
            )
            if placed is not None:
                break
        return origin, cut_out, placed

    def _misplaced(self, cut_out: CutOut) -> DataError:
        """Why no object was placed, of which this is the last that was tried."""
        (least, most), (height, width) = self.options.scale, self.options.size
        may_fit = most * math.hypot(*cut_out.mask.shape) <= min(height, width)
        trouble, advice = ('vanish', 'raise') if may_fit else ('are too large', 'lower')
        return DataError(
            f'None of {_TRIES} objects could be put into {height}x{width} pixels: scaled by '
            f'{least:g} to {most:g} they {trouble}: {advice} --scale.'
        )


@lru_cache(maxsize=_CACHED)
def _load(maker: PairMaker, index: int) -> dict:
    """An image and its maps, scaled to cover the wanted size."""
    loaded, size = maker.source[index], maker.options.size
    height, width = loaded['img'].shape[:2]
    factor = max(size[0] / height, size[1] / width)
    covering = tuple(
        max(round(factor * side), least) for side, least in zip((height, width), size, strict=True)
    )
    loaded['img'] = resize_smoothly(loaded['img'], covering)
    for name in ('gt_seg_map', 'gt_instance_map'):
        loaded[name] = cv2.resize(loaded[name], covering[::-1], interpolation=cv2.INTER_NEAREST)
    return loaded


def _is_scattered(objects: np.ndarray) -> bool:
    """Whether most objects are pixels here and there, not shapes; uint16 (H, W), 0 = none."""
    shares = [
        np.mean(objects[box] == number)
        for number, box in enumerate(find_objects(objects), start=1)
        if box is not None
    ]
    return len(shares) >= _MANY and float(np.median(shares)) < _SCATTERED


def _store(image: np.ndarray, truth_format: str) -> tuple[bytes, np.ndarray]:
    """An image's file, and what is read of it."""
    flags = _JPEG if truth_format == 'jpg' else _PNG
    data = cv2.imencode(f'.{truth_format}', image, flags)[1]
    return data.tobytes(), cv2.imdecode(data, cv2.IMREAD_COLOR)


def _check(options: PairOptions) -> None:
    if not options.blendings or set(options.blendings) - set(BLENDINGS):
        raise ValueError(f'blendings must be some of {tuple(BLENDINGS)}, not {options.blendings}.')
    if options.truth_format not in FORMATS:
        raise ValueError(f'truth_format must be one of {FORMATS}, not {options.truth_format!r}.')
    if min(options.size) < 8 or max(options.size) > _LONGEST:
        raise ValueError(
            f'size must be at least 8 x 8 pixels and at most {_LONGEST} x {_LONGEST}, not '
            f'{options.size}.'
        )
    for name, lowest in (('area', 0), ('scale', 0.01), ('rotation', -360)):
        low, high = getattr(options, name)
        if not lowest <= low <= high or math.isinf(high):
            raise ValueError(
                f'{name} must be (least, greatest) with {lowest:g} <= least <= greatest, not '
                f'{(low, high)}.'
            )
