"""Download public weights ahead of time: ``seginpaint fetch lama maskrcnn``.

They are kept in ~/.cache/seginpaint_mm/weights, or in the folder ``weights`` of SEGINPAINT_CACHE.
An interrupted download continues. Each file is compared with its published checksum
before it is kept, and again before it is loaded. ``seginpaint list --weights`` shows names and
licences.
"""

import argparse
from collections.abc import Sequence

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.zoo import WEIGHTS, fetch, find_weights
from seginpaint_mm.zoo.download import digests


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('names', nargs='+', metavar='NAME', help=f'{", ".join(WEIGHTS)}, or all')
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser


@one_sentence_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Fetch all of them and print where they are, with both checksums."""
    names = make_parser().parse_args(argv).names
    for weights in [find_weights(name) for name in (WEIGHTS if 'all' in names else names)]:
        path = fetch(weights)
        print(f'{weights.name}: {path} ({weights.licence}, {weights.source})')
        for kind, digest in digests(path).items():
            print(f'  {kind} {digest}')
