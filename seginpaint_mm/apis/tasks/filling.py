"""Fill holes of photos, whole or in patches (task ``fill``)."""

from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import torch
from mmengine.structures import PixelData

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource
from seginpaint_mm.apis.removal import Filling, FillingPlan, FillingSource, Removal
from seginpaint_mm.apis.removal.removal import Patch, rounds_of
from seginpaint_mm.apis.tasks.task import InferenceTask, Rounds
from seginpaint_mm.datasets.photo_parts import write_photo
from seginpaint_mm.errors import UserError
from seginpaint_mm.models.abilities import check_size, takes_segmentation
from seginpaint_mm.models.holes import GIVEN
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.files import write_image

Painting = Generator[Iterable[dict], list[SceneSample], np.ndarray]


def paint_patches(
    picture: dict,
    image: np.ndarray,
    hole: np.ndarray,
    patches: Sequence[Patch],
    keep: Callable[[Patch, SceneSample], None] | None = None,
    segmentation: np.ndarray | None = None,
) -> Painting:
    """Fill patches round by round, each on the result of the rounds before.

    Args:
        picture: The dictionary of the image alone, for the pipeline.
        image: BGR uint8 (H, W, 3).
        hole: bool (H, W), what is painted.
        patches: Of all of it, in turn.
        keep: Is called with each patch and what the model has made of it.
        segmentation: Classes that guide the model, uint8 (H, W), or None.

    Yields:
        What an inpainter sees next: dictionaries for the pipeline; its samples are sent back.

    Returns:
        np.ndarray: BGR uint8 (H, W, 3), outside the hole bit for bit the image.
    """
    painted, hole = image.copy(), hole.copy()
    for patches_of_round in rounds_of(patches):
        # cut one by one, as the pipeline asks for them
        samples = yield (
            _view(picture, patch, painted, hole, segmentation) for patch in patches_of_round
        )
        for patch, sample in zip(patches_of_round, samples, strict=True):
            colours = sample.pred_image.data.numpy()[::-1].transpose(1, 2, 0)
            patch.paste(painted, np.ascontiguousarray(colours))
            patch.fill(hole)
            if keep is not None:
                keep(patch, sample)
    return painted


def keep_grey(painted: np.ndarray, image: np.ndarray, hole: np.ndarray) -> None:
    """Make the filled pixels grey where the image is grey, in place.

    Args:
        painted: BGR uint8 (H, W, 3), written to.
        image: The image before, of that form.
        hole: bool (H, W), what was painted.
    """
    if all(np.array_equal(image[..., 0], image[..., channel]) for channel in (1, 2)):
        painted[hole] = cv2.cvtColor(painted, cv2.COLOR_BGR2GRAY)[hole][:, None]


def _view(
    picture: dict,
    patch: Patch,
    painted: np.ndarray,
    hole: np.ndarray,
    segmentation: np.ndarray | None,
) -> dict:
    sizes = dict(img_shape=patch.size, ori_shape=patch.size)
    seen = dict(img=patch.cut(painted), hole=patch.cut_hole(hole), remove=GIVEN)
    if segmentation is not None:
        seen['given_sem_seg'] = patch.cut_classes(segmentation)
    return picture | sizes | seen


UNKNOWN_CLASS = 255  # where no patch was


class FillingTask(InferenceTask):
    """Fills what all masks of an image mark together, at the image's own size.

    Samples have ``hole``, ``pred_image`` and whatever else the model predicts. Of photos that are
    filled in patches (:class:`Filling`) classes are known in the patches, 255 elsewhere, and how
    sure they are is 0 there; ``patches`` in the metainfo are their boxes.

    - ``pred/image/<name>.png``: the image, lossless, with its transparency, ICC profile and EXIF;
      outside the hole bit for bit the input, also of 16 bits;
    - ``pred/sem_seg/<name>.png``: uint8 class ids, also in the hole, of models that find classes;
      255 where no patch was.
    """

    model_tasks: ClassVar[tuple[str, ...]] = ('fill',)
    needs_masks: ClassVar[bool] = True
    mask_meaning: ClassVar[str] = 'what is to be filled'

    def pipeline(self, steps: list[dict]) -> list[dict]:
        """Images are neither resized nor cropped, and the hole is the user's."""
        return [step for step in steps if step['type'] == 'PackScene']

    def source(
        self,
        given: MaskSource | None,
        removal: Removal | None,
        filling: Filling | None = None,
    ) -> FillingSource:
        seen = getattr(self.model, 'seen_size', None)
        if filling is None and seen is not None:  # in patches, lest whole photos are reduced
            filling = Filling(whole_up_to=0, working_size=seen)
        if filling is not None and filling.segmentations is not None:
            self._check_guidance()
        return FillingSource(super().source(given, removal), filling or Filling())

    def _check_guidance(self) -> None:
        if not takes_segmentation(self.model):
            raise UserError(
                f'No classes guide this {type(self.model).__name__}: leave the segmentations out, '
                f'or take an SG-Net, SGE-Net or SPG-Net.'
            )

    def rounds(self, picture: dict, image: np.ndarray, objects: FillingPlan) -> Rounds:
        """Show the image with its hole, or the patches.

        Raises:
            ValueError: when the model cannot fill images, or patches, this large.
        """
        hole = objects.hole
        for size in {patch.size for patch in objects.patches} or {hole.shape}:
            check_size(self.model, size)
        if objects.patches:
            return (yield from self._fill_patches(picture, image, objects))
        seen = dict(hole=hole.astype(np.uint8))
        if objects.segmentation is not None:
            seen['given_sem_seg'] = objects.segmentation
        (sample,) = yield [picture | seen]
        finished = SceneSample(metainfo=sample.metainfo)
        # clones are out of inference mode, whose tensors cannot be written to
        for name, value in sample.items():
            if name == 'hole' or name.startswith('pred_'):
                finished.set_field(PixelData(data=value.data.clone()), name)
        painting = finished.pred_image.data.numpy()[::-1].transpose(1, 2, 0)
        painted = np.where(hole[..., None], painting, image)
        finished.pred_image = _image(painted, image, hole)
        return finished

    def _fill_patches(self, picture: dict, image: np.ndarray, objects: FillingPlan) -> Rounds:
        maps: dict[str, np.ndarray] = {}
        painted = yield from paint_patches(
            picture,
            image,
            objects.hole,
            objects.patches,
            lambda patch, sample: _keep_maps(maps, objects.hole.shape, patch, sample),
            objects.segmentation,
        )
        finished = SceneSample(
            metainfo=dict(
                img_path=picture['img_path'],
                img_shape=image.shape[:2],
                ori_shape=image.shape[:2],
                patches=[patch.box for patch in objects.patches],
            )
        )
        finished.hole = PixelData(data=torch.from_numpy(objects.hole[None].astype(np.uint8)))
        finished.pred_image = _image(painted, image, objects.hole)
        for name, values in maps.items():
            finished.set_field(PixelData(data=torch.from_numpy(values[None])), name)
        return finished

    def write(
        self,
        folder: Path,
        scene: SceneInput,
        image: np.ndarray,
        sample: SceneSample,
        draw: bool = True,
    ) -> dict:
        changed = sample.hole.data[0].numpy() > 0
        entry = dict(
            image=f'pred/image/{scene.name}.png',
            hole_percent=round(100 * float(changed.mean()), 3),
        )
        if 'patches' in sample:
            entry['patches'] = [list(box) for box in sample.patches]
        colours = sample.pred_image.data.numpy()[::-1].transpose(1, 2, 0)
        write_photo(folder / entry['image'], colours, changed, scene.read_parts())
        if 'pred_sem_seg' in sample:
            entry['sem_seg'] = f'pred/sem_seg/{scene.name}.png'
            ids = sample.pred_sem_seg.data[0].numpy().astype(np.uint8)
            write_image(folder / entry['sem_seg'], ids)
        return entry

    def summary(self) -> dict:
        return {'classes': list(self.dataset_meta['classes'])}


def _image(painted: np.ndarray, image: np.ndarray, hole: np.ndarray) -> PixelData:
    """RGB of what was painted, BGR (H, W, 3); grey images stay grey."""
    keep_grey(painted, image, hole)
    return PixelData(data=torch.from_numpy(painted[..., ::-1].transpose(2, 0, 1).copy()))


def _keep_maps(
    maps: dict[str, np.ndarray], shape: tuple[int, int], patch: Patch, sample: SceneSample
) -> None:
    """Put the maps of a patch, as far as they are of one channel, into those of the image."""
    left, top, right, bottom = patch.box
    for name, field in sample.items():
        is_of_scale = name.rpartition('_')[2].isdigit()  # which are drawn of whole photos alone
        if not name.startswith('pred_') or is_of_scale or len(field.data) != 1:
            continue
        values = field.data[0].numpy()
        is_share = values.dtype.kind == 'f'
        if name not in maps:
            maps[name] = np.full(shape, 0 if is_share else UNKNOWN_CLASS, values.dtype)
        values = cv2.resize(
            values.astype(np.float32 if is_share else np.uint8),
            (right - left, bottom - top),
            interpolation=cv2.INTER_NEAREST,
        )
        maps[name][top:bottom, left:right] = values
