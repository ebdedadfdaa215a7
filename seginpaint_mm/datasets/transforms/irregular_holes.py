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

    Args:
        folder: Where the masks are.
        ratios: Masks whose share of hole pixels is more than the first and at most the second are
            drawn, e.g. (0.1, 0.2) for one of NVIDIA's six bins.
        flip: Mirror half of the masks left to right, and half upside down.
        fixed: See :class:`HoleTransform`.
        seed: See :class:`HoleTransform`.

    Raises:
        ValueError: when ``ratios`` is no range in [0, 1]; in the pipeline, when no mask is within
            it, or a mask has grey values.
        FileNotFoundError: in the pipeline, when the folder is missing or has no mask.
    """

    def __init__(
        self,
        folder: str,
        *,
        ratios: tuple[float, float] = (0.0, 1.0),
        flip: bool = True,
        fixed: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(fixed=fixed, seed=seed)
        check_sides('IrregularHoles: ratios', ratios, least=0, greatest=1)
        self.folder = Path(folder)
        self.ratios = tuple(ratios)
        self.flip = flip
        self._files: list[Path] | None = None
        self._known_ratios: dict[Path, float] = {}

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        size = results['img'].shape[:2]
        files = self._list()
        for index in rng.permutation(len(files)):
            hole = self._fitting_hole(files[index], size)
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

    def _fitting_hole(self, path: Path, size: tuple[int, int]) -> np.ndarray | None:
        """The mask at (height, width) ``size``; None when its ratio is not wanted, or it is lost.

        What is thin may be lost in a small image.
        """
        if path in self._known_ratios and not self._is_wanted(self._known_ratios[path]):
            return None
        mask = read_hole(path)
        self._known_ratios[path] = float(mask.mean())
        if not self._is_wanted(self._known_ratios[path]):
            return None
        hole = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST)
        return hole if hole.any() and not hole.all() else None

    def _is_wanted(self, ratio: float) -> bool:
        return self.ratios[0] < ratio <= self.ratios[1]

    def _mirrored(self, hole: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        rows, columns = rng.random(2) < 0.5 if self.flip else (False, False)
        hole = hole[::-1] if rows else hole
        return np.ascontiguousarray(hole[:, ::-1] if columns else hole)
