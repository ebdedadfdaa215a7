"""Parameters and operations of a model: ``python tools/analysis_tools/get_flops.py CONFIG``."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData

from seginpaint_mm.benchmarks.complexity import Complexity, complexity
from seginpaint_mm.cli import add_config_arguments, load_config, locate_errors, one_sentence_errors
from seginpaint_mm.registry import MODELS
from seginpaint_mm.structures import SceneSample


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument(
        '--shape',
        nargs=2,
        type=int,
        default=(256, 512),
        metavar=('H', 'W'),
        help='height and width of the image (default: 256 512)',
    )
    return parser.parse_args(argv)


def measure(cfg: Config, height: int, width: int) -> list[Complexity]:
    """One image of ``height`` x ``width``, without any foreground where the model asks for it."""
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        model = MODELS.build(cfg.model).eval()
    sample = SceneSample(metainfo={'img_shape': (height, width), 'ori_shape': (height, width)})
    sample.gt_foreground = PixelData(data=torch.zeros(1, height, width, dtype=torch.uint8))
    images = torch.zeros(1, 3, height, width)
    return complexity(model, lambda: model(images, [sample], mode='tensor'))


def show(parts: list[Complexity], height: int, width: int) -> None:
    total = Complexity(
        'total', sum(part.parameters for part in parts), sum(part.flops for part in parts)
    )
    print(f'One image of {height}x{width} (height x width); a multiply-add is two operations.')
    print(f'{"part":<24}{"parameters":>14}{"GFLOP":>12}')
    for part in (*parts, total):
        print(f'{part.part:<24}{part.parameters:>14,}{part.flops / 1e9:>12.3f}')


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    with locate_errors(cfg), torch.device('meta'):  # counts as on a GPU, computes nothing
        parts = measure(cfg, *args.shape)
    show(parts, *args.shape)


if __name__ == '__main__':
    main()
