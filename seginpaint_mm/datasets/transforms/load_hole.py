"""``LoadHole``: the hole that belongs to an image, from a file."""

from pathlib import Path

import numpy as np

from seginpaint_mm.datasets.mask_reading import read_hole
from seginpaint_mm.datasets.scene_dataset import images_by_name, preferred_masks
from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadHole(HoleTransform):
    """Read ``FOLDER/NAME.png`` for the image ``NAME.*``; what is not black is the hole.

    They are found and read as those in a folder are that is given to ``infer.py --masks``:
    ``FOLDER/NAME.*`` may be of any image format, ``a.jpg.png`` belongs to ``a.jpg`` alone, and JPEG
    files count where there is nothing else.

    Args:
        folder: Where the masks are.

    Raises:
        FileNotFoundError: in the pipeline, when an image has no mask.
        ValueError: in the pipeline, when there are several, two images would have the same, or a
            mask has another size than the image as it is then, or covers nothing or everything.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._masks: dict[str, list[Path]] | None = None
        self._images: dict[Path, Path] = {}  # of the masks that were read

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        path = self._find(Path(results['img_path']))
        hole = read_hole(path)
        image = results['img']
        if hole.shape != image.shape[:2]:
            raise ValueError(
                f'{path}: the hole is {_text(hole)} pixels (width x height), its image '
                f'{results["img_path"]} is {_text(image)} here: give both in the same size.'
            )
        return hole

    def _find(self, image: Path) -> Path:
        if self._masks is None:
            self._masks = images_by_name(self.folder)
        found = preferred_masks(self._masks.get(image.name, ()), image)
        found = found or preferred_masks(self._masks.get(image.stem, ()), image)
        if not found:
            return self.folder / f'{image.stem}.png'  # reading says that there is none
        if len(found) > 1:
            raise ValueError(
                f'{found[0]} and {found[1].name} may be the hole of {image.stem}: keep one.'
            )
        other = self._images.setdefault(found[0], image)
        if other != image:
            raise ValueError(
                f'{found[0]}: this would be the hole of {other} and of {image}: give the images '
                f'different names.'
            )
        return found[0]


def _text(picture: np.ndarray) -> str:
    height, width = picture.shape[:2]
    return f'{width}x{height}'
