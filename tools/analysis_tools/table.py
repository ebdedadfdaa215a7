"""Make a table of results: ``python tools/analysis_tools/table.py configs/mpi/table_iv.yml``.

Trains and tests what the table needs and is not there yet (stop it and start it again as you like),
then writes ``table.md`` and ``table.json``, the paper's values beside ours.
"""

import argparse
import dataclasses
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
from seginpaint_mm.cli import KeyValueAction, one_sentence_errors
from seginpaint_mm.tables import (
    execute,
    load_spec,
    plan,
    share_parts,
    to_json,
    to_markdown,
    with_row_options,
)
from seginpaint_mm.utils.config_files import find_config
from seginpaint_mm.utils.files import check_writable, write_json, write_text


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('table', help='YAML file, or the name of one: mpi/table_iv')
    parser.add_argument('--work-dir', help='runs and table (default: work_dirs/TABLE-NAME)')
    parser.add_argument(
        '--runs', help='folder of the runs (default: the work dir); tables may share theirs'
    )
    parser.add_argument('--seeds', type=int, nargs='+', help="instead of the table's")
    parser.add_argument(
        '--share-parts',
        action='store_true',
        help='train what others begin with once, with the first seed, for all seeds',
    )
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time')
    parser.add_argument(
        '--amp', action='store_true', help='trainings in mixed precision, as of tools/train.py'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValueAction,
        default={},
        metavar='KEY=VALUE',
        help='override config keys in every row, e.g. train_cfg.max_epochs=2',
    )
    parser.add_argument(
        '--row-options',
        nargs='+',
        action='append',
        default=[],
        metavar=('ROW', 'KEY=VALUE'),
        help='override config keys in that row; may be given for several rows',
    )
    parser.add_argument(
        '--collect', action='store_true', help='run nothing: write the table of what is finished'
    )
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    return parser.parse_args(argv)


def parse_options(options: list[str]) -> dict:
    """Values of ``KEY=VALUE`` as ``--cfg-options`` reads them."""
    parser = argparse.ArgumentParser(prog='--row-options ROW', add_help=False)
    parser.add_argument('options', nargs='+', metavar='KEY=VALUE', action=KeyValueAction)
    return parser.parse_args(options).options


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write the table; exits with status 1 if a run failed."""
    argv = sys.argv[1:] if argv is None else argv
    args = parse_args(argv)
    path = find_config(args.table, '.yml')
    spec = load_spec(path)
    if args.seeds:
        spec = dataclasses.replace(spec, seeds=args.seeds)
    for name, *options in args.row_options:
        spec = with_row_options(spec, name, parse_options(options))
    if args.share_parts:
        spec = share_parts(spec)
    work_dir = Path(args.work_dir or f'work_dirs/{path.stem}')
    check_writable(work_dir)
    runs = plan(spec, Path(args.runs or work_dir), args.cfg_options, amp=args.amp)
    failures = [] if args.collect else execute(runs.values(), args.jobs)

    command = shlex.join(['python', 'tools/analysis_tools/table.py', *argv])
    markdown = to_markdown(spec, runs, command)
    write_text(work_dir / 'table.md', markdown)
    write_json(work_dir / 'table.json', to_json(spec, runs, command))
    print(f'\n{markdown}\nWritten to {work_dir / "table.md"} and table.json.')
    if failures:
        print(*failures, sep='\n', file=sys.stderr)
        sys.exit(1)


if __name__ == '__main__':
    main()
