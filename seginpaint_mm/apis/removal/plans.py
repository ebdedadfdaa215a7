"""Plans for one photo: what is removed or filled, in which patches."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource, VisibleObjects
from seginpaint_mm.apis.removal.parts import find_parts
from seginpaint_mm.apis.removal.removal import (
    MARGIN,
    WORKING_SIZE,
    Patch,
    Removal,
    plan_patches,
    read_number,
    sees_nothing,
)
from seginpaint_mm.apis.removal.shadows import with_shadows
from seginpaint_mm.datasets.image_reading import read_labels
from seginpaint_mm.datasets.transforms.holes import check_hole
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.models.maskopt.choosing import AbsentClassError, choose, no_class, there_are
from seginpaint_mm.models.maskopt.segments import LEAST_COMMON

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
            ones in patches around the hole, see :mod:`seginpaint_mm.apis.removal.removal`. 0 for
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


@dataclass(frozen=True, kw_only=True)
class RemovalPlan(VisibleObjects):
    """All n objects of an image, and the plan to remove some of them.

    Attributes:
        chosen: bool (n,), those that go.
        mask: bool (H, W), what they cover, as it was found.
        before: bool (H, W), the same as another network finds it; None without one.
        hole: bool (H, W), what is painted: the mask, grown or shrunk, and around it, where the
            painting passes into the image. Elsewhere the image stays as it is.
        patches: How the hole is painted, in turn; none where nothing is removed.
        picture_format: Of the result.
        origin: The image, for people.
        alpha: uint8 (H, W), its transparency, or None.
        remark: What a user should know though nothing went wrong, one sentence; or None.
    """

    chosen: np.ndarray
    mask: np.ndarray
    before: np.ndarray | None
    hole: np.ndarray
    patches: tuple[Patch, ...]
    picture_format: str
    origin: str
    alpha: np.ndarray | None
    remark: str | None


class RemovalSource(MaskSource):
    """Plans the removal of objects of another source.

    Args:
        source: Finds or knows the objects.
        removal: Without any name, click, box or number all objects go that a user has marked, and
            none that a network finds.
    """

    def __init__(self, source: MaskSource, removal: Removal) -> None:
        self.source = source
        self.removal = removal

    def objection(self, scenes: list[SceneInput]) -> str | None:
        known = self.source.classes if self.source.finds else ()
        for name in (*self.removal.classes, *self.removal.all_of):
            if len(known) and name not in known:
                sentence = no_class(name, known)
                return sentence[0].upper() + sentence[1:]
        return self.source.objection(scenes)

    def objects(self, scene: SceneInput, image: np.ndarray) -> RemovalPlan:
        """The plan for an image.

        Raises:
            ValueError: one sentence, when what is to be removed is not there, or is nothing or
                everything, or the image's transparency cannot be written.
        """
        removal, where = self.removal, scene.origin
        alpha = scene.read_alpha()
        if removal.picture_format == 'jpg' and alpha is not None:
            raise ValueError(f'{where}: JPEG has no transparency, this image has: write png.')
        found = self.source.objects(scene, image)
        chosen, remark = self._choose(found, where)
        going = found.masks[chosen]
        hole, patches = np.zeros(image.shape[:2], bool), ()
        if chosen.any():
            growth = removal.grown_by(going.boxes, found=self.source.finds)
            filled = with_shadows(image, going, found.masks) if removal.shadow else going
            hole, patches = self._patches(filled, growth, where)
        return RemovalPlan(
            masks=found.masks,
            names=found.names,
            scores=found.scores,
            note=found.note,
            chosen=chosen,
            mask=going.union(),
            before=self._before(scene, image, going),
            hole=hole,
            patches=patches,
            picture_format=removal.picture_format,
            origin=where,
            alpha=alpha,
            remark=remark,
        )

    def _choose(self, found: VisibleObjects, where: str) -> tuple[np.ndarray, str | None]:
        """Which objects go, bool (n,), and a remark."""
        names = list(dict.fromkeys([*self.source.classes, *sorted(set(found.names))]))
        segments = _Candidates(
            found.masks,
            torch.tensor([names.index(name) for name in found.names], dtype=torch.int64),
            torch.tensor(found.scores or [1.0] * len(found)),
        )
        requests = self.removal.requests()
        if not requests and not self.source.finds:
            if not len(found):
                raise ValueError(f'{where}: its masks mark nothing: there is nothing to remove.')
            return np.ones(len(found), bool), None
        chosen, absent = np.zeros(len(found), bool), []
        if not requests:
            return chosen, (
                f'{where}: nothing is removed, as nothing is named; {there_are(segments, names)}: '
                f'name what is to go by class, click, box or number.'
            )
        for request in requests:
            try:
                chosen[choose(segments, request, names, where).numpy()] = True
            except AbsentClassError as error:
                absent.append(f'no {error.name}')
        if not absent:
            return chosen, None
        sentence = f'{where}: {" and ".join(absent)} was found; {there_are(segments, names)}.'
        if not chosen.any():
            raise ValueError(sentence)
        return chosen, sentence

    def _patches(
        self, going: CroppedMasks, growth: list[int], where: str
    ) -> tuple[np.ndarray, tuple[Patch, ...]]:
        """The hole, bool (H, W), and how it is painted."""
        removal = self.removal
        parts, hole = find_parts(going, growth, removal.feather)
        if not parts:
            width = str(removal.grow).removeprefix('-')
            unit = 'of an object' if width.endswith('%') else 'pixels'
            raise ValueError(
                f'{where}: no pixel of the mask is left when it is shrunk by {width} {unit}: '
                f'shrink it less.'
            )
        check_hole(hole, f'{where}: what is to be removed, with its border,')
        patches = plan_patches(parts, hole.shape, removal.margin, removal.working_size)
        if sees_nothing(patches, hole):
            raise ValueError(
                f'{where}: no known pixel beside the hole is left when it is reduced to '
                f'{removal.working_size} pixels: take a larger working size, or remove less.'
            )
        return hole, patches

    def _before(
        self, scene: SceneInput, image: np.ndarray, going: CroppedMasks
    ) -> np.ndarray | None:
        """What the other network's objects cover that overlap most with those chosen."""
        if self.removal.before is None:
            return None
        others = self.removal.before.objects(scene, image).masks
        matches = set()
        for index, box in enumerate(going.boxes):
            shares = others.overlaps(box, going.crop(index), LEAST_COMMON)
            if len(shares) and shares.max() > 0:
                matches.add(int(shares.argmax()))
        return others.union(matches)


@dataclass(frozen=True)
class _Candidates:
    """Objects of which some are chosen, see :class:`Choosable`."""

    masks: CroppedMasks
    labels: Tensor
    scores: Tensor

    @property
    def size(self) -> tuple[int, int]:
        return self.masks.size

    def __len__(self) -> int:
        return len(self.masks)

    def at(self, x: int, y: int) -> Tensor:
        return torch.from_numpy(self.masks.at(x, y)).float()

    def box_overlaps(self, box: tuple[int, int, int, int]) -> Tensor:
        return torch.from_numpy(self.masks.overlaps(box, least=LEAST_COMMON))
