"""See what is in pictures, or behind it: ``python tools/infer.py IMAGE_OR_FOLDER ...``.

Writes pictures to look at, what the model predicts as PNG files, and predictions.json: maps of the
classes behind the foreground, the foreground, visible classes, and instances.

SeGAN completes objects, of which it is told what can be seen: by --masks, or by another model,
--instances. Then the files are each object's full mask, the whole object cut out, and who hides
whom. SGE-Net and the other inpainters fill what --masks, or --instances, mark: then the files are
the picture, outside the masks bit for bit as it was, and its classes.

For a picture x/a.jpg of a folder, --masks FOLDER has one of

  x/a.png      one object, or a number on the pixels of each (.bmp and .tif, too)
  x/a.json     a list of polygons, run lengths, or annotations of COCO
  x/a/*.png    an object each

or --masks FILE.json is COCO's, with images and annotations. For a single picture --masks takes its
files themselves.
"""

import argparse
import sys
from pathlib import Path

from seginpaint_mm.apis import SegInpaintInferencer, find_instance_model
from seginpaint_mm.apis.given_masks import MaskSource
from seginpaint_mm.apis.tasks import TASKS
from seginpaint_mm.cli import one_sentence_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('inputs', nargs='+', metavar='INPUT', help='image files or folders')
    parser.add_argument(
        '--config',
        default='work_dirs/pspnet_r18_street',
        help='config file, or the work dir of a training (default: %(default)s)',
    )
    parser.add_argument(
        '--checkpoint', help="checkpoint (default: the work dir's best one, or else its last)"
    )
    parser.add_argument('--out-dir', default='work_dirs/infer', help='default: %(default)s')
    parser.add_argument('--batch-size', type=int, default=1, help='images a batch')
    parser.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: a GPU if there is one)')
    parser.add_argument('--recursive', action='store_true', help='look into sub-folders')
    parser.add_argument('--task', choices=TASKS, help='default: what the model is for')
    objects = parser.add_argument_group('objects to complete, or holes to fill')
    objects.add_argument('--masks', nargs='+', metavar='PATH', help='where they are')
    objects.add_argument(
        '--instances', metavar='CONFIG', help="a model that finds them: mmdet's, or one of ours"
    )
    objects.add_argument('--instances-checkpoint', metavar='FILE', help='its checkpoint')
    objects.add_argument(
        '--min-score', type=float, default=0.5, help='of what it finds (default: %(default)s)'
    )
    objects.add_argument(
        '--max-objects-per-batch', type=int, metavar='N', help="bounds memory (default: config's)"
    )
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    args = parser.parse_args(argv)
    if args.masks and args.instances:
        parser.error('give --masks or --instances, not both')
    if args.instances_checkpoint and not args.instances:
        parser.error('--instances-checkpoint needs --instances, the config')
    return args


def mask_source(args: argparse.Namespace) -> list[Path] | MaskSource | None:
    if args.instances:
        return find_instance_model(
            args.instances, args.instances_checkpoint, args.device, args.min_score
        )
    return args.masks and [Path(path) for path in args.masks]


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Process everything; exits with status 1 if some pictures could not be read."""
    args = parse_args(argv)
    inferencer = SegInpaintInferencer(
        args.config,
        args.checkpoint,
        args.device,
        task=args.task,
        max_objects_per_batch=args.max_objects_per_batch,
    )
    results = inferencer.stream(
        args.inputs, args.batch_size, args.out_dir, args.recursive, mask_source(args)
    )
    failures = [result.failure for result in results]
    skipped = [failure for failure in failures if failure is not None]
    for failure in skipped:
        print(f'skipped: {failure}', file=sys.stderr)
    print(f'{len(failures) - len(skipped)} of {len(failures)} pictures done: {args.out_dir}')
    if skipped:
        sys.exit(1)


if __name__ == '__main__':
    main()
