"""Render the Street data set: ``seginpaint street OUT --num-train N``."""

import argparse
import os
from pathlib import Path

from tqdm import tqdm

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.street import LOOKS
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('out', metavar='OUT', help='folder of the data set')
    parser.add_argument('--layout', choices=list(LAYOUTS), default='cityscapes')
    parser.add_argument('--num-train', type=int, default=0, metavar='N', help='default: 0')
    parser.add_argument('--num-val', type=int, default=0, metavar='N', help='default: 0')
    parser.add_argument('--num-test', type=int, default=0, metavar='N', help='default: 0')
    parser.add_argument('--look', choices=list(LOOKS), default='day', help='default: day')
    parser.add_argument(
        '--size',
        type=int,
        nargs=2,
        default=(256, 512),
        metavar=('HEIGHT', 'WIDTH'),
        help='default: 256 512',
    )
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count(), metavar='N', help='default: all cores'
    )
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    return make_parser().parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write the missing files of the data set: run again, it continues where it was interrupted."""
    args = parse_args(argv)
    order = Order(args.layout, args.look, args.seed, tuple(args.size))
    counts = {'train': args.num_train, 'val': args.num_val, 'test': args.num_test}
    with tqdm(desc=f'Street ({args.layout})', unit='scene', disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        write_dataset(Path(args.out), LAYOUTS[args.layout], order, counts, args.workers, show)
    print(f'{sum(counts.values())} scenes: {args.out}')


if __name__ == '__main__':
    main()
