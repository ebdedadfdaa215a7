"""``FillingTask``: holes in pictures, filled; outside them the picture stays as it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from mmengine.structures import PixelData
from torch import nn

from seginpaint_mm.apis.given_masks import VisibleObjects
from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.photo_writing import write_photo
from seginpaint_mm.apis.tasks.inpainters import check_paints, check_size, is_inpainter
from seginpaint_mm.apis.tasks.task import InferenceTask
from seginpaint_mm.datasets.transforms.hole_transform import check_hole
from seginpaint_mm.files import write_image
from seginpaint_mm.models.holes import fill_holes
from seginpaint_mm.structures import SceneSample


class FillingTask(InferenceTask):
    """Fills what all masks of a picture mark together, at the picture's own size.

    Samples have ``hole``, ``pred_image`` and whatever else the model predicts.

    - ``pred/image/<name>.png``: the image, lossless, with its transparency, ICC profile and EXIF;
      outside the hole bit for bit the input, also of 16 bits;
    - ``pred/sem_seg/<name>.png``: uint8 class ids, also in the hole, of models that find classes.
    """

    needs_masks: ClassVar[bool] = True
    mask_meaning: ClassVar[str] = 'what is to be filled'

    def __init__(self, model: nn.Module, dataset_meta: Mapping) -> None:
        super().__init__(model, dataset_meta)
        check_paints(model)

    @classmethod
    def fits(cls, model: nn.Module) -> bool:
        return is_inpainter(model)

    def pipeline(self, steps: list[dict]) -> list[dict]:
        """Pictures are neither resized nor cropped, and the hole is the user's."""
        return [step for step in steps if step['type'] == 'PackScene']

    def views(self, picture: dict, objects: VisibleObjects) -> list[dict]:
        """The picture with its hole, uint8 (H, W).

        Raises:
            ValueError: when it covers nothing or all, or the model cannot fill pictures this large.
        """
        hole = objects.masks.any(axis=0).astype(np.uint8)
        check_hole(hole, 'the hole')
        check_size(self.model, hole.shape)
        return [picture | dict(hole=hole)]

    def finish(
        self, samples: Sequence[SceneSample], image: np.ndarray, objects: VisibleObjects
    ) -> SceneSample:
        (sample,) = samples
        finished = SceneSample(metainfo=sample.metainfo)
        # clones are out of inference mode, whose tensors cannot be written to
        for name, value in sample.items():
            if name == 'hole' or name.startswith('pred_'):
                finished.set_field(PixelData(data=value.data.clone()), name)
        picture = torch.from_numpy(image[..., ::-1].transpose(2, 0, 1).copy())
        hole = finished.hole.data.bool()
        filled = fill_holes(picture, finished.pred_image.data, hole)
        finished.pred_image = PixelData(data=filled)
        return finished

    def write(
        self, folder: Path, scene: SceneInput, image: np.ndarray, sample: SceneSample
    ) -> dict:
        hole = sample.hole.data.float()
        entry = dict(
            image=f'pred/image/{scene.name}.png',
            hole_percent=round(100 * hole.mean().item(), 3),
        )
        colours = sample.pred_image.data.numpy()[::-1].transpose(1, 2, 0)
        changed = sample.hole.data[0].numpy() > 0
        write_photo(folder / entry['image'], colours, changed, scene.read_parts())
        if 'pred_sem_seg' in sample:
            entry['sem_seg'] = f'pred/sem_seg/{scene.name}.png'
            ids = sample.pred_sem_seg.data[0].numpy().astype(np.uint8)
            write_image(folder / entry['sem_seg'], ids)
        return entry

    def summary(self) -> dict:
        return {'classes': list(self.dataset_meta['classes'])}
