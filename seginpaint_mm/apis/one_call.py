"""``remove``, ``complete`` and ``layers``: process an image in one call."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from mmengine.config import Config
from mmengine.structures import InstanceData
from PIL import Image

from seginpaint_mm.apis.inferencer import SegInpaintInferencer, only_sample
from seginpaint_mm.apis.inputs import Source
from seginpaint_mm.apis.looking_ahead import look_ahead
from seginpaint_mm.apis.mask_sources import Masks, MaskSource
from seginpaint_mm.apis.mask_sources.detectors import find_instance_model
from seginpaint_mm.apis.model_loading import (
    DEFAULT_COMPLETER,
    DEFAULT_INPAINTER,
    DEFAULT_INSTANCES,
    find_inpainter,
)
from seginpaint_mm.apis.removal import Removal
from seginpaint_mm.datasets.tar_shards import is_tar
from seginpaint_mm.errors import UserError
from seginpaint_mm.geometry.masks import CroppedMasks
from seginpaint_mm.layers import LayeredScene, Layering
from seginpaint_mm.models.abilities import task_of
from seginpaint_mm.structures import SceneSample

Model: TypeAlias = str | Path | Config
Picture: TypeAlias = np.ndarray | Image.Image
_MOST_MODELS = 3  # that stay in memory
_kept: OrderedDict[tuple, object] = OrderedDict()


@dataclass(frozen=True)
class CompletedObject:
    """An object as a whole.

    Attributes:
        masks: ``mask`` and ``full_mask`` as :class:`CroppedMasks`, which take little memory.
        box: x1, y1, x2, y2 in pixels, tight around ``full_mask``; x2 and y2 exclusive.
        cutout: RGBA uint8 (y2 - y1, x2 - x1, 4): what can be seen from the image, the rest as it
            was painted; None of models that paint nothing.
        score: In [0, 1].
        in_front: Places, in the list, of the objects that hide it.
    """

    masks: CroppedMasks
    box: tuple[int, int, int, int]
    cutout: np.ndarray | None
    score: float
    in_front: tuple[int, ...]

    @property
    def mask(self) -> np.ndarray:
        """What was marked of it: bool (H, W), made when it is asked for."""
        return self.masks[0]

    @property
    def full_mask(self) -> np.ndarray:
        """All of it: bool (H, W), made when it is asked for."""
        return self.masks[1]


def remove(
    image: Source,
    mask: Masks | None = None,
    classes: str | Sequence[str] = (),
    *,
    removal: Removal | None = None,
    inpainter: Model = DEFAULT_INPAINTER,
    weights: str | Path | None = None,
    instances: str | MaskSource | None = None,
    device: str | None = None,
) -> Picture:
    """Remove objects from an image.

    Args:
        image: A file, an image of Pillow's, or a BGR uint8 array (H, W, 3).
        mask: What is removed, see :func:`find_mask_source`: a file, an array (H, W) or one per
            object (n, H, W), 1 or 255 = to be removed. None: a network finds the objects.
        classes: Without a mask: names of what is removed, of each the most certain object.
        removal: All other options, e.g. ``Removal(all_of=['person'], grow='2%')``.
        inpainter: What paints: ``'lama'`` or ``'migan'``, whose public weights are downloaded once,
            ``'telea'``, ``'navier-stokes'``, a config or a work dir.
        weights: A checkpoint of the inpainter, where it is a config.
        instances: Without a mask: what finds the objects, see :func:`find_instance_model`. None:
            the inpainter itself, if it is an :class:`ObjectRemover`, else torchvision's network.
        device: See :class:`SegInpaintInferencer`, also for transparency, 16 bits, EXIF and folders.

    Returns:
        The image, of its size, without the objects: of an array a BGR uint8 array, else an image of
        Pillow's, RGB.

    Raises:
        UserError: when it is not said what is to be removed, or an option is wrong.
        ValueError, OSError: when the image or its masks cannot be read, or there is no such object.

    Example:
        >>> image = np.full((60, 80, 3), 200, np.uint8)
        >>> image[20:30, 30:50] = 0
        >>> mask = np.zeros((60, 80), bool)
        >>> mask[18:32, 28:52] = True
        >>> int(image.min()), int(remove(image, mask, inpainter='telea').min()) >= 199
        (0, True)
    """
    wanted = removal or Removal()
    if classes:
        wanted = replace(wanted, classes=classes)
    if mask is None and not wanted.requests():
        raise UserError('Nothing is named to be removed: give a mask, classes, or a Removal.')
    look_ahead(inpainter, _one(image), mask, wanted)
    inferencer = _inferencer(inpainter, weights, device, 'remove')
    source = mask
    finds_itself = instances is None and task_of(inferencer.model) == 'remove'
    if mask is None and not finds_itself:
        source = _finder(instances or DEFAULT_INSTANCES, device)
    sample = only_sample(inferencer(_one(image), masks=source, removal=wanted, draw=False))
    painted = painted_image(sample)
    if isinstance(image, np.ndarray):
        return np.ascontiguousarray(painted[..., ::-1])
    return Image.fromarray(painted)


def complete(
    image: Source,
    masks: Masks,
    *,
    model: Model = DEFAULT_COMPLETER,
    weights: str | Path | None = None,
    occluders: str | None = None,
    device: str | None = None,
) -> list[CompletedObject]:
    """Complete objects that others hide.

    Args:
        image: A file, an image of Pillow's, or a BGR uint8 array (H, W, 3).
        masks: What is seen of each object, see :func:`find_mask_source`, e.g. bool (n, H, W).
        model: A config, a work dir, or the name of one of ours; the default is a small network in
            the package. ``'convex-hull_cocoa-sample'`` takes convex hulls.
        weights: Its checkpoint, where it is a config.
        occluders: See :class:`SegInpaintInferencer`.
        device: Likewise.

    Returns:
        list: The objects in the order of the masks.

    Raises:
        UserError: when an option is wrong.
        ValueError, OSError: when the image or its masks cannot be read.

    Example:
        >>> masks = np.zeros((2, 60, 80), bool)
        >>> masks[0, 10:50, 20:30] = masks[0, 10:50, 50:60] = True
        >>> masks[1, 5:55, 30:50] = True
        >>> image = np.zeros((60, 80, 3), np.uint8)
        >>> behind, before = complete(image, masks, model='convex-hull_cocoa-sample')
        >>> int(behind.full_mask.sum()), behind.in_front, before.in_front
        (1600, (1,), ())
    """
    inferencer = _inferencer(model, weights, device, 'complete', occluders=occluders)
    return completed_objects(only_sample(inferencer(_one(image), masks=masks, draw=False)))


def painted_image(sample: SceneSample) -> np.ndarray:
    """Return the filled image: RGB uint8 (H, W, 3), of a sample of ``task='remove'`` or 'fill'."""
    return np.ascontiguousarray(sample.pred_image.data.numpy().transpose(1, 2, 0))


def completed_objects(sample: SceneSample) -> list[CompletedObject]:
    """Return the objects of a sample of ``task='complete'``, in the order of the masks."""
    found, order = sample.pred_instances, sample.pred_depth_order
    return [
        CompletedObject(
            masks=_both(found, row),
            box=tuple(found.bboxes[row].int().tolist()),
            cutout=found.cutouts[row] if 'cutouts' in found else None,
            score=found.scores[row].item(),
            in_front=tuple(sorted(order.graph.predecessors(row))),
        )
        for row in range(len(found))
    ]


def _both(found: InstanceData, row: int) -> CroppedMasks:
    parts = (found.masks, found.full_masks)
    pieces = [(masks.boxes[row], masks.crop(row)) for masks in parts]
    return CroppedMasks.of_crops(pieces, found.masks.size)


def layers(
    image: Source,
    masks: Masks | None = None,
    *,
    layering: Layering | None = None,
    model: Model = DEFAULT_COMPLETER,
    weights: str | Path | None = None,
    instances: str | MaskSource = DEFAULT_INSTANCES,
    device: str | None = None,
) -> LayeredScene:
    """Take an image apart into a background and completed objects.

    Args:
        image: A file, an image of Pillow's, or a BGR uint8 array (H, W, 3).
        masks: What is seen of each object, see :func:`find_mask_source`; None: a network finds
            them.
        layering: What paints the background, and how edges are treated.
        model: What completes the objects, see :func:`complete`.
        weights: Its checkpoint, where it is a config.
        instances: Without masks: what finds the objects, see :func:`find_instance_model`.
        device: See :class:`SegInpaintInferencer`.

    Returns:
        LayeredScene: ``layers()``, ``flatten()``; :func:`seginpaint_mm.layers.write_layers` writes
        it as PNG files, OpenRaster or Photoshop.

    Raises:
        UserError: when an option is wrong.
        ValueError, OSError: when the image or its masks cannot be read.

    Example:
        >>> image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
        >>> masks = np.zeros((1, 60, 80), bool)
        >>> masks[0, 10:50, 20:30] = True
        >>> scene = layers(image, masks)
        >>> [layer.name for layer in scene.layers()]
        ['background', 'object 1']
        >>> bool((scene.flatten() == image[..., ::-1]).all())
        True
    """
    how = layering or Layering()
    look_ahead(how.inpainter, _one(image), masks)
    inferencer = _inferencer(model, weights, device, 'layers', layering=how)
    source = _finder(instances, device) if masks is None else masks
    return only_sample(inferencer(_one(image), masks=source, draw=False)).pred_layers


def forget_models() -> None:
    """Drop the models that these functions keep in memory, e.g. after one was trained again."""
    _kept.clear()


def _inferencer(
    model: Model, weights: str | Path | None, device: str | None, task: str, **options: object
) -> SegInpaintInferencer:
    """A model that is ready; the last few are kept."""

    def load() -> SegInpaintInferencer:
        return SegInpaintInferencer(
            find_inpainter(model), weights, device, show_progress=False, task=task, **options
        )

    if isinstance(model, Config):
        return load()
    return _keep((task, str(model), str(weights), device, *options.items()), load)


def _finder(instances: str | MaskSource, device: str | None) -> MaskSource:
    if isinstance(instances, MaskSource):
        return instances
    return _keep((instances, device), lambda: find_instance_model(instances, device=device))


def _keep(key: tuple, load: Callable[[], object]) -> object:
    value = _kept.pop(key, None) or load()
    _kept[key] = value
    while len(_kept) > _MOST_MODELS:
        _kept.popitem(last=False)
    return value


def _one(image: Source) -> Source:
    """A single image; a folder has several, and so has a tar file."""
    if isinstance(image, (str, Path)) and (Path(image).is_dir() or is_tar(image)):
        raise UserError(
            f'{image} is a folder or a tar file: use SegInpaintInferencer or `seginpaint infer` '
            f'for these.'
        )
    return image
