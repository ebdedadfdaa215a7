"""Objects of an image: what a source gives, what is chosen, what can be seen."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from mmdet.structures.mask import mask2bbox
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.geometry.masks import CroppedMasks, pack_tensor
from seginpaint_mm.models.maskopt import PanopticMaskSelector
from seginpaint_mm.structures import SceneSample


@dataclass(frozen=True)
class VisibleObjects:
    """n objects of an image, in the order in which they were given.

    Attributes:
        masks: What can be seen of each; they may overlap. :class:`CroppedMasks`, which read like a
            bool array (n, H, W), and may be given as one.
        names: n names of classes or files; '' where nothing is known.
        scores: n in [0, 1], how sure a network is of each; none where objects are given.
        note: How the masks were read where they can be read in several ways, sentences; or None.
    """

    masks: CroppedMasks
    names: tuple[str, ...]
    scores: tuple[float, ...] = ()
    note: str | None = None

    def __post_init__(self) -> None:
        if type(self.masks) is not CroppedMasks:  # an array, or a tensor of either kind
            size = tuple(self.masks.shape[1:])
            packed = CroppedMasks.pack(map(np.asarray, self.masks), size)
            object.__setattr__(self, 'masks', packed)

    def __len__(self) -> int:
        return len(self.masks)


class MaskSource(ABC):
    """Gives the objects of each input of a call.

    Attributes:
        finds: Whether a network finds them, whatever they are; otherwise a user has marked them.
        classes: The names that it knows; none where any name may occur.
    """

    finds: ClassVar[bool] = False
    classes: Sequence[str] = ()

    def objection(self, scenes: Sequence[SceneInput]) -> str | None:
        """Why this cannot be a source for these inputs, one sentence; None where it can."""
        return None

    @abstractmethod
    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        """The objects of an input, whose image is ``image``, BGR uint8 (H, W, 3).

        Raises:
            OSError, ValueError: one sentence, when they cannot be had or are wrong.
        """


def stack_objects(
    masks: Iterable[np.ndarray],
    names: Sequence[str],
    size: tuple[int, int],
    scores: Sequence[float] = (),
    note: str | None = None,
) -> VisibleObjects:
    """n objects, perhaps none, of masks bool (H, W); ``size`` is the image's (height, width)."""
    packed = CroppedMasks.pack(masks, size)
    return VisibleObjects(packed, tuple(names), tuple(scores), note)


def check_seen(mask: np.ndarray, what: str) -> None:
    """ValueError when a mask of an object has no pixel."""
    if not mask.any():
        raise ValueError(
            f'{what} has no pixel, so its object is not visible: draw it, or leave it out.'
        )


def check_mask_size(found: tuple[int, ...], size: tuple[int, int], what: str) -> None:
    """ValueError when a mask of (height, width) ``found`` is not of the image's size."""
    if tuple(found) != tuple(size):
        raise ValueError(
            f'{what} is {_text(found)} pixels (width x height), its image {_text(size)}: give '
            f'masks in the size of the image.'
        )


def _text(size: tuple[int, ...]) -> str:
    return 'x'.join(str(side) for side in reversed(size))


class InstanceModel(MaskSource):
    """The instances that a network finds, the most confident first.

    Args:
        find: Gives the instances of an image, BGR uint8 (H, W, 3): ``masks`` bool n,H,W, or of
            the size to which the image was reduced to look at it, there also probabilities;
            ``labels`` and ``scores``, on any device.
        classes: Names, by label; labels without one are called by their number.
        min_score: What is found with a lower score is left out.
    """

    finds: ClassVar[bool] = True

    def __init__(
        self,
        find: Callable[[np.ndarray], InstanceData],
        classes: Sequence[str],
        min_score: float = 0.5,
    ) -> None:
        self.find = find
        self.classes = classes
        self.min_score = min_score

    def objects(self, scene: SceneInput, image: np.ndarray) -> VisibleObjects:
        """Those of which a pixel is seen; there may be none."""
        found, size = self.find(image).cpu(), image.shape[:2]
        found = found[found.scores >= self.min_score]
        found = found[found.scores.argsort(descending=True)]
        masks = _packed(found.masks, size)
        seen = [row for row, box in enumerate(masks.boxes) if box[2] > box[0]]
        names = [
            str(self.classes[label]) if label < len(self.classes) else str(label)
            for label in found.labels.tolist()
        ]
        scores = found.scores.tolist()
        return VisibleObjects(
            masks[seen], tuple(names[row] for row in seen), tuple(scores[row] for row in seen)
        )


def _packed(masks: Tensor, size: tuple[int, int]) -> CroppedMasks:
    """At the image's size, one mask at a time."""
    if tuple(masks.shape[-2:]) == size:
        return CroppedMasks.pack((mask.numpy() >= 0.5 for mask in masks), size)
    return CroppedMasks.enlarge((mask.numpy() for mask in masks), size)


def resize_instances(instances: InstanceData, size: tuple[int, int]) -> InstanceData:
    """Bring instances to another size of the image.

    Args:
        instances: ``masks`` bool (n, h, w), with ``bboxes``, ``labels`` and ``scores``.
        size: (H, W).

    Returns:
        InstanceData: Masks by nearest neighbours, and the boxes around them; what is too small to
        be seen in that size is gone.
    """
    # clones are out of inference mode, whose tensors cannot be written to
    values = {name: value.clone() for name, value in instances.items()}
    if tuple(instances.masks.shape[-2:]) == size:
        return InstanceData(**values)
    channels = values['masks'][:, None].to(torch.uint8)
    masks = F.interpolate(channels, size=size, mode='nearest-exact')[:, 0].bool()
    resized = InstanceData(**{**values, 'masks': masks, 'bboxes': mask2bbox(masks)})
    return resized[masks.flatten(1).any(1)]


def instance_ids(instances: InstanceData) -> np.ndarray:
    """Return a map of instances: uint16 (H, W), k for the k-th instance, from 1 on, 0 for none.

    Where several overlap, the first, most confident, one.
    """
    masks = pack_tensor(instances.masks)
    ids = np.zeros(masks.size, np.uint16)
    for number in range(len(masks), 0, -1):
        ids[masks.window(number - 1)][masks.crop(number - 1)] = number
    return ids


def describe_instances(instances: InstanceData, names: Sequence[str]) -> list[dict]:
    """Plain values of each instance.

    Args:
        instances: With ``labels``, ``scores``, ``bboxes`` and ``masks``.
        names: Of the classes, by label.

    Returns:
        list: dicts of ``id`` (in the map of ids), ``label``, ``class``, ``score`` and ``bbox`` [x1,
        y1, x2, y2], right and bottom exclusive.
    """
    fields = (instances[name].tolist() for name in ('labels', 'scores', 'bboxes'))
    return [
        {
            'id': number,
            'label': label,
            'class': names[label],
            'score': round(score, 4),
            'bbox': [round(side, 1) for side in bbox],
        }
        for number, (label, score, bbox) in enumerate(zip(*fields, strict=True), start=1)
    ]


LOOK_SIZE = 1024


def selected_objects(
    selector: PanopticMaskSelector, look_size: int = LOOK_SIZE, min_score: float = 0.0
) -> InstanceModel:
    """A source of the things that a :class:`PanopticMaskSelector` finds.

    Args:
        selector: The network.
        look_size: Greatest side, in pixels, at which it sees images; larger ones are reduced.
        min_score: What is less sure is left out, beside what the selector itself leaves out.
    """
    return InstanceModel(_Look(selector, look_size), selector.thing_names, min_score)


class _Look:
    """What is found in a reduced image, as probabilities of its size."""

    def __init__(self, selector: PanopticMaskSelector, look_size: int) -> None:
        self.selector = selector
        self.look_size = look_size

    def __call__(self, image: np.ndarray) -> InstanceData:
        picture = self._colours(image)
        sample = SceneSample(metainfo=dict(img_shape=tuple(picture.shape[-2:])))
        with torch.inference_mode():
            features = self.selector.look(picture)
            (found,) = self.selector.segments(picture, features, [sample])
            things = self.selector.things(found)
        return InstanceData(
            masks=things.probabilities.float().cpu(),
            labels=things.labels.cpu(),
            scores=things.scores.cpu(),
        )

    def _colours(self, image: np.ndarray) -> torch.Tensor:
        """1,3,h,w in [0, 1], RGB."""
        image = reduce_to(image, self.look_size)
        device = next(self.selector.parameters()).device
        colours = torch.from_numpy(image[..., ::-1].transpose(2, 0, 1).copy())
        return colours[None].to(device, torch.float32) / 255


def reduce_to(image: np.ndarray, look_size: int) -> np.ndarray:
    """The image, (H, W, 3), reduced where a side is longer than ``look_size``."""
    factor = min(1.0, look_size / max(image.shape[:2]))
    if factor == 1:
        return image
    size = tuple(max(1, round(side * factor)) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
