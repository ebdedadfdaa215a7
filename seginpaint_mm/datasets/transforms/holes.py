"""Make holes: centred, irregular, an object."""

import zlib
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from seginpaint_mm.datasets.image_reading import IMAGE_SUFFIXES
from seginpaint_mm.datasets.mask_reading import read_hole
from seginpaint_mm.registry import TRANSFORMS


class HoleTransform(BaseTransform):
    """Add ``hole``, uint8 (H, W), 1 = to be filled, of the size of ``img``; list it in seg_fields.

    The image stays complete: models blank the hole themselves. Call it where the image has its
    final size; :class:`KeepTrueImage` keeps the image as the truth.

    Args:
        fixed: Make the same choices for an image of a name every time, whatever its place in the
            data set (evaluation). Otherwise they come from NumPy's global state, which MMEngine
            seeds for each worker.
        seed: Varies the choices of ``fixed``.
    """

    needs_truth: ClassVar[bool] = True

    def __init__(self, *, fixed: bool = False, seed: int = 0) -> None:
        self.fixed = fixed
        self.seed = seed

    def transform(self, results: dict) -> dict | None:
        """Add the hole; None where the sample has none to offer.

        Raises:
            ValueError: when the hole covers nothing or all of the image.
        """
        hole = self.draw(results, self._rng(results))
        if hole is None:
            return None
        image = results.get('img_path', 'an image')
        check_hole(hole, f'{type(self).__name__}: the hole of {image}')
        results['hole'] = hole
        if 'hole' not in results.setdefault('seg_fields', []):
            results['seg_fields'].append('hole')
        return results

    @abstractmethod
    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray | None:
        """A hole, uint8 (H, W), for ``results['img']``; None to leave the sample out."""

    def _rng(self, results: dict) -> np.random.Generator:
        if not self.fixed:
            return np.random.default_rng(np.random.randint(2**31, size=4))
        name = Path(results['img_path']).name
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])


def check_hole(hole: np.ndarray, what: str) -> None:
    """ValueError, beginning with ``what``, when a hole (1 = to be filled) is empty or full."""
    if not hole.any():
        raise ValueError(f'{what} covers nothing: there is nothing to fill; mark pixels to fill.')
    if hole.all():
        raise ValueError(
            f'{what} covers the whole image: nothing is left to fill it from; make it smaller.'
        )


def check_sides(name: str, value: tuple[float, float], *, least: float, greatest: float) -> None:
    """ValueError when ``value`` is no (least, greatest) within these bounds."""
    if len(value) != 2 or not least <= value[0] <= value[1] <= greatest:
        raise ValueError(
            f'{name} must be (least, greatest) with {least:g} <= least <= greatest <= '
            f'{greatest:g}, not {value!r}.'
        )


@TRANSFORMS.register_module()
class CentreHole(HoleTransform):
    """A square hole in the middle, as in SGE-Net's Section 4.1: 128 pixels wide, or 96.

    Args:
        sides: Width in pixels, or the least and greatest of a width drawn for each image.
        fixed: See :class:`HoleTransform`.
        seed: See :class:`HoleTransform`.

    Raises:
        ValueError: when ``sides`` is no range from 1 on; in the pipeline, when the square is not
            smaller than the image.
    """

    def __init__(self, *, sides: int | tuple[int, int], fixed: bool = False, seed: int = 0) -> None:
        super().__init__(fixed=fixed, seed=seed)
        self.sides = (sides, sides) if isinstance(sides, int) else tuple(sides)
        check_sides('CentreHole: sides', self.sides, least=1, greatest=np.inf)

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        height, width = results['img'].shape[:2]
        side = int(rng.integers(self.sides[0], self.sides[1] + 1))
        if side > min(height, width):
            raise ValueError(
                f'CentreHole: a square of {side} pixels does not fit into '
                f'{results.get("img_path", "the image")}, which is {width}x{height} pixels (width '
                f'x height): choose smaller sides.'
            )
        top, left = (height - side) // 2, (width - side) // 2
        hole = np.zeros((height, width), np.uint8)
        hole[top : top + side, left : left + side] = 1
        return hole


_HOW_TO_GET = (
    "Put masks there, PNG with 255 = hole, e.g. NVIDIA's irregular masks (test set of "
    'https://nv-adlr.github.io/publication/partialconv-inpainting), or draw holes with '
    'FreeFormStrokes, which needs no files.'
)


@TRANSFORMS.register_module()
class IrregularHoles(HoleTransform):
    """A mask drawn from a folder, brought to the image's size (nearest pixel), perhaps mirrored.

    Files: ``FOLDER/*.png`` of two values, 0 and 255 = hole, as NVIDIA's masks of the partial
    convolution paper. They are listed when the first image comes, and read as they are drawn.

    NVIDIA's **test** masks are ready. Its **training** masks are raw: white is what is known, and
    their authors dilate (5 to 47 pixels), rotate and crop them at random. That is ::

        IrregularHoles('data/irregular_masks_train', invert=True, rotate=180, dilate=(5, 47),
                       crop=(0.5, 1), ratios=(0.01, 0.6))

    where the angle, the crop and the ratios, those of the test masks, are ours. Masks are inverted,
    rotated, dilated and cropped at the file's size, in this order.

    Args:
        folder: Where the masks are.
        ratios: Masks whose share of hole pixels is more than the first and at most the second are
            drawn, e.g. (0.1, 0.2) for one of NVIDIA's six bins.
        invert: White is known and black is the hole.
        rotate: Greatest angle in degrees, to either side, by which masks are turned around their
            middle. What comes in at the corners is known.
        dilate: Least and greatest width in pixels of a disc by which holes are dilated; None for
            not at all.
        crop: Least and greatest share of the mask's sides that is kept, anywhere in it.
        border: So many pixels at each side of the file are known: 50 in half of NVIDIA's test
            masks.
        flip: Mirror half of the masks left to right, and half upside down.
        fixed: See :class:`HoleTransform`.
        seed: See :class:`HoleTransform`.

    Raises:
        ValueError: when ``ratios`` is no range in [0, 1], ``crop`` none in (0, 1], ``dilate`` none
            from 1, or ``rotate`` or ``border`` is negative; in the pipeline, when no mask is within
            ``ratios``.
        FileNotFoundError: in the pipeline, when the folder is missing or has no mask.
    """

    def __init__(
        self,
        folder: str,
        *,
        ratios: tuple[float, float] = (0.0, 1.0),
        invert: bool = False,
        rotate: float = 0.0,
        dilate: tuple[int, int] | None = None,
        crop: tuple[float, float] = (1.0, 1.0),
        border: int = 0,
        flip: bool = True,
        fixed: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(fixed=fixed, seed=seed)
        check_sides('IrregularHoles: ratios', ratios, least=0, greatest=1)
        check_sides('IrregularHoles: crop', crop, least=0.01, greatest=1)
        if dilate is not None:
            check_sides('IrregularHoles: dilate', dilate, least=1, greatest=10000)
        for name, value in dict(rotate=rotate, border=border).items():
            if value < 0:
                raise ValueError(f'IrregularHoles: {name} must be at least 0, not {value}.')
        self.folder = Path(folder)
        self.invert = invert
        self.rotate = rotate
        self.dilate = dilate
        self.crop = tuple(crop)
        self.border = border
        self.ratios = tuple(ratios)
        self.flip = flip
        self._files: list[Path] | None = None
        self._known_ratios: dict[Path, float] = {}

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        size = results['img'].shape[:2]
        files = self._list()
        for index in rng.permutation(len(files)):
            hole = self._fitting_hole(files[index], size, rng)
            if hole is not None:
                return self._mirrored(hole, rng)
        raise ValueError(
            f'IrregularHoles: none of the {len(files)} masks in {self.folder} has a share of hole '
            f'pixels in {self.ratios}: choose other ratios, or add masks.'
        )

    def _list(self) -> list[Path]:
        if self._files is None:
            self._files = sorted(
                path
                for path in self.folder.glob('*.*')
                if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith('.')
            )
        if not self._files:
            raise FileNotFoundError(
                f'{self.folder}: there is no mask (*.png or another image). {_HOW_TO_GET}'
            )
        return self._files

    def _fitting_hole(
        self, path: Path, size: tuple[int, int], rng: np.random.Generator
    ) -> np.ndarray | None:
        """The mask at (height, width) ``size``; None when its ratio is not wanted, or it is lost.

        What is thin may be lost in a small image.
        """
        if path in self._known_ratios and not self._is_wanted(self._known_ratios[path]):
            return None
        mask = self._prepared(read_hole(path), rng)
        ratio = float(mask.mean())
        if not self._is_random:
            self._known_ratios[path] = ratio
        if not self._is_wanted(ratio):
            return None
        hole = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST)
        return hole if hole.any() and not hole.all() else None

    @property
    def _is_random(self) -> bool:
        """Whether a file gives another mask each time."""
        return bool(self.rotate or self.dilate or self.crop != (1.0, 1.0))

    def _prepared(self, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What becomes of a file's mask, uint8 (h, w), 1 = hole, before it is resized."""
        if self.invert:
            mask = 1 - mask
        if self.rotate:
            mask = _rotated(mask, rng.uniform(-self.rotate, self.rotate))
        if self.dilate is not None:
            width = int(rng.integers(self.dilate[0], self.dilate[1] + 1))
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
            mask = cv2.dilate(mask, disc)
        if self.crop != (1.0, 1.0):
            mask = _cropped(mask, rng.uniform(*self.crop), rng)
        if self.border:
            inner = np.zeros_like(mask)
            inside = (slice(self.border, -self.border),) * 2
            inner[inside] = mask[inside]
            mask = inner
        return mask

    def _is_wanted(self, ratio: float) -> bool:
        return self.ratios[0] < ratio <= self.ratios[1]

    def _mirrored(self, hole: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows, columns = rng.random(2) < 0.5 if self.flip else (False, False)
        hole = hole[::-1] if rows else hole
        return np.ascontiguousarray(hole[:, ::-1] if columns else hole)


def _rotated(mask: np.ndarray, degrees: float) -> np.ndarray:
    height, width = mask.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    return cv2.warpAffine(mask, turn, (width, height), flags=cv2.INTER_NEAREST)


def _cropped(mask: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """A window of that share of both sides, at a random place."""
    height, width = (max(1, round(share * side)) for side in mask.shape)
    top = rng.integers(0, mask.shape[0] - height + 1)
    left = rng.integers(0, mask.shape[1] - width + 1)
    return np.ascontiguousarray(mask[top : top + height, left : left + width])


@TRANSFORMS.register_module()
class ObjectHole(HoleTransform):
    """The mask of one object of the image, drawn by lot, grown by some pixels.

    The objects are those of ``gt_instance_map`` (:class:`LoadInstances`) or, with ``classes``, the
    connected parts (8 neighbours) of these classes in ``gt_seg_map``. An image without a fitting
    object gets the hole of ``otherwise``; without that it is left out, and a training data set
    gives another one.

    Args:
        classes: Classes whose connected parts are the objects; None for ``gt_instance_map``.
        area: Least and greatest share of the image that an object has, before it is grown.
        grow: Pixels by which the hole is larger than the object on all sides.
        otherwise: Config of a :class:`HoleTransform` for images without a fitting object.
        fixed: See :class:`HoleTransform`.
        seed: See :class:`HoleTransform`.

    Raises:
        ValueError: when an argument is out of its range; in the pipeline, when there is no map.
    """

    def __init__(
        self,
        *,
        classes: Sequence[int] | None = None,
        area: tuple[float, float] = (0.005, 0.5),
        grow: int = 0,
        otherwise: dict | None = None,
        fixed: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(fixed=fixed, seed=seed)
        check_sides('ObjectHole: area', area, least=0, greatest=1)
        if grow < 0:
            raise ValueError(f'ObjectHole: grow must be 0 or more, not {grow}.')
        self.classes = classes
        self.area = area
        self.grow = grow
        self.otherwise = None if otherwise is None else TRANSFORMS.build(otherwise)

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray | None:
        objects = self._objects(results)
        numbers, sizes = np.unique(objects[objects > 0], return_counts=True)
        shares = sizes / objects.size
        fitting = numbers[(shares >= self.area[0]) & (shares <= self.area[1])]
        if len(fitting):
            return self._grown((objects == rng.choice(fitting)).astype(np.uint8))
        return None if self.otherwise is None else self.otherwise.draw(results, rng)

    def _objects(self, results: dict) -> np.ndarray:
        """Integer (H, W), 0 = no object."""
        key = 'gt_instance_map' if self.classes is None else 'gt_seg_map'
        if key not in results:
            raise ValueError(
                f'ObjectHole needs {key}: load it before with LoadInstances'
                f'{"" if self.classes is None else " or LoadClasses"}.'
            )
        if self.classes is None:
            return results[key]
        mask = np.isin(results[key], self.classes).astype(np.uint8)
        return cv2.connectedComponents(mask, connectivity=8)[1]

    def _grown(self, mask: np.ndarray) -> np.ndarray:
        if not self.grow:
            return mask
        side = 2 * self.grow + 1
        return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
