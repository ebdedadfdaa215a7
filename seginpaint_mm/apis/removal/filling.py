"""``Filling``: how holes of photos are filled, as a whole or in patches."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seginpaint_mm.apis.given_masks import MaskSource, VisibleObjects
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.removal.parts import find_parts
from seginpaint_mm.apis.removal.patches import Patch, plan_patches, sees_nothing
from seginpaint_mm.apis.removal.removal import MARGIN, WORKING_SIZE, read_number
from seginpaint_mm.datasets.image_reading import read_labels
from seginpaint_mm.datasets.transforms.holes import check_hole
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import CroppedMasks

_LEAST = {'whole_up_to': 0, 'margin': 0, 'working_size': 32}
Segmentations = str | Path | np.ndarray | Mapping[str, 'str | Path | np.ndarray']

_UNKNOWN = 255  # class of pixels
_PIXELS = 2**20  # of a megapixel, so that 2048 x 1024 are two


@dataclass(frozen=True, kw_only=True)
class Filling:
    """How holes are filled.

    Networks need 2 to 3 GiB a megapixel, so that a photo of a phone does not fit into a computer's
    memory as a whole.

    Attributes:
        whole_up_to: Megapixels, of 1024 x 1024 pixels; smaller photos are seen as a whole, larger
            ones in patches around the hole, see :mod:`seginpaint_mm.apis.removal.patches`. 0 for
            patches always, infinity for never.
        margin: What is seen around a part of the hole at least, as a share of its longer side.
        working_size: Side of the patches in pixels, as they are seen.
        segmentations: Classes that are to guide the model, also in the hole: for one photo a file
            of class ids or an array (H, W); for several a folder with a PNG file of each photo's
            name, or a mapping from the inputs' names to either. 255 = not known, where the model's
            own guide it. None for none.

    Raises:
        UserError: when a number is too small or none.
    """

    whole_up_to: float = 2.0
    margin: float = MARGIN
    working_size: int = WORKING_SIZE
    segmentations: Segmentations | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = read_number(name, getattr(self, name))
            object.__setattr__(self, name, value)
            if not value >= least or (name != 'whole_up_to' and value == math.inf):
                raise UserError(f'{name} must be at least {least}, not {value}.')


@dataclass(frozen=True, kw_only=True)
class FillingPlan(VisibleObjects):
    """The holes of a photo, and how they are filled.

    Attributes:
        hole: bool (H, W), all of it.
        patches: In which it is filled, in turn; none where the photo is seen as a whole.
        segmentation: Given classes, uint8 (H, W), 255 = not known; or None.
    """

    hole: np.ndarray
    patches: tuple[Patch, ...]
    segmentation: np.ndarray | None = None


class FillingSource(MaskSource):
    """Plans how the holes of another source are filled."""

    def __init__(self, source: MaskSource, filling: Filling) -> None:
        self.source = source
        self.filling = filling
        self.finds = source.finds
        self.classes = source.classes

    def objection(self, scenes: list[SceneInput]) -> str | None:
        given = self.filling.segmentations
        is_one = isinstance(given, np.ndarray) or (
            isinstance(given, (str, Path)) and not Path(given).is_dir()
        )
        if is_one and len(scenes) > 1:
            return (
                f'There is one segmentation for {len(scenes)} images: put one for each into a '
                f"folder under the image's name, and give the folder."
            )
        return self.source.objection(scenes)

    def objects(self, scene: SceneInput, image: np.ndarray) -> FillingPlan:
        """The plan for a photo.

        Raises:
            ValueError: one sentence, when the hole is nothing or everything, or nothing known is
                left of a patch.
        """
        found = self.source.objects(scene, image)
        hole = found.masks.union()
        check_hole(hole, 'the hole')
        return FillingPlan(
            masks=found.masks,
            names=found.names,
            scores=found.scores,
            note=found.note,
            hole=hole,
            patches=self._patches(found.masks, hole),
            segmentation=read_segmentation(self.filling.segmentations, scene, hole.shape),
        )

    def _patches(self, masks: CroppedMasks, hole: np.ndarray) -> tuple[Patch, ...]:
        filling = self.filling
        if hole.size <= filling.whole_up_to * _PIXELS:
            return ()
        parts, _ = find_parts(masks, [0] * len(masks), feather=0)
        patches = plan_patches(parts, hole.shape, filling.margin, filling.working_size)
        if sees_nothing(patches, hole):
            raise ValueError(
                f'no known pixel beside the hole is left when it is reduced to '
                f'{filling.working_size} pixels: take a larger working size, or fill the photo as '
                f'a whole (--whole-up-to inf).'
            )
        return patches


def read_segmentation(
    given: Segmentations | None, scene: SceneInput, size: tuple[int, int]
) -> np.ndarray | None:
    """Read the classes that are given for an image, see :class:`Filling`.

    Args:
        given: For all images.
        scene: The image.
        size: Its (height, width).

    Returns:
        np.ndarray: uint8 (H, W), 255 = not known; None where nothing is given at all.

    Raises:
        FileNotFoundError: when there is none for this image.
        ValueError: when it is none, or of another size.
    """
    if given is None:
        return None
    if isinstance(given, Mapping):
        if scene.name not in given:
            raise ValueError(f'there is no segmentation for {scene.name!r}: give one by that name.')
        return read_segmentation(given[scene.name], scene, size)
    if not isinstance(given, np.ndarray):
        path = Path(given)
        path = path / f'{scene.key}.png' if path.is_dir() else path
        given = read_labels(path, size=size, img_path=scene.origin)
    if given.shape != size or given.dtype.kind not in 'iu':
        raise ValueError(
            f'a segmentation has whole numbers in the size of its image, {size} (height, width); '
            f'this one is {given.dtype} {given.shape}.'
        )
    if given.min() < 0 or given.max() > _UNKNOWN:
        raise ValueError(
            f'a segmentation holds classes and {_UNKNOWN} = not known, this one '
            f'{given.min()} to {given.max()}.'
        )
    return given.astype(np.uint8)
