"""``LoadHole``: the hole that belongs to an image, from a file."""

from pathlib import Path

import numpy as np

from seginpaint_mm.datasets.mask_reading import read_hole
from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadHole(HoleTransform):
    """Read ``FOLDER/NAME.png`` for the image ``NAME.*``: 0 and 255 (or 0 and 1) = hole.

    Args:
        folder: Where the masks are.

    Raises:
        FileNotFoundError: in the pipeline, when an image has no mask.
        ValueError: in the pipeline, when a mask has another size than the image as it is then, has
            grey values, or covers nothing or everything.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = Path(folder)

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        path = self.folder / f'{Path(results["img_path"]).stem}.png'
        hole = read_hole(path)
        image = results['img']
        if hole.shape != image.shape[:2]:
            raise ValueError(
                f'{path}: the hole is {_text(hole)} pixels (width x height), its image '
                f'{results["img_path"]} is {_text(image)} here: give both in the same size.'
            )
        return hole


def _text(picture: np.ndarray) -> str:
    height, width = picture.shape[:2]
    return f'{width}x{height}'
