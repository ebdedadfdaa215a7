"""Console script: ``seginpaint COMMAND ...``, or ``python -m seginpaint_mm COMMAND ...``."""

import argparse
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

if not __package__:  # run as a file, which puts the package's own folder on the path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from seginpaint_mm import __version__
from seginpaint_mm.commands import COMMANDS, command

NAME = 'seginpaint'


def make_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS)) + 2
    parser = argparse.ArgumentParser(
        NAME,
        description='Amodal segmentation, layout behind occluders, image inpainting and object '
        'removal on OpenMMLab.',
        epilog='commands:\n'
        + '\n'.join(f'  {name:<{width}}{what}' for name, what in COMMANDS.items())
        + f'\n\n"{NAME} COMMAND --help" lists the options of one.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--version', action='version', version=f'{NAME}_mm {__version__}')
    parser.add_argument('command', metavar='COMMAND', help='see below')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, metavar='...', help='its arguments')
    return parser


def main(argv: Sequence[str] | None = None) -> int | None:
    """Run the command that the first argument names; return its exit status."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if args.command not in COMMANDS:
        near = get_close_matches(args.command, COMMANDS, n=1)
        parser.error(
            f'there is no command {args.command!r}'
            + (f'; did you mean {near[0]!r}?' if near else f': choose from {", ".join(COMMANDS)}.')
        )
    sys.argv[0] = f'{NAME} {args.command}'  # what the command's own --help and errors begin with
    try:
        return command(args.command)(args.arguments)
    except BrokenPipeError:  # the output goes to something like head, which has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == '__main__':
    sys.exit(main())
