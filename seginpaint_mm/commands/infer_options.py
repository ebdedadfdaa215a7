"""Options of ``seginpaint infer`` about objects, holes, layers and removal."""

import argparse

from seginpaint_mm.apis import Filling, Removal
from seginpaint_mm.apis.removal.removal import FORMATS, FOUND_GROWTH
from seginpaint_mm.geometry.depth_order import OCCLUDERS
from seginpaint_mm.layers import FORMATS as LAYER_FORMATS
from seginpaint_mm.layers import Layering


def add_objects(group: argparse._ArgumentGroup) -> None:
    """Which objects are completed, or holes filled, and how."""
    group.add_argument('--masks', nargs='+', metavar='PATH', help='where they are')
    group.add_argument(
        '--instances',
        metavar='CONFIG',
        help="a model that finds them: mmdet's, one of ours, or torchvision (the default where an "
        '--inpainter removes)',
    )
    group.add_argument(
        '--instances-checkpoint', metavar='FILE', help='its checkpoint, a file or an address (URL)'
    )
    group.add_argument(
        '--min-score',
        type=float,
        help='of what is found (default: 0.5; of an object remover, what its config says)',
    )
    group.add_argument(
        '--max-objects-per-batch', type=int, metavar='N', help="bounds memory (default: config's)"
    )
    group.add_argument(
        '--depth-threshold',
        type=float,
        metavar='IOU',
        help='of what is seen of one object and hidden of another, above which the one is in '
        "front: 0.05 in SeGAN's paper (default: the one that is seen in more hidden pixels)",
    )
    group.add_argument(
        '--occluders',
        choices=OCCLUDERS,
        help='given: objects are completed only behind given objects in front of them; any: '
        'anywhere, as other things may hide them (default: given, for two or more objects)',
    )
    group.add_argument(
        '--occluder-growth',
        type=int,
        default=0,
        metavar='PIXELS',
        help='by which objects in front are grown for that, as found masks leave gaps (default: 0)',
    )
    group.add_argument(
        '--whole-up-to',
        type=float,
        metavar='MEGAPIXELS',
        help='larger photos are filled in patches, which need little memory; inf for never '
        f'(default: {Filling().whole_up_to:g})',
    )
    group.add_argument(
        '--segmentations',
        metavar='PATH',
        help='classes that guide an SGENet, also in the hole: a PNG file of class ids, 255 = not '
        "known, such as pred/sem_seg/NAME.png, edited; or a folder with one of each image's name",
    )


def add_layers(group: argparse._ArgumentGroup) -> None:
    """How photos are taken apart."""
    default = Layering()
    group.add_argument(
        '--parts',
        metavar='FILE',
        help='a config that names all networks, see docs/tutorials/layers.md',
    )
    group.add_argument(
        '--inpainter-checkpoint',
        metavar='FILE',
        help=f'of --inpainter, which fills the background (default: {default.inpainter})',
    )
    group.add_argument(
        '--layout', metavar='CONFIG', help='a model that predicts the classes of the background'
    )
    group.add_argument('--layout-checkpoint', metavar='FILE', help='its checkpoint')
    group.add_argument(
        '--layer-format',
        dest='formats',
        action='append',
        choices=LAYER_FORMATS,
        help=f'may be given several times (default: {" and ".join(default.formats)})',
    )
    for option, what in (
        ('--rim', 'pixels around each object that go with it'),
        ('--layer-feather', 'pixels inside the edges of objects over which they fade out'),
    ):
        group.add_argument(
            option, type=int, metavar='PIXELS', help=f'{what} (default: {_of(option)})'
        )


def _of(option: str) -> int:
    return getattr(Layering(), option.rpartition('-')[2])


def add_removal(group: argparse._ArgumentGroup) -> None:
    """Which objects are removed, and how."""
    default = Removal()
    named = dict(action='append', default=[], metavar='NAME')
    group.add_argument(
        '--class', dest='classes', help='the highest-scoring object of that class', **named
    )
    group.add_argument('--all', dest='all_of', help='all objects of that class', **named)
    for option, kind, sides, what in (
        ('--click', int, ('X', 'Y'), 'the object at that pixel'),
        ('--box', float, ('X1', 'Y1', 'X2', 'Y2'), 'the object that fits that box best'),
    ):
        group.add_argument(
            option,
            type=kind,
            nargs=len(sides),
            action='append',
            default=[],
            metavar=sides,
            help=what,
        )
    group.add_argument(
        '--id',
        type=int,
        action='append',
        default=[],
        metavar='N',
        help='object N of predictions.json, counted from 1',
    )
    for option, kind, what in (
        (
            '--grow',
            str,
            "pixels that masks are grown by, or a share of the object's longer side such as 2%%, "
            f'negative to shrink them (--grow=-2%%); {FOUND_GROWTH}% for what a network finds, 0 '
            'for what a mask marks',
        ),
        ('--feather', int, 'pixels around masks in which the painting fades out'),
        ('--margin', float, 'what is seen around an object, as a share of its longer side'),
        ('--working-size', int, 'side of the patches that the inpainter sees, in pixels'),
        ('--look-size', int, 'greatest side at which objects are looked for, in pixels'),
    ):
        name = option.removeprefix('--').replace('-', '_')
        group.add_argument(
            option,
            type=kind,
            default=getattr(default, name),
            metavar='N',
            help=what if getattr(default, name) is None else f'{what} (default: %(default)s)',
        )
    group.add_argument(
        '--shadow', action='store_true', help="also remove the shadow at each object's foot"
    )
    group.add_argument(
        '--format', choices=FORMATS, default=FORMATS[0], help='of the result (default: %(default)s)'
    )
    group.add_argument(
        '--before', metavar='CONFIG', help='a model whose masks of the same objects are written too'
    )
    group.add_argument('--before-checkpoint', metavar='FILE', help='its checkpoint')
