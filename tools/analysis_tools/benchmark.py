"""Measure how fast it is: ``python tools/analysis_tools/benchmark.py operator inference train``.

operator   max-pooling as inpainting against the paper's loop: time, memory, growth with the hole
inference  a whole network as the Inferencer runs it, against the plain one with the loop
train      a training step, likewise
paper      one pass of each network of Table I, beside the paper's times
bootstrap  bootstrapped cross-entropy against plain cross-entropy and mmseg's hard example mining
hough      instances from votes against the plain loops: time, memory, growth with the votes
segan      the objects of an image completed as one batch against one by one; memory by batch size
sgenet     filling holes against GatedConv and AOT-GAN: time, memory; a training step by part
deploy     the network in the package by PyTorch, torch.compile, ONNX Runtime and it in 8 bits
photos     removing objects from files by stage and size; memory of 40 objects of 24 megapixels
growth     growing masks and finding shadows before a removal; --coco FOLDER for pasted objects
maskopt    removing an object by stage, against separate tools; the mask expansion loss

Ratios are of medians over rounds in which all that is compared takes turns. Leave the machine alone
meanwhile; its load is written beside the tables.
"""

import argparse
import os
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
import cv2
import torch
from mmengine.config import Config

from seginpaint_mm.benchmarks.bootstrapped_loss import bootstrap_table
from seginpaint_mm.benchmarks.deployment import deployment_table
from seginpaint_mm.benchmarks.growth import growth_tables
from seginpaint_mm.benchmarks.hough_decoding import hough_tables
from seginpaint_mm.benchmarks.inpainters import inpainting_tables
from seginpaint_mm.benchmarks.measure import Table
from seginpaint_mm.benchmarks.mpi_operator import operator_tables
from seginpaint_mm.benchmarks.network import inference_table, paper_table, train_table
from seginpaint_mm.benchmarks.object_completion import segan_tables
from seginpaint_mm.benchmarks.object_removal import removal_tables
from seginpaint_mm.benchmarks.photos import photo_tables
from seginpaint_mm.cli import load_config, one_sentence_errors
from seginpaint_mm.tables.render import machine
from seginpaint_mm.utils.config_files import config_folder
from seginpaint_mm.utils.files import check_writable, write_json, write_text

SECTIONS = (
    *('operator', 'inference', 'train', 'paper', 'bootstrap', 'hough'),
    *('segan', 'sgenet', 'maskopt', 'deploy', 'photos', 'growth'),
)
SHIPPED_NETWORK = 'lean_r18_cityscapes-128x256'
ALL_CONFIGS = config_folder()
CONFIGS = ALL_CONFIGS / 'mpi'
BASE_MODELS = ALL_CONFIGS / '_base_' / 'models'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('sections', nargs='+', choices=SECTIONS)
    parser.add_argument(
        '--config',
        default=str(CONFIGS / 'pspnet_r18_cityscapes.py'),
        help='network of inference and train (default: configs/mpi/pspnet_r18_cityscapes.py)',
    )
    parser.add_argument(
        '--size',
        nargs=2,
        type=int,
        default=(256, 512),
        metavar=('H', 'W'),
        help='image size of inference, train and deploy, divisible by 8 (default: 256 512)',
    )
    parser.add_argument('--batch-size', type=int, default=2, help='images a training step')
    quick = 'segan, maskopt, photos, growth: small; deploy: without torch.compile'
    parser.add_argument('--quick', action='store_true', help=quick)
    parser.add_argument('--coco', type=Path, metavar='FOLDER', help='growth: val2017, annotations')
    parser.add_argument('--repeats', type=int, default=7, help='rounds (default: 7)')
    parser.add_argument('--threads', type=int, help='threads of PyTorch (default: all cores)')
    parser.add_argument('--device', help='cpu or cuda (default: a GPU where there is one)')
    parser.add_argument('--out', help='folder for benchmark.md and benchmark.json')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    args = parser.parse_args(argv)
    if any(side < 32 or side % 8 for side in args.size):
        parser.error('--size must be two multiples of 8, at least 32')
    for name in ('batch_size', 'repeats'):
        if getattr(args, name) < 1:
            parser.error(f'--{name.replace("_", "-")} must be at least 1')
    return args


def tables(section: str, args: argparse.Namespace, device: torch.device) -> list[Table]:
    size = tuple(args.size)
    if section == 'operator':
        return operator_tables(args.repeats, device)
    if section == 'inference':
        return [inference_table(load(args.config), size, args.repeats, device)]
    if section == 'train':
        return [train_table(load(args.config), size, args.batch_size, args.repeats, device)]
    if section == 'bootstrap':
        return [bootstrap_table(args.repeats, device)]
    if section == 'hough':
        return hough_tables(args.repeats, device)
    if section == 'segan':
        return segan_tables(args.quick, args.repeats, device)
    if section == 'maskopt':
        return removal_tables(args.quick, args.repeats, device)
    if section == 'deploy':
        return [deployment_table(SHIPPED_NETWORK, size, args.repeats, compiled=not args.quick)]
    if section == 'photos':
        return photo_tables(args.quick, args.repeats, device)
    if section == 'growth':
        return growth_tables(args.quick, args.coco, device)
    if section == 'sgenet':
        return inpainting_tables(BASE_MODELS, args.batch_size, args.repeats, device)
    return [paper_table(CONFIGS, load, args.repeats, device)]


def load(path: str) -> Config:
    return load_config(path, {})


def prepare_machine(args: argparse.Namespace) -> torch.device:
    if args.threads:
        torch.set_num_threads(args.threads)
        cv2.setNumThreads(args.threads)
    torch.backends.cudnn.benchmark = True
    return torch.device(args.device or ('cuda' if torch.cuda.is_available() else 'cpu'))


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Print the tables as they are made, and write them."""
    argv = sys.argv[1:] if argv is None else argv
    args = parse_args(argv)
    if args.out:
        check_writable(args.out)
    device = prepare_machine(args)
    circumstances = {
        'command': shlex.join(['python', 'tools/analysis_tools/benchmark.py', *argv]),
        'machine': machine(),
        'device': str(device),
        'threads': torch.get_num_threads(),
        'load_before': round(os.getloadavg()[0], 1),
    }
    heading = '# Benchmark\n\n' + '\n'.join(f'- {k}: {v}' for k, v in circumstances.items()) + '\n'
    print(heading)
    done: list[Table] = []
    for section in args.sections:
        for table in tables(section, args, device):
            print(table.to_markdown(), flush=True)
            done.append(table)
    if args.out:
        markdown = '\n'.join([heading, *(table.to_markdown() for table in done)])
        write_text(Path(args.out) / 'benchmark.md', markdown)
        write_json(
            Path(args.out) / 'benchmark.json',
            {**circumstances, 'tables': [table.to_json() for table in done]},
        )


if __name__ == '__main__':
    main()
