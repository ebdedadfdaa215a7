"""Removing an object: the whole against its stages, and what the mask expansion loss costs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData, PixelData
from scipy.ndimage import distance_transform_edt
from torch import Tensor, nn

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.benchmarks.measure import Table, median_seconds
from seginpaint_mm.datasets.transforms.hole_shapes import signed_distance
from seginpaint_mm.models.losses import MaskExpansionLoss
from seginpaint_mm.models.maskopt import ObjectRemover
from seginpaint_mm.models.maskopt.panoptic_mask_selector import padded_size
from seginpaint_mm.models.maskopt.segments import without_truth
from seginpaint_mm.models.maskopt.stages import canny_edges, to_grey
from seginpaint_mm.registry import MODELS, SCOPE
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.config_files import config_folder

_MODELS = config_folder() / 'maskopt'
_OBJECTS = 10  # that the untrained network is made to find in a picture


@dataclass(frozen=True)
class Setting:
    """What is measured.

    Attributes:
        config: Of the network.
        side: Of the pictures of which an object is removed.
        batches: Pictures at a time.
        train_side: Of those that it is trained with.
        train_batch: Of a training step.
    """

    config: Path
    side: int
    batches: tuple[int, ...]
    train_side: int
    train_batch: int


PAPER = Setting(_MODELS / 'object-remover_coco.py', 512, (1, 8), 256, 4)
QUICK = Setting(_MODELS / 'object-remover_small_street.py', 128, (1, 8), 128, 4)


def removal_tables(quick: bool, repeats: int, device: torch.device) -> list[Table]:
    """Time an untrained remover and its loss.

    Args:
        quick: The small network instead of the paper's.
        repeats: Rounds.
        device: Where it runs.
    """
    setting = QUICK if quick else PAPER
    return [
        _stage_table(setting, repeats, device),
        _loss_table(setting, repeats, device),
    ]


def build_remover(config: Path) -> ObjectRemover:
    """With random weights; it takes much of ten boxes of each picture for objects."""
    torch.manual_seed(0)
    model = Config.fromfile(config).model
    model.image.update(perceptual_features=None, loss_perceptual=None, loss_style=None)
    model.selector.score_threshold = 0.0
    model.selector.detector.test_cfg.rcnn.update(score_thr=0.0, max_per_img=_OBJECTS)
    with DefaultScope.overwrite_default_scope(SCOPE):
        built = MODELS.build(model)
    nn.init.constant_(built.selector.detector.roi_head.mask_head.conv_logits.bias, 1.0)
    return built


def removal_batch(
    model: ObjectRemover, number: int, side: int, device: torch.device
) -> tuple[Tensor, list[SceneSample]]:
    """Noise with an object in the middle, as it comes from the model's data preprocessor."""
    generator = torch.Generator().manual_seed(0)
    shape = (number, 3, side, side)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    batch = dict(inputs=list(images), data_samples=[_sample(side) for _ in range(number)])
    prepared = model.to(device).data_preprocessor(batch, training=True)
    return prepared['inputs'], prepared['data_samples']


def _sample(side: int) -> SceneSample:
    hole = torch.zeros(1, side, side, dtype=torch.uint8)
    hole[:, side // 4 : -side // 4, side // 3 : -side // 3] = 1
    sample = SceneSample(metainfo=dict(img_shape=(side, side), removed_labels=[0]))
    sample.hole = PixelData(data=hole)
    sample.gt_sem_seg = PixelData(data=torch.zeros(1, side, side, dtype=torch.int64))
    distance = signed_distance(hole[0].numpy())
    sample.signed_distance = PixelData(data=torch.from_numpy(distance)[None])
    nothing = dict(masks=torch.zeros(0, side, side, dtype=torch.bool), bboxes=torch.zeros(0, 4))
    sample.gt_instances = InstanceData(labels=torch.zeros(0, dtype=torch.int64), **nothing)
    return sample


def stages_of(
    model: ObjectRemover, inputs: Tensor, samples: list[SceneSample]
) -> dict[str, Callable[[], object]]:
    """Each stage of a prediction, given what those before it have made."""
    pictures = model.denormalise(inputs)
    selector, stages = model.selector, model.stages
    holes = torch.stack([sample.hole.data for sample in samples]).bool()

    def panoptic() -> tuple[Tensor, Tensor]:
        features = selector.look(pictures)
        found = selector.segments(pictures, features, samples)
        probability, unmatched = selector.select_by_overlap(found, holes)
        mask = (probability >= 0.5) & ~unmatched[:, None, None, None]
        return mask, selector.classes(pictures, features, found)

    mask, labels = panoptic()
    planes = model._planes(labels)
    hidden = mask.to(pictures.dtype)

    def edge() -> Tensor:
        return stages['edge'](to_grey(pictures), canny_edges(pictures, ~mask), hidden)

    edges = model._complete(edge(), canny_edges(pictures, ~mask), hidden)
    classes = stages['segmentation'](planes, hidden).softmax(dim=1)
    classes = model._complete(classes, planes, hidden)
    return {
        'panoptic': panoptic,
        'edge': edge,
        'segmentation': partial(stages['segmentation'], planes, hidden),
        'image': partial(stages['image'], pictures, edges, classes, hidden),
    }


def apart_of(
    model: ObjectRemover, inputs: Tensor, samples: list[SceneSample]
) -> Callable[[], object]:
    """The four networks as separate tools: mmdet's own prediction, pictures of 8 bit between."""
    pictures = model.denormalise(inputs)
    size = padded_size(pictures)
    truths = without_truth(samples, size, model.selector.seen_size(size))
    normalised = model.selector._normalise(pictures)
    mask, labels = stages_of(model, inputs, samples)['panoptic']()
    hidden, stages = mask.to(pictures.dtype), model.stages

    def run() -> None:
        model.selector.detector.predict(normalised, truths, rescale=False)
        known = canny_edges(pictures, ~mask)
        painted = _as_8_bit(stages['edge'](to_grey(pictures), known, hidden))
        edges = model._complete(painted / 255, known, hidden)
        planes = model._planes(labels)
        painted = stages['segmentation'](planes, hidden).argmax(dim=1).to(torch.uint8)
        classes = model._complete(model._planes(painted.long()), planes, hidden)
        _as_8_bit(stages['image'](pictures, edges, classes, hidden))

    return run


def _as_8_bit(painted: Tensor) -> Tensor:
    return (painted * 255).round().to(torch.uint8)


def _stage_table(setting: Setting, repeats: int, device: torch.device) -> Table:
    table = Table(
        f'Removing an object, {setting.config.stem}, {setting.side}x{setting.side}',
        ('pictures', '', 'ms a picture', 'of the whole, %'),
        f'Random weights, float32, made ready as in the Inferencer; {_OBJECTS} objects are found '
        f'in each picture, one is removed. Panoptic is the network, the masks and the choice; edge '
        f"has Canny in it. The rest is what the whole takes beyond. Separately: mmdet's own "
        f'panoptic prediction, then each inpainter, which makes its input of pictures and maps of '
        f'8 bit that those before it have left.',
    )
    model = prepare_for_inference(build_remover(setting.config).to(device))
    for number in setting.batches:
        batch = removal_batch(model, number, setting.side, device)
        with torch.inference_mode():
            actions = {
                'whole': partial(model.predict, *batch),
                **stages_of(model, *batch),
                'separately': apart_of(model, *batch),
            }
        actions = {name: _without_gradient(action) for name, action in actions.items()}
        seconds = median_seconds(actions, repeats, device)
        parts = [value for name, value in seconds.items() if name not in ('whole', 'separately')]
        seconds['rest'] = seconds['whole'] - sum(parts)
        for name, value in seconds.items():
            share = 100 * value / seconds['whole']
            values = (number, name, value * 1e3 / number, share)
            table.rows.append(dict(zip(table.columns, values, strict=True)))
    return table


def _without_gradient(action: Callable[[], object]) -> Callable[[], object]:
    def run() -> None:
        with torch.inference_mode():
            action()

    return run


def _loss_table(setting: Setting, repeats: int, device: torch.device) -> Table:
    number, side = setting.train_batch, setting.train_side
    model = build_remover(setting.config).to(device).train()
    batch = removal_batch(model, number, side, device)
    holes = [_sample(side).hole.data[0].numpy() for _ in range(number)]
    distances = torch.stack([sample.signed_distance.data for sample in batch[1]])
    probability = torch.rand(number, 1, side, side, device=device, requires_grad=True)
    loss = MaskExpansionLoss()
    actions = {
        'training step, with the loss': _step(model, batch),
        'loss, as written down': lambda: obvious_expansion(probability, holes).backward(),
        'loss, distances from the pipeline': lambda: loss(probability, distances).backward(),
        'the distances, OpenCV': lambda: [signed_distance(hole) for hole in holes],
        'the distances, SciPy': lambda: [obvious_distance(hole) for hole in holes],
    }
    seconds = median_seconds(actions, repeats, device)
    table = Table(
        f'Mask expansion loss, {setting.config.stem}, {number} pictures of {side}x{side}',
        ('', 'ms', 'of the step, %', 'times faster than as written down'),
        'As written down: distance maps by SciPy in the training step, picture by picture, and '
        'eq. (9). Ours come from the data pipeline, whose workers run beside the training. Losses '
        'with their gradients; the step is forward and backward, without VGG-19.',
    )
    step, obvious = (seconds[name] for name in list(actions)[:2])
    for name, value in seconds.items():
        values = (name, value * 1e3, 100 * value / step, obvious / value)
        table.rows.append(dict(zip(table.columns, values, strict=True)))
    table.rows[0][table.columns[-1]] = None
    return table


def obvious_distance(hole: np.ndarray) -> np.ndarray:
    """phi of eq. (8), float64 (H, W), each side divided by its greatest distance."""
    inside, outside = (
        np.maximum(distance_transform_edt(side) - 0.5, 0) for side in (hole > 0, hole == 0)
    )
    return outside / outside.max() - inside / inside.max()


def obvious_expansion(probability: Tensor, holes: list[np.ndarray], alpha: float = 0.03) -> Tensor:
    """Eq. (9), times 1000, mean over the pixels."""
    losses = []
    for of_picture, hole in zip(probability, holes, strict=True):
        phi = torch.from_numpy(obvious_distance(hole)).to(of_picture)
        losses.append(((phi - alpha) * of_picture[0]).mean())
    return 1000 * torch.stack(losses).mean()


def _step(model: ObjectRemover, batch: tuple) -> Callable[[], None]:
    def run() -> None:
        model.zero_grad()
        model.parse_losses(model(*batch, mode='loss'))[0].backward()

    return run
