"""List the configs by method with what each needs: ``seginpaint list street``.

A config is named without its path: ``seginpaint train pspnet_r18_street``. It needs a folder of
data; mmagic, where its model has parts of it; networks that other configs train first
("after ..."); or weights that are downloaded.

``seginpaint list --weights`` lists the trained networks in the package with their metrics, and the
public weights with their licences.
"""

import argparse
import importlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from seginpaint_mm.utils.config_files import config_paths
from seginpaint_mm.zoo.shipped import SHIPPED
from seginpaint_mm.zoo.weights import WEIGHTS


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'words', nargs='*', metavar='WORD', help='list the configs whose names have all these words'
    )
    parser.add_argument(
        '--weights', action='store_true', help='list trained networks instead, with their licences'
    )
    parser.add_argument('--names', action='store_true', help='names only, one per line')
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print the list; return 1 where no name has the words."""
    args = make_parser().parse_args(argv)
    if args.weights:
        print_weights(args.words)
        return 0
    paths = {
        name: path
        for name, path in config_paths().items()
        if all(word.lower() in name.lower() for word in args.words)
    }
    if not paths:
        print(f'No config has {" and ".join(args.words)} in its name: give fewer words.')
        return 1
    if args.names:
        print(*short_names(paths), sep='\n')
    else:
        print_needs(paths)
    return 0


def short_names(names: Iterable[str]) -> list[str]:
    """Return names without the method where no other method has a config of that name."""
    names = list(names)
    count = Counter(name.partition('/')[2] for name in names)
    return [name if count[short] > 1 else short for name in names for short in [Path(name).name]]


def print_weights(words: Sequence[str]) -> None:
    """Print the networks in the package and the public weights whose names have all words."""
    for name, network in SHIPPED.items():
        if not all(word.lower() in name for word in words):
            continue
        print(f'{name}: {network.what}, {network.path.stat().st_size / 1e6:.1f} MB, in the package')
        print(f'  licence  {network.licence}')
        print(f'  measured {network.measured}, see {network.card}')
        print(f'  file     {network.path}')
    for name, weights in WEIGHTS.items():
        if not all(word.lower() in name for word in words):
            continue
        place = weights.path
        print(f'{name}: {weights.what}, {weights.megabytes} MB')
        print(f'  licence  {weights.licence}, {weights.source}')
        print(f'  address  {weights.url}')
        print(f'  MD5      {weights.md5 or "not published"}')
        print(f'  SHA-256  {weights.sha256 + "..." if weights.sha256 else "not published"}')
        print(f'  takes    {weights.inputs}')
        print(f'  file     {place} ({"here" if place.is_file() else "not here"})')


def print_needs(paths: dict[str, Path]) -> None:
    """Print a line per config, under its method."""
    config = importlib.import_module('mmengine.config').Config  # not for --names: it takes a second
    needs = importlib.import_module('seginpaint_mm.utils.config_files').config_needs
    reading = importlib.import_module('seginpaint_mm.interop.mmengine')
    width = max(len(Path(name).name) for name in paths)
    with reading.files_read_once():
        for method, names in groupby(paths, key=lambda name: name.partition('/')[0]):
            print(method)
            for name in names:
                cfg = config.fromfile(paths[name], import_custom_modules=False)
                print(f'  {Path(name).name:<{width}}  {", ".join(needs(cfg))}', flush=True)
