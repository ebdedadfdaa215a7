"""``PredictionTask``: predict maps of classes, also behind objects, and instances."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.structures import PixelData
from torch import Tensor

from seginpaint_mm.apis.inputs import SceneInput
from seginpaint_mm.apis.mask_sources import VisibleObjects
from seginpaint_mm.apis.mask_sources.objects import (
    describe_instances,
    instance_ids,
    resize_instances,
)
from seginpaint_mm.apis.tasks.task import OneRoundTask
from seginpaint_mm.structures import SceneSample, predicted_maps
from seginpaint_mm.utils.files import write_image


class PredictionTask(OneRoundTask):
    """Maps of classes and of the foreground, and instances, of an image alone.

    - ``pred/background/<name>.png``: uint8 class ids, also behind the foreground;
    - ``pred/foreground/<name>.png``: uint8, 1 = foreground;
    - ``pred/sem_seg/<name>.png``: uint8 class ids, those of mmseg's segmentors;
    - ``pred/instances/<name>.png``: **uint16**, k = the k-th of the instances in
      ``predictions.json``, 0 = none; where several overlap, the most confident.
    """

    model_tasks: ClassVar[tuple[str, ...]] = ('predict',)
    needs_masks: ClassVar[bool] = False

    def finish(
        self, samples: Sequence[SceneSample], image: np.ndarray, objects: VisibleObjects | None
    ) -> SceneSample:
        """Probabilities are resized bilinearly, the others by nearest neighbours."""
        (sample,) = samples
        size = image.shape[:2]
        resized = sample.new()
        if 'pred_foreground_prob' in sample:
            probability = _resize(sample.pred_foreground_prob.data, size, 'bilinear')
            resized.pred_foreground_prob = PixelData(data=probability)
            resized.pred_foreground = PixelData(data=(probability > 0.5).to(torch.uint8))
        elif 'pred_foreground' in sample:
            foreground = _resize(sample.pred_foreground.data, size, 'nearest-exact')
            resized.pred_foreground = PixelData(data=foreground)
        for field in ('pred_background', 'pred_sem_seg'):
            if field in sample:
                ids = _resize(sample.get(field).data.to(torch.uint8), size, 'nearest-exact')
                resized.set_field(PixelData(data=ids.long()), field)
        if 'pred_instances' in sample:
            resized.pred_instances = resize_instances(sample.pred_instances, size)
        return resized

    def write(
        self,
        folder: Path,
        scene: SceneInput,
        image: np.ndarray,
        sample: SceneSample,
        draw: bool = True,
    ) -> dict:
        maps = {name.removeprefix('pred_'): _ids(sample, name) for name in predicted_maps(sample)}
        files = {kind: f'pred/{kind}/{scene.name}.png' for kind in maps}
        for kind, ids in maps.items():
            write_image(folder / files[kind], ids)
        entry = {**files, **self._shares(maps)}
        if 'pred_instances' in sample:
            file = f'pred/instances/{scene.name}.png'
            write_image(folder / file, instance_ids(sample.pred_instances))
            described = describe_instances(sample.pred_instances, self._things())
            entry |= {'instance_ids': file, 'instances': described}
        return entry

    def summary(self) -> dict:
        return {'classes': list(self.dataset_meta['classes'])}

    def _things(self) -> list[str]:
        meta = self.dataset_meta
        return [meta['classes'][thing] for thing in meta.get('thing_ids', ())]

    def _shares(self, maps: dict[str, np.ndarray]) -> dict:
        """Shares in percent of the foreground and of each class."""
        shares: dict = {}
        if 'foreground' in maps:
            shares['foreground_percent'] = _percent(maps['foreground'] > 0)
        for kind in ('background', 'sem_seg'):
            if kind in maps:
                shares[f'{kind}_percent'] = {
                    name: _percent(maps[kind] == index)
                    for index, name in enumerate(self.dataset_meta['classes'])
                }
        return shares


def _resize(maps: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    if tuple(maps.shape[-2:]) == size:
        return maps.clone()  # out of inference mode, whose tensors cannot be written to
    align_corners = False if mode == 'bilinear' else None
    return F.interpolate(maps[None], size=size, mode=mode, align_corners=align_corners)[0]


def _ids(sample: SceneSample, name: str) -> np.ndarray:
    return sample.get(name).data.squeeze(0).numpy().astype(np.uint8)


def _percent(mask: np.ndarray) -> float:
    return round(100 * float(mask.mean()), 3)
