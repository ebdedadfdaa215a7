"""``ExportedModel``: an exported file in place of the model that it was exported from."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.structures import PixelData
from torch import Tensor

from seginpaint_mm.deployment.runtime import Exported, load_exported, read_note
from seginpaint_mm.errors import UserError
from seginpaint_mm.models.data_preprocessor import SceneDataPreprocessor, groups_by_size
from seginpaint_mm.models.holes import check_extent, fill_holes, repeat_border, stack_holes
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample

_TAKES = {'image', 'hole'}  # what an image and a mask of a user give


@MODELS.register_module()
class ExportedModel(BaseModel):
    """Predicts by a file of ``seginpaint export``, as the model in it does.

    It takes networks of images, and of images and holes. Predictions are those of the model, with
    ``pred_background``, ``pred_sem_seg``, ``pred_foreground``, ``pred_foreground_prob``,
    ``pred_confidence`` and ``pred_image``, as far as the file gives them.

    Args:
        path: The file.
        device: Where it runs, ``'cpu'`` or ``'cuda'``.

    Raises:
        UserError: when the file is not there, was not written by us, or takes other inputs.
    """

    def __init__(self, *, path: str, device: str = 'cpu') -> None:
        run = load_exported(path, device)
        note = read_note(path)
        mean, std = (
            (note['mean'], note['std']) if not note['normalises'] else ([0.0] * 3, [1.0] * 3)
        )
        super().__init__(SceneDataPreprocessor(mean, std))
        self.note = note
        self.runner = _Runner(run)
        self.task = 'fill' if 'hole' in note['inputs'] else 'predict'
        more = sorted(set(note['inputs']) - _TAKES)
        if more:
            raise UserError(
                f'{path} takes {", ".join(more)} beside images and holes: run it with '
                f'load_exported, or give the config and the checkpoint here.'
            )

    def check_size(self, height: int, width: int) -> None:
        """Refuse images that a file for one size cannot take.

        Raises:
            ValueError: one sentence.
        """
        size, divisor = self.note['size'], self.note['divisor']
        if size and size != [-(-height // divisor) * divisor, -(-width // divisor) * divisor]:
            raise ValueError(
                f'an image of {width}x{height} pixels (width x height) does not fit: this file is '
                f'for {size[1]}x{size[0]}; crop the image.'
            )

    def forward(
        self, inputs: Tensor, data_samples: Sequence[SceneSample], mode: str = 'predict'
    ) -> list[SceneSample]:
        """Add predictions to the samples; there is no other mode than ``'predict'``."""
        if mode != 'predict':
            raise ValueError(f'An exported file can only predict: mode={mode!r}.')
        for images, samples in groups_by_size(inputs, data_samples):
            self._predict(images, samples)
        return list(data_samples)

    def _predict(self, images: Tensor, samples: Sequence[SceneSample]) -> None:
        size = tuple(images.shape[-2:])
        sides = self.note['divisor'], self.note['least']
        pictures = repeat_border(images, *sides)
        if self.note['normalises']:
            pictures = pictures.to(torch.uint8)
        given, hole = dict(image=pictures), None
        if self.task == 'fill':
            hole = stack_holes(samples, size)
            check_extent(hole, samples)
            given['hole'] = repeat_border(hole.float(), *sides).to(torch.uint8)
        made = self.runner.run(
            {name: np.ascontiguousarray(value.cpu().numpy()) for name, value in given.items()}
        )
        for name, value in self._fields(made, images, hole).items():
            for sample, of_sample in zip(samples, value[..., : size[0], : size[1]], strict=True):
                sample.set_field(PixelData(data=of_sample), name)

    def _fields(
        self, made: dict[str, np.ndarray], images: Tensor, hole: Tensor | None
    ) -> dict[str, Tensor]:
        """Name -> maps, N,C,H,W."""
        found = {name: torch.from_numpy(value).to(images.device) for name, value in made.items()}
        fields = {}
        classes = found.get('background', found.get('classes'))
        if classes is not None:
            fields['pred_sem_seg'] = classes
        if 'background' in found:
            fields['pred_background'] = classes
        if 'foreground_prob' in found:
            fields['pred_foreground_prob'] = found['foreground_prob']
            fields['pred_foreground'] = (found['foreground_prob'] > 0.5).to(torch.uint8)
        if 'confidence' in found:
            fields['pred_confidence'] = found['confidence']
        if 'completed' in found and hole is not None:
            painted = (found['completed'] * 255).round().clamp(0, 255).to(torch.uint8)
            painted = painted[..., : hole.shape[-2], : hole.shape[-1]]
            given = images * self.data_preprocessor.std + self.data_preprocessor.mean
            fields['pred_image'] = fill_holes(given.round().to(torch.uint8), painted, hole)
        return fields


class _Runner:
    """Holds what runs the file; a copy of the model has the same one."""

    def __init__(self, run: Exported) -> None:
        self.run = run

    def __deepcopy__(self, memo: dict) -> '_Runner':
        return self


def exported_config(path: Path) -> Config:
    """Return the config of a model that is a file: what :class:`SegInpaintInferencer` needs."""
    note = read_note(path) if path.is_file() else {}
    names = {key: note.get(key) or () for key in ('classes', 'palette')}
    dataset = dict(
        type='PairsDataset', data_root='', metainfo=names, pipeline=[dict(type='PackScene')]
    )
    return Config(
        dict(
            default_scope='seginpaint_mm',
            model=dict(type='ExportedModel', path=str(path)),
            test_dataloader=dict(dataset=dataset),
            test_cfg=dict(),
        )
    )
