"""Check the data of a config before training: ``seginpaint check my_config.py``.

Reads every image and its labels once, in several processes, and reports what cannot be read or
does not fit, the shares of the classes, sizes, and images that are in two splits. Samples to look
at are drawn on a sheet per split and data set. The status is 1 where there is a problem.
"""

import argparse
import logging
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from rich.progress import track

from seginpaint_mm.cli import add_config_arguments, load_config, one_sentence_errors
from seginpaint_mm.datasets.checking import SampleReader, SampleReport, leaf_datasets
from seginpaint_mm.datasets.class_tables import IGNORE_INDEX
from seginpaint_mm.datasets.scene_dataset import missing_files_found_later
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.registry import DATASETS, SCOPE
from seginpaint_mm.utils.files import check_writable, write_image, write_text
from seginpaint_mm.utils.work_pool import run_jobs
from seginpaint_mm.visualization.sample_sheet import draw_sheet

SPLITS = ('train', 'val', 'test')
_SHOWN = 10  # problems and names in the terminal; the file has all


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_config_arguments(parser)
    parser.add_argument('--split', nargs='+', choices=SPLITS, help='(default: all of the config)')
    parser.add_argument(
        '--num', type=int, default=8, metavar='N', help='samples on a sheet (default: 8)'
    )
    parser.add_argument(
        '--workers',
        type=int,
        default=min(os.cpu_count() or 1, 8),
        metavar='N',
        help='processes (default: one per core, at most 8)',
    )
    parser.add_argument('--out-dir', metavar='FOLDER', help='(default: work_dirs/check/CONFIG)')
    return parser


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    return make_parser().parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Check the data of a config; exit with status 1 where there is a problem."""
    args = parse_args(argv)
    if args.workers < 1 or args.num < 0:
        raise ConfigError('--workers must be at least 1, and --num at least 0.')
    cfg = load_config(args.config, args.cfg_options)
    out_dir = Path(args.out_dir or f'work_dirs/check/{Path(cfg.filename).stem}')
    check_writable(out_dir)
    init_default_scope(cfg.get('default_scope', SCOPE))
    problems: list[str] = []
    reports: dict[str, list[SampleReport]] = {}
    for split, dataset in _splits(cfg, args.split).items():
        try:
            with missing_files_found_later():
                leaves = list(leaf_datasets(DATASETS.build(dataset)))
        except (UserError, OSError, ValueError, AssertionError) as error:
            print(f'{split}: {error}')
            problems.append(str(error))
            continue
        reports[split] = []
        for number, leaf in enumerate(leaves, start=1):
            sheet = out_dir / (f'{split}.png' if number == 1 else f'{split}_{number}.png')
            reports[split] += _check(split, leaf, args, sheet)
        problems += [text for report in reports[split] for text in report.problems]
    shared = list(_shared_images(reports))
    _print_some('', shared)
    problems += shared
    write_text(out_dir / 'problems.txt', ''.join(f'{text}\n' for text in problems))
    count = f'{len(problems)} problem{"" if len(problems) == 1 else "s"}'
    print(f'{count if problems else "no problem"}; sheets and problems.txt: {out_dir}')
    if problems:
        sys.exit(1)


def _splits(cfg: Config, chosen: Sequence[str] | None) -> dict[str, dict]:
    """Find the data sets' configs by split; a split with the data of an earlier one is left out."""
    found = {}
    for split in SPLITS:
        loader = cfg.get(f'{split}_dataloader')
        if loader and (chosen is None or split in chosen):
            found[split] = loader['dataset']
    missing = [split for split in chosen or () if split not in found]
    if missing or not found:
        raise ConfigError(
            f'The config has no {missing[0] if missing else "train"}_dataloader: it has no such '
            f'data to check.'
        )
    splits: dict[str, dict] = {}
    for split, dataset in found.items():
        if dataset not in splits.values():
            splits[split] = dataset
    return splits


def _check(
    split: str, dataset: BaseDataset, args: argparse.Namespace, sheet: Path
) -> list[SampleReport]:
    """Read a data set's samples, print what is in them, and draw a sheet."""
    dataset.full_init()
    reader = SampleReader(dataset)
    number = len(dataset)
    workers = max(1, min(args.workers, number // 8))
    jobs = run_jobs(reader, range(number), workers=workers, chunk=4)
    steps = track(jobs, description=split, total=number, disable=not sys.stderr.isatty())
    reports = list(steps)
    name = type(dataset).__name__
    print(f'{split}: {name}, {number} images{_sizes(reports)}')
    for line in _contents(reports, list(dataset.metainfo.get('classes') or ())):
        print(f'  {line}')
    _print_some('  ', [text for report in reports for text in report.problems])
    _write_sheet(reader, reports, args.num, sheet)
    return reports


def _sizes(reports: Sequence[SampleReport]) -> str:
    sizes = Counter(report.size for report in reports if report.size)
    if not sizes:
        return ''
    if len(sizes) == 1:
        return ', {}x{} pixels'.format(*next(iter(sizes)))
    small, large = (choose(sizes, key=lambda size: (np.prod(size), size)) for choose in (min, max))
    return f', {len(sizes)} sizes from {small[0]}x{small[1]} to {large[0]}x{large[1]} pixels'


def _contents(reports: Sequence[SampleReport], classes: Sequence[str]) -> list[str]:
    """Describe the classes, foreground, objects and holes of all samples, a line each."""
    lines = []
    pixels = sum((report.pixels for report in reports), Counter[int]())
    foreground = [report.foreground for report in reports if report.foreground is not None]
    total = sum(pixels.values()) + sum(foreground)
    if total:
        shares = [(pixels[k] / total, name) for k, name in enumerate(classes) if k != IGNORE_INDEX]
        lines.append(_shares('classes', [*shares, (pixels[IGNORE_INDEX] / total, 'without class')]))
        absent = [name for share, name in shares if not share]
        if absent:
            lines.append(f'in no image: {_some(absent)}')
    if foreground and total:
        hidden = sum(report.hidden for report in reports)
        share = f'{hidden / max(1, sum(foreground)):.1%} of it with a known class behind'
        known = share if hidden else 'nothing is known behind it'
        lines.append(f'foreground: {sum(foreground) / total:.1%} of the pixels, {known}')
    objects = [report.objects for report in reports if report.objects is not None]
    if objects:
        by_class = sum(objects, Counter[int]())
        empty = sum(not any(one.values()) for one in objects)
        lines.append(
            f'objects: {by_class.total()}, at most {max(one.total() for one in objects)} in an '
            f'image; {empty} images without'
        )
        named = [(classes[k], n) for k, n in by_class.most_common() if k < len(classes)]
        if len(named) > 1:
            lines.append(f'objects of a class: {_some([f"{name} {n}" for name, n in named])}')
    holes = [r.hole / np.prod(r.size) for r in reports if r.hole is not None and r.size]
    if holes:
        lines.append(f'holes: {min(holes):.1%} to {max(holes):.1%} of an image')
    return lines


def _shares(title: str, shares: Sequence[tuple[float, str]]) -> str:
    ordered = sorted((pair for pair in shares if pair[0]), reverse=True)
    return f'{title}: {", ".join(f"{name} {share:.1%}" for share, name in ordered)}'


def _some(names: Sequence[str]) -> str:
    more = len(names) - 2 * _SHOWN
    return ', '.join(names[: 2 * _SHOWN]) + (f' and {more} more' if more > 0 else '')


def _print_some(indent: str, problems: Sequence[str]) -> None:
    for text in problems[:_SHOWN]:
        print(f'{indent}problem: {text}')
    if len(problems) > _SHOWN:
        print(f'{indent}and {len(problems) - _SHOWN} problems more: see problems.txt')


def _shared_images(reports: dict[str, list[SampleReport]]) -> list[str]:
    """Describe images of a split that are in an earlier one as well, whatever their name."""
    known: dict[bytes, str] = {}
    shared = []
    for split, found in reports.items():
        with_image = [(report.digest, f'{report.path} ({split})') for report in found]
        shared += [
            f'{name} is the same image as {known[digest]}.'
            for digest, name in with_image
            if digest in known
        ]
        known = {digest: name for digest, name in with_image if digest} | known
    return shared


def _write_sheet(
    reader: SampleReader, reports: Sequence[SampleReport], number: int, path: Path
) -> None:
    good = [index for index, report in enumerate(reports) if report.size]
    chosen = np.linspace(0, len(good) - 1, min(number, len(good))).round().astype(int)
    samples = [reader.read(good[k]) for k in chosen]
    if samples:
        sheet = draw_sheet(samples, reader.dataset.metainfo)
        write_image(path, np.ascontiguousarray(sheet[..., ::-1]))
    elif number:
        print_log(f'{path} is not drawn: no sample can be read.', 'current', logging.WARNING)
