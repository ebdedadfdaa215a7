"""See what is in pictures, or behind it: ``python tools/infer.py IMAGE_OR_FOLDER ...``.

Writes pictures to look at, maps of what the model predicts (classes behind the foreground,
foreground, visible classes, instances) as PNG files, and predictions.json.
"""

import argparse
import sys

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.cli import one_sentence_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
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
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Process everything; exits with status 1 if some pictures could not be read."""
    args = parse_args(argv)
    inferencer = SegInpaintInferencer(args.config, args.checkpoint, args.device)
    results = inferencer.stream(args.inputs, args.batch_size, args.out_dir, args.recursive)
    failures = [result.failure for result in results]
    skipped = [failure for failure in failures if failure is not None]
    for failure in skipped:
        print(f'skipped: {failure}', file=sys.stderr)
    print(f'{len(failures) - len(skipped)} of {len(failures)} pictures done: {args.out_dir}')
    if skipped:
        sys.exit(1)


if __name__ == '__main__':
    main()
