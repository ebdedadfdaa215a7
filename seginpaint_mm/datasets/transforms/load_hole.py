"""``LoadHole``: the hole that belongs to an image, from a file."""

from pathlib import Path

import numpy as np

from seginpaint_mm.datasets.mask_reading import read_hole
from seginpaint_mm.datasets.scene_dataset import images_by_name
from seginpaint_mm.datasets.transforms.hole_transform import HoleTransform
from seginpaint_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadHole(HoleTransform):
    """Read ``FOLDER/NAME.png`` for the image ``NAME.*``; what is not black is the hole.

    Without a PNG any other image ``FOLDER/NAME.*`` is taken. Masks are read as those are that
    ``infer.py --masks`` takes.

    Args:
        folder: Where the masks are.

    Raises:
        FileNotFoundError: in the pipeline, when an image has no mask.
        ValueError: in the pipeline, when there are several, or a mask has another size than the
            image as it is then, or covers nothing or everything.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._masks: dict[str, list[Path]] | None = None

    def draw(self, results: dict, rng: np.random.Generator) -> np.ndarray:
        path = self._find(Path(results['img_path']).stem)
        hole = read_hole(path)
        image = results['img']
        if hole.shape != image.shape[:2]:
            raise ValueError(
                f'{path}: the hole is {_text(hole)} pixels (width x height), its image '
                f'{results["img_path"]} is {_text(image)} here: give both in the same size.'
            )
        return hole

    def _find(self, name: str) -> Path:
        usual = self.folder / f'{name}.png'
        if usual.is_file():
            return usual
        if self._masks is None:
            self._masks = images_by_name(self.folder)
        found = self._masks.get(name, [usual])  # reading says that there is none
        if len(found) > 1:
            raise ValueError(f'{found[0]} and {found[1].name} may be the hole of {name}: keep one.')
        return found[0]


def _text(picture: np.ndarray) -> str:
    height, width = picture.shape[:2]
    return f'{width}x{height}'
