"""``RemovingTask``: remove objects from images; elsewhere they stay as they are."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from torch import Tensor

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import MaskSource
from seginpaint_mm.apis.mask_sources.objects import instance_ids, selected_objects
from seginpaint_mm.apis.removal import Filling, Removal, RemovalPlan, RemovalSource
from seginpaint_mm.apis.removal.removal import FORMATS
from seginpaint_mm.apis.tasks.filling import keep_grey, paint_patches
from seginpaint_mm.apis.tasks.task import InferenceTask, Rounds
from seginpaint_mm.datasets.photo_parts import write_photo
from seginpaint_mm.errors import UserError
from seginpaint_mm.models.abilities import check_size
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.files import write_image

_MASKS = {'pred_mask': 'mask', 'pred_mask_before': 'mask_before', 'hole': 'hole'}


class RemovingTask(InferenceTask):
    """Removes objects that the model's panoptic network finds, or a user or another one marks.

    Any inpainter paints their place. Samples have ``pred_image``; ``pred_mask``, what the objects
    cover, ``hole``, the pixels that were painted, which are more, and perhaps ``pred_mask_before``,
    uint8 (1, H, W); and ``pred_instances``, all n objects: ``masks`` bool (n, H, W), ``removed``
    bool (n,), ``bboxes`` float32 (n, 4), n ``names`` and, of networks, ``scores``. Where nothing
    is named that should go, there are only the instances. The instances' masks are
    :class:`CroppedMasks`, which read like a tensor.

    - ``pred/image/<name>.png``: the image, lossless, with its transparency, ICC profile and EXIF;
      outside the hole bit for bit the input, also of 16 bits;
    - ``pred/mask/<name>.png``: uint8, 255 = what the removed objects cover, as it was found;
    - ``pred/mask_before/<name>.png``: the same by the network of :attr:`Removal.before`;
    - ``pred/hole/<name>.png``: uint8, 255 = painted, wholly or at the feathered border;
    - ``pred/instances/<name>.png``: **uint16**, k = object k of ``predictions.json``, 0 = none.
    """

    model_tasks: ClassVar[tuple[str, ...]] = ('fill', 'remove')
    needs_masks: ClassVar[bool] = True
    mask_meaning: ClassVar[str] = 'what is to be removed'

    def pipeline(self, steps: list[dict]) -> list[dict]:
        """Patches come in the size that the model sees them in."""
        return [step for step in steps if step['type'] == 'PackScene']

    def source(
        self,
        given: MaskSource | None,
        removal: Removal | None,
        filling: Filling | None = None,
    ) -> RemovalSource:
        """What was given, or else what the model's own panoptic network finds.

        Raises:
            UserError: when nothing is given, and the model finds nothing; or it is given how holes
                are filled.
        """
        if filling is not None:
            raise UserError(
                'A Filling does not say how objects are removed: give a Removal, or --task fill.'
            )
        removal = removal or Removal()
        selector = getattr(self.model, 'selector', None)
        if given is None and selector is None:
            raise UserError(
                f'A {type(self.model).__name__} finds no objects: give --masks of what is to be '
                f'removed, or --instances, a model that finds objects, e.g. an ObjectRemover.'
            )
        if given is None:
            given = selected_objects(selector, removal.look_size, removal.min_score)
        return RemovalSource(given, removal)

    def rounds(self, picture: dict, image: np.ndarray, objects: RemovalPlan) -> Rounds:
        """Show the patches, then put the image together; grey images stay grey."""
        for patch in objects.patches:
            check_size(self.model, patch.size)
        painted = yield from paint_patches(picture, image, objects.hole, objects.patches)
        shape = image.shape[:2]
        finished = SceneSample(
            metainfo=dict(
                img_path=objects.origin,
                img_shape=shape,
                ori_shape=shape,
                patches=[patch.box for patch in objects.patches],
                picture_format=objects.picture_format,
                remark=objects.remark,
            )
        )
        finished.pred_instances = _instances(objects)
        if not objects.patches:
            return finished
        hole = objects.hole
        keep_grey(painted, image, hole)
        finished.pred_image = PixelData(data=_tensor(painted[..., ::-1].transpose(2, 0, 1)))
        finished.pred_mask = _mask(objects.mask)
        finished.hole = _mask(hole)
        if objects.before is not None:
            finished.pred_mask_before = _mask(objects.before)
        if objects.alpha is not None:
            finished.alpha = PixelData(data=_tensor(objects.alpha[None]))
        return finished

    def write(
        self,
        folder: Path,
        scene: SceneInput,
        image: np.ndarray,
        sample: SceneSample,
        draw: bool = True,
    ) -> dict:
        entry = dict(instance_ids=f'pred/instances/{scene.name}.png')
        write_image(folder / entry['instance_ids'], instance_ids(sample.pred_instances))
        if 'pred_image' in sample:
            entry |= self._write_result(folder, scene, sample)
            entry['hole_percent'] = round(100 * float(sample.hole.data.numpy().mean()), 3)
            entry['patches'] = [list(box) for box in sample.patches]
        return entry | {'objects': _described(sample.pred_instances)}

    @staticmethod
    def _write_result(folder: Path, scene: SceneInput, sample: SceneSample) -> dict[str, str]:
        """The image and its masks, in place of those of an earlier call; their files by kind."""
        files = dict(image=f'pred/image/{scene.name}.{sample.picture_format}')
        colours = sample.pred_image.data.numpy()[::-1].transpose(1, 2, 0)
        changed = sample.hole.data[0].numpy() > 0
        write_photo(folder / files['image'], colours, changed, scene.read_parts())
        for field, kind in _MASKS.items():
            if field in sample:
                files[kind] = f'pred/{kind}/{scene.name}.png'
                write_image(folder / files[kind], sample.get(field).data[0].numpy() * 255)
        _remove_stale(folder, scene.name, set(files.values()))
        return files


def _remove_stale(folder: Path, name: str, written: set[str]) -> None:
    """Remove what an earlier call left of the same image, and this one has not replaced."""
    pictures = [f'pred/image/{name}.{suffix}' for suffix in FORMATS]
    masks = [f'pred/{kind}/{name}.png' for kind in _MASKS.values()]
    for file in {*pictures, *masks} - written:
        (folder / file).unlink(missing_ok=True)


def _instances(plan: RemovalPlan) -> InstanceData:
    masks = plan.masks.as_tensor()
    known = dict(
        masks=masks,
        bboxes=torch.tensor(masks.boxes, dtype=torch.float32).reshape(-1, 4),
        names=list(plan.names),
        removed=torch.from_numpy(plan.chosen),
    )
    scores = dict(scores=torch.tensor(plan.scores)) if plan.scores else {}
    return InstanceData(**known, **scores)


def _described(found: InstanceData) -> list[dict]:
    scores = found.scores.tolist() if 'scores' in found else [None] * len(found)
    fields = zip(
        found.names, scores, found.bboxes.int().tolist(), found.removed.tolist(), strict=True
    )
    return [
        {
            'id': number,
            'class': name,
            'score': score if score is None else round(score, 4),
            'bbox': box,
            'removed': removed,
        }
        for number, (name, score, box, removed) in enumerate(fields, start=1)
    ]


def _mask(mask: np.ndarray) -> PixelData:
    return PixelData(data=_tensor(mask[None].astype(np.uint8)))


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))
