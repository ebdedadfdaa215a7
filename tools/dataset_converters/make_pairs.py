"""Make pairs of images with and without an object, for object removal::

    python tools/dataset_converters/make_pairs.py OUT --num 20000 --class person --all-objects \\
        coco data/coco --annotations annotations/instances_train2017.json --images train2017
    python tools/dataset_converters/make_pairs.py OUT --num 2000 cityscapes data/street
    python tools/dataset_converters/make_pairs.py OUT --num 2000 folder data/mine --class-name dog

Pairs are made in blocks of 32, each of 16 random images and the objects in them, whatever the
other blocks take: more pairs show more of the images; as many pairs as images, about 40 %.
"""

import argparse
import os
import sys
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.datasets import (
    CityscapesInstanceDataset,
    CocoInstanceDataset,
    CocoPanopticInstanceDataset,
    FolderInstanceDataset,
    InstanceDataset,
)
from seginpaint_mm.datasets.object_placement import BLENDINGS
from seginpaint_mm.datasets.pairs import PairMaker, PairOptions, write_pairs
from seginpaint_mm.datasets.pairs.maker import BLOCK, FORMATS

_NUM_HELP = f'pairs; rounded up to whole blocks of {BLOCK}'
_PIPELINE = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    default = PairOptions()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('out', metavar='OUT', help='folder of the pairs')
    parser.add_argument('--num', type=int, required=True, metavar='N', help=_NUM_HELP)
    parser.add_argument('--seed', type=int, default=0, help='0 or more (default: 0)')
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count(), metavar='N', help='default: all cores'
    )
    parser.add_argument(
        '--class',
        dest='classes',
        action='append',
        metavar='NAME',
        help='objects to paste; may be given several times (default: all)',
    )
    _add_range(parser, '--size', int, default.size, ('HEIGHT', 'WIDTH'), 'of the images')
    _add_range(parser, '--area', float, default.area, ('LEAST', 'MOST'), 'share of the image')
    _add_range(parser, '--scale', float, default.scale, ('LEAST', 'MOST'), 'factor for objects')
    _add_range(parser, '--rotation', float, default.rotation, ('LEAST', 'MOST'), 'degrees')
    parser.add_argument(
        '--max-contact',
        type=float,
        default=default.max_contact,
        metavar='SHARE',
        help='of an outline that may touch other objects (default: %(default)s)',
    )
    parser.add_argument(
        '--all-objects',
        action='store_true',
        help='of any size, cut off by the border, touching others: --area 0 1, --max-contact 1 and '
        'no look at the border (the paper takes all segments of persons)',
    )
    parser.add_argument(
        '--blending',
        dest='blendings',
        action='append',
        choices=list(BLENDINGS),
        help='one of them at random; may be given several times (default: all)',
    )
    parser.add_argument(
        '--truncation',
        action='store_true',
        help="up to half of each side of an object's box may be outside",
    )
    parser.add_argument('--format', choices=FORMATS, default=default.truth_format)
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    _add_sources(parser.add_subparsers(dest='source', required=True, metavar='SOURCE'))
    return parser.parse_args(argv)


def _add_range(
    parser: argparse.ArgumentParser,
    name: str,
    kind: type,
    default: tuple[float, float],
    metavar: tuple[str, str],
    text: str,
) -> None:
    values = ' '.join(str(value) for value in default)
    parser.add_argument(
        name, type=kind, nargs=2, default=default, metavar=metavar, help=f'{text} ({values})'
    )


def _add_sources(sources: argparse._SubParsersAction) -> None:
    coco = sources.add_parser('coco', help="COCO's JSON of instances")
    panoptic = sources.add_parser('coco-panoptic', help="COCO's JSON of panoptic segments")
    cityscapes = sources.add_parser('cityscapes', help='Cityscapes, or Street in its layout')
    folder = sources.add_parser('folder', help='images, and a map of objects for each')
    for source in (coco, panoptic, cityscapes, folder):
        source.add_argument('root', metavar='ROOT', help='folder of the data')
    for source in (coco, panoptic):
        source.add_argument('--annotations', required=True, metavar='JSON', help='below ROOT')
        source.add_argument('--images', required=True, metavar='FOLDER', help='below ROOT')
    panoptic.add_argument('--segments', required=True, metavar='FOLDER', help='below ROOT')
    cityscapes.add_argument('--split', default='train', help='default: train')
    folder.add_argument('--images', default='images', metavar='FOLDER', help='default: images')
    folder.add_argument(
        '--masks', default='masks/{name}.png', metavar='FILE', help='default: %(default)s'
    )
    folder.add_argument(
        '--class-name',
        nargs='+',
        default=['object'],
        help='of several, --masks holds {class}, or --table is given (default: object)',
    )
    folder.add_argument(
        '--table', metavar='FILE', help='CSV or JSON with the class of each object of --masks'
    )


def build_source(args: argparse.Namespace) -> InstanceDataset:
    """The data set that the arguments name."""
    common = dict(pipeline=_PIPELINE, test_mode=True)
    if args.source == 'cityscapes':
        return CityscapesInstanceDataset(args.root, args.split, **common)
    if args.source == 'folder':
        return FolderInstanceDataset(
            args.root,
            classes=args.class_name,
            image_folder=args.images,
            mask_file=args.masks,
            table_file=args.table,
            **common,
        )
    files = dict(ann_file=args.annotations, image_folder=args.images)
    if args.source == 'coco':
        return CocoInstanceDataset(args.root, classes=None, **files, **common)
    return CocoPanopticInstanceDataset(args.root, segment_folder=args.segments, **files, **common)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write what is missing of the pairs: run again, it goes on where it was interrupted."""
    args = parse_args(argv)
    options = PairOptions(
        size=tuple(args.size),
        classes=args.classes and tuple(args.classes),
        area=(0.0, 1.0) if args.all_objects else tuple(args.area),
        max_contact=1.0 if args.all_objects else args.max_contact,
        cut_off=args.all_objects,
        scale=tuple(args.scale),
        rotation=tuple(args.rotation),
        blendings=tuple(args.blendings or BLENDINGS),
        truncation=args.truncation,
        truth_format=args.format,
    )
    maker = PairMaker(build_source(args), options, args.seed)
    with tqdm(desc='pairs', unit='pair', disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        write_pairs(Path(args.out), maker, args.num, workers=args.workers, on_progress=show)
    print(f'pairs: {args.out}')


if __name__ == '__main__':
    main()
