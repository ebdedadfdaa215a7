"""Time the networks of mpi, and compare them with their plain forms."""

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from unittest import mock

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.utils.flop_counter import FlopCounterMode

from seginpaint_mm.apis.model_loading import prepare_for_inference
from seginpaint_mm.benchmarks.measure import Table, median_seconds
from seginpaint_mm.benchmarks.mpi_operator import squares
from seginpaint_mm.ops.max_pool_inpainting import max_pool_inpainting_reference
from seginpaint_mm.ops.upsampled_conv import mixed_pyramid_plain, upsampled_conv_plain
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.utils.torch_modules import lay_channels_last

# Module, the function it calls, and what that stands for.
FORMS = (
    ('models.mpi.mpi_neck', 'max_pool_inpainting', max_pool_inpainting_reference),
    ('ops.upsampled_conv', 'mixed_pyramid', mixed_pyramid_plain),
    ('ops.upsampled_conv', 'upsampled_conv', upsampled_conv_plain),
)


@contextmanager
def plain_forms() -> Iterator[None]:
    """Let every model in this process compute the plain way: the loop, double then convolve, ..."""
    with ExitStack() as stack:
        for module, name, plain in FORMS:
            module = import_module(f'seginpaint_mm.{module}')
            stack.enter_context(mock.patch.object(module, name, plain))
        yield


STRIDE = 8  # of the map that is filled
RADIUS = 8  # of the hole in that map: 120 pixels of the image
PEAK_SHAPE = (1, 512, 64, 128)
# Table I: milliseconds a pass on a Titan V, one image of 256x512.
PAPER_SIZE = (256, 512)
PAPER_MILLISECONDS = {
    'two_stage_r18_cityscapes': 33,
    'two_stage_r50_cityscapes': 63,
    'pspnet_r18_cityscapes': 32,
    'pspnet_r18_shared_cityscapes': 22,
    'pspnet_r50_cityscapes': 44,
    'pspnet_r50_shared_cityscapes': 34,
}


def inference_table(
    cfg: Config, size: tuple[int, int], repeats: int, device: torch.device
) -> Table:
    """Time one image through the plain network and through the Inferencer's.

    Args:
        cfg: With a :class:`ForegroundInpainter` as its model.
        size: Height and width of the image, divisible by 8.
        repeats: Rounds.
        device: Where it runs.
    """
    model = _build(cfg).eval().to(device)
    images, foreground = _scene(1, size, device)
    fast = prepare_for_inference(model)
    passes = {
        'plain, with the loop': _plain(_pass(model, images, foreground, torch.no_grad)),
        'ours': _pass(fast, images, foreground, torch.inference_mode),
    }
    flops = {
        'plain, with the loop': _count_flops(passes['plain, with the loop']),
        'ours': _count_flops(_pass(fast, images, foreground, torch.no_grad)),
    }
    convolution, convolution_flops = _peak_convolution(device)
    seconds = median_seconds({**passes, 'peak': convolution}, repeats, device)
    peak = convolution_flops / seconds['peak']
    asked, plain_seconds = flops['plain, with the loop'], seconds['plain, with the loop']
    table = Table(
        f'Inference of {_name(cfg)}, one image of {size[0]}x{size[1]}',
        ('', 'ms', 'times faster', 'GFLOP', 'GFLOP/s, % of peak', 'as if plain, %'),
        f'Peak: a 3x3 convolution of 512 channels reaches {peak / 1e9:.0f} GFLOP/s in the same '
        f'rounds. GFLOP are those of the convolutions and matrix products that are done; "as if '
        f'plain" divides those of the plain network by the time.',
    )
    for name in passes:
        table.rows.append(
            {
                '': name,
                'ms': seconds[name] * 1e3,
                'times faster': plain_seconds / seconds[name],
                'GFLOP': flops[name] / 1e9,
                'GFLOP/s, % of peak': 100 * flops[name] / seconds[name] / peak,
                'as if plain, %': 100 * asked / seconds[name] / peak,
            }
        )
    return table


def train_table(
    cfg: Config, size: tuple[int, int], batch_size: int, repeats: int, device: torch.device
) -> Table:
    """Time a training step (forward, backward, Adam) of the plain network and of ours.

    Args: see :func:`inference_table`; ``batch_size`` images a step.
    """
    cfg = copy.deepcopy(cfg)
    cfg.model.train_mask = 'truth'  # the holes are the same, whatever the random weights predict
    model = _build(cfg).to(device).train()
    ours = lay_channels_last(copy.deepcopy(model))
    images, foreground = _scene(batch_size, size, device)
    steps = {
        'plain, with the loop': _plain(_step(model, images, foreground)),
        'ours': _step(ours, images, foreground),
    }
    seconds = median_seconds(steps, repeats, device)
    table = Table(
        f'Training step of {_name(cfg)}, {batch_size} images of {size[0]}x{size[1]}',
        ('', 'ms', 'times faster'),
        'Forward, backward and Adam, with three random rectangles a sample beside a square object. '
        'Ours has channels-last weights.',
    )
    for name, value in seconds.items():
        faster = seconds['plain, with the loop'] / value
        table.rows.append({'': name, 'ms': value * 1e3, 'times faster': faster})
    return table


def paper_table(
    configs: Path, load: Callable[[str], Config], repeats: int, device: torch.device
) -> Table:
    """Time one pass of each network of Table I beside the paper's time.

    Args:
        configs: Folder of the method's configs.
        load: Reads a config file.
        repeats: Rounds.
        device: Where it runs.
    """
    images, foreground = _scene(1, PAPER_SIZE, device)
    table = Table(
        'One pass, one image of 256x512 (Table I)',
        ('network', "paper's Titan V, ms", 'this machine, ms'),
        "The Inferencer's path, in float32.",
    )
    for name, paper in PAPER_MILLISECONDS.items():
        model = _build(load(str(configs / f'{name}.py'))).eval().to(device)
        fast = prepare_for_inference(model)
        run = _pass(fast, images, foreground, torch.inference_mode)
        seconds = median_seconds({name: run}, repeats, device)
        values = (name, paper, seconds[name] * 1e3)
        table.rows.append(dict(zip(table.columns, values, strict=True)))
    return table


def _build(cfg: Config) -> nn.Module:
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        return MODELS.build(cfg.model)


def _name(cfg: Config) -> str:
    return Path(cfg.filename).stem


def _scene(number: int, size: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Noise N,3,H,W and a square object N,1,H,W, 1 = foreground."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(number, 3, *size, generator=generator)
    small = (number, 1, size[0] // STRIDE, size[1] // STRIDE)
    radius = min(RADIUS, small[2] // 2)
    foreground = interpolate(squares(small, radius, 0).float(), scale_factor=STRIDE)
    return images.to(device), foreground.to(device)


def _pass(
    model: nn.Module, images: Tensor, foreground: Tensor, without_gradient: type
) -> Callable[[], None]:
    def run() -> None:
        with without_gradient():
            model.segment(images, foreground)

    return run


def _step(model: nn.Module, images: Tensor, foreground: Tensor) -> Callable[[], None]:
    samples = [_sample(mask) for mask in foreground]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.6, 0.9))

    def run() -> None:
        optimizer.zero_grad()
        model.parse_losses(model(images, samples, mode='loss'))[0].backward()
        optimizer.step()

    return run


def _plain(action: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with plain_forms():
            action()

    return run


def _sample(foreground: Tensor) -> SceneSample:
    """Road everywhere around the object."""
    sample = SceneSample()
    sample.gt_foreground = PixelData(data=foreground.to(torch.uint8))
    sample.gt_sem_seg = PixelData(data=foreground.long() * 255)
    return sample


def _peak_convolution(device: torch.device) -> tuple[Callable[[], None], int]:
    """A large plain convolution, and its operations."""
    channels = PEAK_SHAPE[1]
    weight = torch.randn(channels, channels, 3, 3, device=device)
    maps = torch.randn(PEAK_SHAPE, device=device)
    weight, maps = (x.contiguous(memory_format=torch.channels_last) for x in (weight, maps))

    def run() -> None:
        with torch.no_grad():
            nn.functional.conv2d(maps, weight, padding=1)

    return run, _count_flops(run)


def _count_flops(run: Callable[[], None]) -> int:
    """Operations of a run without gradients; torch 2.1 counts nothing in inference mode."""
    counter = FlopCounterMode(display=False)
    with counter:
        run()
    return counter.get_total_flops()
