"""``IrregularHoles``: holes from a folder of masks, such as NVIDIA's."""

from pathlib import Path

import cv2
import numpy as np

from seginpaint_mm.datasets.image_reading import IMAGE_SUFFIXES
from seginpaint_mm.datasets.mask_reading import read_hole
from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform, check_sides
from seginpaint_mm.registry import TRANSFORMS

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
