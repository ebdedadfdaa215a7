"""Inpainting networks: SGE-Net's inference against others', and its training step by part."""

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from torch import Tensor, nn

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.benchmarks.measure import Table, in_fresh_process, median_seconds, peak_mebibytes
from seginpaint_mm.registry import MODELS, SCOPE
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.torch_modules import lay_channels_last

OURS = 'SGE-Net'
NETWORKS = {OURS: 'sgenet_any-size', 'GatedConv': 'gatedconv', 'AOT-GAN': 'aotgan'}
SIZES = (256, 512, 1024)
# Kind of device -> config and side of the crops that it is trained with there.
TRAINING = {'cuda': ('sgenet', 256), 'cpu': ('sgenet_small', 128)}


def inpainting_tables(
    bases: Path, batch_size: int, repeats: int, device: torch.device
) -> list[Table]:
    """Measure inference and a training step.

    Args:
        bases: Folder of the models' base configs.
        batch_size: Images a training step.
        repeats: Rounds.
        device: Where it runs.
    """
    return [
        _inference_table(bases, repeats, device),
        _training_table(bases, batch_size, repeats, device),
    ]


def _inference_table(bases: Path, repeats: int, device: torch.device) -> Table:
    table = Table(
        'Filling the hole of one image',
        ('picture', 'network', 'ms', "times SGE-Net's", 'peak, MiB'),
        'Random weights, float32, made ready as in the Inferencer; the hole is the middle quarter. '
        'SGE-Net is the one for any size (DilatedContext), and makes a segmentation as well. '
        'GatedConv and AOT-GAN are those of mmagic at their published size. The peak is what a '
        'pass takes beside the weights.',
    )
    for side in SIZES:
        passes = {name: _pass(bases / f'{NETWORKS[name]}.py', side, device) for name in NETWORKS}
        seconds = median_seconds(passes, repeats, device)
        for name, value in seconds.items():
            peak = in_fresh_process(_peak, bases / f'{NETWORKS[name]}.py', side, device)
            values = (f'{side}x{side}', name, value * 1e3, value / seconds[OURS], peak)
            table.rows.append(dict(zip(table.columns, values, strict=True)))
    return table


def _training_table(bases: Path, batch_size: int, repeats: int, device: torch.device) -> Table:
    config, side = TRAINING[device.type]
    model = lay_channels_last(_build(bases / f'{config}.py').to(device))
    batch = _batch(batch_size, side, model, device)
    steps = {'whole step': _step(model, batch)}
    if model.perceptual_features is not None:
        without = copy.deepcopy(model)
        without.perceptual_features = without.loss_perceptual = None
        steps['perceptual loss'] = _step(without, batch)
    without = copy.deepcopy(model)
    without.discriminator.requires_grad_(False)
    steps["discriminator's side"] = _step(without, batch)
    for name, keeps_sgim in {'SCEM and bias nets': True, 'these and SGIM': False}.items():
        without = _build(bases / f'{config}.py', partial(_simplify, keeps_sgim))
        steps[name] = _step(lay_channels_last(without.to(device)), batch)
    seconds = median_seconds(steps, repeats, device)
    table = Table(
        f'Training step of {config}, {batch_size} images of {side}x{side}',
        ('', 'ms', 'share of the step, %'),
        'Forward, backward and Adam of both sides. A part is what a step without it takes less.',
    )
    whole = seconds.pop('whole step')
    table.rows.append({'': 'whole step', 'ms': whole * 1e3, 'share of the step, %': 100.0})
    for name, value in seconds.items():
        share = 100 * (whole - value) / whole
        table.rows.append({'': name, 'ms': (whole - value) * 1e3, 'share of the step, %': share})
    return table


def _simplify(keeps_sgim: bool, model: dict) -> None:
    """Take SCEM out of SGE-Net's config, and SGIM+ too or down to SGIM."""
    decoder = model['generator']['decoder']
    plain = dict(type='SGIM', hidden_channels=decoder['sgim']['hidden_channels'])
    decoder['scem'], decoder['sgim'] = None, plain if keeps_sgim else None


def _build(config: Path, change: Callable[[dict], None] | None = None) -> nn.Module:
    """The model with random weights, its perceptual loss too: how long it takes is the same."""
    torch.manual_seed(0)
    model = Config.fromfile(config).model
    if change:
        change(model)
    if model.get('perceptual_features'):
        model.perceptual_features.weights = None
    with DefaultScope.overwrite_default_scope(SCOPE):
        return MODELS.build(model)


def _batch(number: int, side: int, model: nn.Module, device: torch.device) -> dict:
    """Noise with a hole in the middle, as it comes from the model's data preprocessor."""
    generator = torch.Generator().manual_seed(0)
    shape = (number, 3, side, side)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    hole = torch.zeros(1, side, side, dtype=torch.uint8)
    hole[:, side // 4 : -side // 4, side // 4 : -side // 4] = 1
    samples = [_sample(hole.clone()) for _ in range(number)]
    batch = dict(inputs=list(images), data_samples=samples)
    return model.to(device).data_preprocessor(batch, training=True)


def _sample(hole: Tensor) -> SceneSample:
    sample = SceneSample()
    sample.hole = PixelData(data=hole)
    sample.gt_sem_seg = PixelData(data=hole.long())
    return sample


def _pass(config: Path, side: int, device: torch.device) -> Callable[[], None]:
    model = prepare_for_inference(_build(config).to(device))
    batch = _batch(1, side, model, device)

    def run() -> None:
        with torch.inference_mode():
            model(**batch, mode='tensor')

    return run


def _peak(config: Path, side: int, device: torch.device) -> float | None:
    torch.set_num_threads(1)
    return peak_mebibytes(_pass(config, side, device), device)


def _step(model: nn.Module, batch: dict) -> Callable[[], None]:
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=1e-4)

    def run() -> None:
        optimizer.zero_grad()
        model.parse_losses(model(**batch, mode='loss'))[0].backward()
        optimizer.step()

    return run
