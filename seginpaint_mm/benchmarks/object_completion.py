"""Completing the objects of one image: all as one batch, one by one, and in bounded memory."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.benchmarks.measure import Table, in_fresh_process, median_seconds, peak_mebibytes
from seginpaint_mm.models.segan import SeGAN
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.config_files import config_folder

_MODELS = config_folder() / '_base_/models'


@dataclass(frozen=True)
class Setting:
    """What is measured.

    Attributes:
        config: Of the network.
        size: (height, width) of the image.
        numbers: Of objects, for the times.
        chunks: Values of ``max_objects_per_batch``, for the memory of the last number of objects;
            the first is all of them.
    """

    config: Path
    size: tuple[int, int]
    numbers: tuple[int, ...]
    chunks: tuple[int, ...]


PAPER = Setting(_MODELS / 'segan.py', (500, 500), (1, 10, 50), (50, 16, 4, 1))
QUICK = Setting(_MODELS / 'segan_small.py', (128, 128), (1, 8, 64), (64, 8, 1))


def segan_tables(quick: bool, repeats: int, device: torch.device) -> list[Table]:
    """Time and memory of an untrained SeGAN that predicts.

    Args:
        quick: The small network instead of the paper's.
        repeats: Rounds.
        device: Where it runs.
    """
    setting = QUICK if quick else PAPER
    model = _build(setting, device)
    return [_times(model, setting, repeats, device), _memory(model, setting, repeats, device)]


def scene_of(number: int, size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """A normalised image, 1,3,H,W, and visible masks, bool (number, H, W), of objects in rows."""
    generator = torch.Generator().manual_seed(0)
    masks = torch.zeros(number, *size, dtype=torch.bool)
    side = next(side for side in range(1, number + 1) if side**2 >= number)
    height, width = size[0] // side, size[1] // side
    for index, mask in enumerate(masks):
        top, left = index // side * height, index % side * width
        mask[top + height // 4 : top + height, left : left + 3 * width // 4] = True
    return torch.randn(1, 3, *size, generator=generator).to(device), masks.to(device)


def complete(model: SeGAN, image: Tensor, masks: Tensor) -> InstanceData:
    """All objects in one call."""
    sample = SceneSample(metainfo=dict(img_shape=tuple(masks.shape[-2:])))
    sample.gt_instances = InstanceData(masks=masks)
    with torch.inference_mode():
        return model.predict(image, [sample])[0].pred_instances


def complete_one_by_one(model: SeGAN, image: Tensor, masks: Tensor) -> list[InstanceData]:
    """A call for each object."""
    return [complete(model, image, mask[None]) for mask in masks]


def _times(model: SeGAN, setting: Setting, repeats: int, device: torch.device) -> Table:
    table = Table(
        f'Completing objects of one image, {setting.config.stem}, {_text(setting.size)}',
        ('objects', 'one by one, ms', 'one batch, ms', 'ms an object', 'times faster'),
        f'Masks of {model.segmentor.mask_size}x{model.segmentor.mask_size} and '
        f'{model.segmentor.output_size}x{model.segmentor.output_size}, and paintings of '
        f'{model.painter_size}x{model.painter_size}, in one call. One by one is a call an object, '
        f'with the image; in a batch the image is looked at once. An untrained network.',
    )
    for number in setting.numbers:
        model.max_objects_per_batch = number
        scene = scene_of(number, setting.size, device)
        actions = {
            'one by one': partial(complete_one_by_one, model, *scene),
            'one batch': partial(complete, model, *scene),
        }
        seconds = median_seconds(actions, repeats, device)
        table.rows.append(
            {
                'objects': number,
                'one by one, ms': seconds['one by one'] * 1e3,
                'one batch, ms': seconds['one batch'] * 1e3,
                'ms an object': seconds['one batch'] * 1e3 / number,
                'times faster': seconds['one by one'] / seconds['one batch'],
            }
        )
    return table


def _memory(model: SeGAN, setting: Setting, repeats: int, device: torch.device) -> Table:
    number = setting.numbers[-1]
    table = Table(
        f'Memory of {number} objects, {setting.config.stem}, {_text(setting.size)}',
        ('max_objects_per_batch', 'MiB', 'of all at once', 'ms', 'times slower'),
        'MiB is the peak of memory taken beside the network and the image, each measured in a '
        'process of its own.',
    )
    scene = scene_of(number, setting.size, device)
    actions = {most: partial(_complete_in_chunks, model, most, *scene) for most in setting.chunks}
    seconds = median_seconds(actions, repeats, device)
    peaks = {most: _peak(setting, most, device) for most in setting.chunks}
    for most in setting.chunks:
        known = peaks[most] is not None
        table.rows.append(
            {
                'max_objects_per_batch': most,
                'MiB': peaks[most],
                'of all at once': peaks[most] / peaks[setting.chunks[0]] if known else None,
                'ms': seconds[most] * 1e3,
                'times slower': seconds[most] / seconds[setting.chunks[0]],
            }
        )
    return table


def _complete_in_chunks(model: SeGAN, most: int, image: Tensor, masks: Tensor) -> InstanceData:
    model.max_objects_per_batch = most
    return complete(model, image, masks)


def _peak(setting: Setting, most: int, device: torch.device) -> float | None:
    return in_fresh_process(_peak_here, setting, most, str(device))


def _peak_here(setting: Setting, most: int, device: str) -> float | None:
    device = torch.device(device)
    model = _build(setting, device)
    model.max_objects_per_batch = most
    image, masks = scene_of(setting.numbers[-1], setting.size, device)
    complete(model, image, masks[:1])  # what libraries take once is not counted
    return peak_mebibytes(partial(complete, model, image, masks), device)


def _build(setting: Setting, device: torch.device) -> SeGAN:
    cfg = Config.fromfile(setting.config)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return prepare_for_inference(MODELS.build(cfg.model).to(device))


def _text(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}'
