"""Segment, complete, fill or remove in images: ``python tools/infer.py IMAGE_OR_FOLDER ...``.

Writes images to look at, what the model predicts as PNG files, and predictions.json: maps of the
classes behind the foreground, the foreground, visible classes, and instances.

Without any option, a small network in the package predicts what is behind the cars and people of
a street.

SeGAN completes objects whose visible masks come from --masks, or from another model, --instances.
Then the files are each object's full mask, the whole object cut out, and the depth order. With
--task complete and no --config a network in the package tells what is hidden.
Give the masks of all objects: each is completed only behind those in front of it.

SGE-Net and the other inpainters fill what --masks, or --instances, mark: then the files are the
image, outside the masks bit for bit as it was, and its classes. The classes of --segmentations
guide SGE-Net: edit the classes, and fill again.

--task layers takes a photo apart: a background without the objects, and each object as a whole, as
PNG files, OpenRaster (.ora) or Photoshop (.psd); stacked they show the photo again::

    python tools/infer.py photo.jpg --task layers --masks chair.png table.png

ObjectRemover finds objects and removes the named ones::

    python tools/infer.py --task remove --class person photo.jpg

--class takes the highest-scoring object of a class, --all all of them, --click, --box and --id
others; each may be given several times. With --masks it removes the marked objects; with
--instances, another model that finds objects, any inpainter fills them. Large photos are filled in
patches around the objects; pixels further away than --feather stay bit for bit the same. So are
holes of photos with more megapixels than --whole-up-to; --task fill --working-size 256 sets the
size of the patches.

Without a config the objects are found by torchvision's Mask R-CNN, and filled by
LaMa (--inpainter migan, telea, navier-stokes or a config of yours). Their weights are downloaded
once; ``seginpaint fetch lama maskrcnn`` does so ahead of time.

For an image x/a.jpg of a folder, --masks FOLDER has one of

  x/a.png      one object, or a number or a colour per object; any image format
  x/a.json     a list of polygons, run lengths, or annotations of COCO
  x/a/*.png    one object per file

or --masks FILE.json is COCO's, with images and annotations; for an image in a tar file x is the
folder in it. For a single image --masks takes its files themselves. What is black is not marked;
soft edges are thresholded at half, with a note.

Large folders, and tar files ('shard-{000..009}.tar', nothing is extracted), are shared by several
processes, which write one predictions.json::

    torchrun --nproc_per_node 4 -m seginpaint_mm infer FOLDER      # on this machine
    seginpaint infer FOLDER --shard 3/8                            # the third of eight jobs

Started again, they leave out what is done, and so does a single process with --resume.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

from mmengine.config import Config

from seginpaint_mm.apis import (
    Filling,
    Removal,
    ResultFolder,
    SegInpaintInferencer,
    Share,
    find_instance_model,
)
from seginpaint_mm.apis.looking_ahead import look_ahead
from seginpaint_mm.apis.mask_sources import MaskSource
from seginpaint_mm.apis.model_loading import (
    DEFAULT_COMPLETER,
    DEFAULT_INPAINTER,
    DEFAULT_INSTANCES,
    DEFAULT_PREDICTOR,
    INPAINTERS,
    find_inpainter,
)
from seginpaint_mm.apis.removal.removal import MARGIN, WORKING_SIZE
from seginpaint_mm.apis.tasks import TASKS
from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.commands.infer_options import add_layers, add_objects, add_removal
from seginpaint_mm.engine.processes import is_first, is_launched, limit_threads, share_machine
from seginpaint_mm.errors import UserError
from seginpaint_mm.layers import Layering
from seginpaint_mm.layers.building import use_parts

# Options that results do not depend on.
_OF_THE_RUN = (
    *('inputs', 'out_dir', 'batch_size', 'device', 'recursive', 'shard', 'resume', 'debug'),
)
_DEFAULT_REMOVER = 'work_dirs/object-remover_small_street'


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # '*', as --masks takes every name that follows it: see _take_inputs.
    parser.add_argument(
        'inputs', nargs='*', metavar='INPUT', help='image files, folders or tar files'
    )
    parser.add_argument(
        '--config',
        '--model',
        help=f'config, work dir of a training, or exported file (default: {DEFAULT_PREDICTOR}, '
        f'a network for streets in the package; to remove, {_DEFAULT_REMOVER} if it is there; to '
        f'complete, {DEFAULT_COMPLETER})',
    )
    parser.add_argument(
        '--inpainter',
        metavar='NAME',
        help=f'instead of --config, fills holes and removed objects: {", ".join(INPAINTERS)}, a '
        f'config, or a work dir (default: {DEFAULT_INPAINTER})',
    )
    parser.add_argument(
        '--checkpoint', help="checkpoint (default: the work dir's best one, or else its last)"
    )
    parser.add_argument('--out-dir', default='work_dirs/infer', help='default: %(default)s')
    parser.add_argument('--batch-size', type=int, default=1, help='images per batch')
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: a GPU if there is one)')
    parser.add_argument(
        '--resume',
        action='store_true',
        help='leave out images whose results lie in --out-dir, also after a kill; those that '
        'failed are tried again (always so with --shard and torchrun)',
    )
    parser.add_argument(
        '--shard', metavar='K/N', help='take every N-th image, from the K-th on: of N jobs one each'
    )
    parser.add_argument('--recursive', action='store_true', help='look into sub-folders')
    parser.add_argument('--task', choices=TASKS, help='default: what the model is for')
    parser.add_argument(
        '--no-vis', action='store_true', help='write no visualisation: faster on large photos'
    )
    parser.add_argument(
        '--scales', action='store_true', help='draw every scale of an SGENet, which takes memory'
    )
    add_objects(parser.add_argument_group('objects to complete, or holes to fill'))
    add_layers(parser.add_argument_group('layers (--task layers)'))
    add_removal(parser.add_argument_group('objects to remove'))
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = make_parser()
    args = parser.parse_args(argv)
    _take_inputs(parser, args)
    if args.masks and args.instances:
        parser.error('give --masks or --instances, not both')
    if args.config and args.inpainter and args.task != 'layers':
        parser.error('give --config or --inpainter, not both')
    if args.instances_checkpoint and not args.instances:
        parser.error('--instances-checkpoint needs --instances, the config')
    if args.before_checkpoint and not args.before:
        parser.error('--before-checkpoint needs --before, the config')
    return args


def _take_inputs(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Take the last name after ``--masks`` as the input where no other input is given."""
    if args.inputs:
        return
    if not args.masks or len(args.masks) < 2:
        parser.error('name an image or a folder, best in front of all options')
    args.inputs = [args.masks.pop()]
    print(
        f'note: {args.inputs[0]}, the last name after --masks, is taken as the image.',
        file=sys.stderr,
    )


def layering(args: argparse.Namespace) -> Layering | None:
    """How photos are taken apart; None for other tasks.

    Raises:
        UserError: when an option is out of its range, or stands with another task.
    """
    named = dict(
        inpainter_checkpoint=args.inpainter_checkpoint,
        layout=args.layout,
        layout_checkpoint=args.layout_checkpoint,
        rim=args.rim,
        feather=args.layer_feather,
        formats=args.formats and tuple(args.formats),
    )
    given = {name: value for name, value in named.items() if value is not None}
    if args.task != 'layers':
        if given:
            raise UserError(f'{", ".join(given)}: such options are for --task layers.')
        return None
    try:
        return Layering(**({'inpainter': args.inpainter} if args.inpainter else {}), **given)
    except ValueError as error:
        raise UserError(str(error)) from None


def filling(args: argparse.Namespace) -> Filling | None:
    """How holes are filled; None where no option says anything about it."""
    given = dict(whole_up_to=args.whole_up_to, segmentations=args.segmentations)
    given = {name: value for name, value in given.items() if value is not None}
    if args.task != 'fill' and not given:
        return None
    wanted = Filling(**given)
    if args.task != 'fill':
        return wanted
    return dataclasses.replace(wanted, margin=args.margin, working_size=args.working_size)


def removal(args: argparse.Namespace) -> Removal | None:
    """What is to be removed; None where no option says anything about it."""
    is_filled = args.task == 'fill'  # then two options say how the hole is filled
    before = args.before and find_instance_model(
        args.before, args.before_checkpoint, args.device, args.min_score, args.look_size
    )
    wanted = Removal(
        classes=tuple(args.classes),
        all_of=tuple(args.all_of),
        clicks=tuple(args.click),
        boxes=tuple(args.box),
        ids=tuple(args.id),
        grow=args.grow,
        shadow=args.shadow,
        feather=args.feather,
        margin=MARGIN if is_filled else args.margin,
        working_size=WORKING_SIZE if is_filled else args.working_size,
        look_size=args.look_size,
        picture_format=args.format,
        before=before,
    )
    if args.task != 'remove' and wanted == Removal():
        return None
    return dataclasses.replace(wanted, min_score=args.min_score or 0.0)


def mask_source(
    args: argparse.Namespace, instances: str | None = None
) -> list[Path] | MaskSource | None:
    """What marks the objects; without masks a model finds them, ``instances`` if none is named."""
    instances = args.instances or (None if args.masks else instances)
    if instances:
        return find_instance_model(
            instances,
            args.instances_checkpoint,
            args.device,
            args.min_score,
            args.look_size,
        )
    return args.masks and [Path(path) for path in args.masks]


def find_painter(args: argparse.Namespace, wanted: Removal | None) -> str | Path | Config | None:
    """The inpainter that is named, or else meant: none where a model of a training does it all.

    Raises:
        UserError, OSError, ValueError: see :func:`find_inpainter`, and :func:`look_ahead`.
    """
    if args.task == 'layers':
        _look_ahead(args, args.inpainter, None)
        return None
    if args.config:
        return None
    if args.inpainter is None and wanted is not None and Path(_DEFAULT_REMOVER).exists():
        print(
            f'note: {_DEFAULT_REMOVER} removes; --inpainter {DEFAULT_INPAINTER} takes public '
            f'weights instead.',
            file=sys.stderr,
        )
        return None
    is_painted = wanted is not None or args.task == 'fill'
    name = args.inpainter or (DEFAULT_INPAINTER if is_painted else None)
    _look_ahead(args, name, wanted or filling(args))
    return name and find_inpainter(name)


def _look_ahead(
    args: argparse.Namespace, inpainter: str | None, how: Removal | Filling | None
) -> None:
    masks = args.masks and [Path(path) for path in args.masks]
    results = [Path(args.out_dir, kind) for kind in ('vis', 'pred')]
    look_ahead(inpainter, args.inputs, masks, how, args.recursive, results)


def options_of_results(args: argparse.Namespace) -> dict:
    """Return the options that results depend on, as far as they are not the defaults."""
    default = make_parser().parse_args([])
    return {
        name: value
        for name, value in vars(args).items()
        if name not in _OF_THE_RUN and value != getattr(default, name)
    }


def _default_model(task: str | None, wanted: Removal | None) -> str:
    if task in ('complete', 'layers'):
        return DEFAULT_COMPLETER
    return DEFAULT_PREDICTOR if wanted is None else _DEFAULT_REMOVER


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Process everything; exits with status 1 if some images could not be read."""
    args = parse_args(argv)
    if args.parts:
        use_parts(args)
    share = Share.read(args.shard, args.resume, options_of_results(args))
    args.device = share_machine(args.device)
    wanted = removal(args)
    limit_threads()
    painter = find_painter(args, wanted)
    inferencer = SegInpaintInferencer(
        args.config or painter or _default_model(args.task, wanted),
        args.checkpoint,
        args.device,
        show_progress=is_first(),
        task=args.task or (wanted and 'remove'),
        max_objects_per_batch=args.max_objects_per_batch,
        depth_threshold=args.depth_threshold,
        keep_scales=args.scales,
        occluders=args.occluders,
        occluder_growth=args.occluder_growth,
        layering=layering(args),
    )
    folder = ResultFolder(args.out_dir, inferencer.task, share)
    results = inferencer.stream(
        args.inputs,
        args.batch_size,
        folder,
        args.recursive,
        mask_source(args, DEFAULT_INSTANCES if painter and wanted is not None else None),
        wanted,
        filling(args),
        draw=not args.no_vis,
    )
    number, remarks, skipped = 0, [], []
    for result in results:
        number += 1
        skipped += [result.failure] if result.failure is not None else []
        remarks += [result.remark] if result.remark else []
    for remark in remarks:
        print(f'note: {remark}', file=sys.stderr)
    for failure in skipped:
        print(f'skipped: {failure}', file=sys.stderr)
    which = f'share {share}: ' if share.count > 1 else ''
    before = f' ({folder.done_before} were before)' if folder.done_before else ''
    print(f'{which}{number - len(skipped)} of {number} images done{before}: {args.out_dir}')
    if share.count > 1 and folder.totals.is_whole:
        done, failed = folder.totals.done, folder.totals.failed
        print(f'all shares: {done} of {done + failed} images done: {args.out_dir}')
    # A process that fails makes torchrun end the others: only the last one says what has failed.
    if folder.totals.is_whole and folder.totals.failed if is_launched() else skipped:
        sys.exit(1)


if __name__ == '__main__':
    main()
