"""Train the papers' tables on a GPU: ``python tools/analysis_tools/paper_runs.py --minutes 28``.

Does the runs of a plan (``configs/paper_runs.yml``) in its order, best value first, as many as fit
into the time; start it again, as often as you like, and it goes on. Writes the tables as far as
they are made, and ``paper_runs.md``, the measured times beside the estimated ones.
"""

import argparse
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # runs without being installed

import seginpaint_mm  # noqa: F401  sets how threads wait, before torch is imported

# isort: split
from seginpaint_mm.cli import KeyValueAction, one_sentence_errors
from seginpaint_mm.errors import UserError
from seginpaint_mm.tables.packing import FAILED, Packer, load_jobs, make_tasks, report
from seginpaint_mm.utils.config_files import config_folder
from seginpaint_mm.utils.files import check_writable, write_text


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    plan = config_folder() / 'paper_runs.yml'
    parser.add_argument('plan', nargs='?', default=str(plan), help=f'YAML file (default: {plan})')
    parser.add_argument('--minutes', type=float, default=60.0, help='to work (default: 60)')
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time (default: 1)')
    parser.add_argument('--only', nargs='+', metavar='NAME', help='jobs of the plan')
    parser.add_argument('--work-dir', default='work_dirs/paper_runs', help='runs and tables')
    parser.add_argument('--list', action='store_true', help='run nothing: tell what would be')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValueAction,
        default={},
        metavar='KEY=VALUE',
        help='override config keys in every run, e.g. pretrained=resnet18.pth',
    )
    parser.add_argument('--debug', action='store_true', help='show tracebacks')
    args = parser.parse_args(argv)
    if not args.minutes > 0 or args.jobs < 1:
        parser.error('--minutes must be above 0, and --jobs 1 or more')
    return args


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    """Write the tables and the times; exits with status 1 if a run failed."""
    argv = sys.argv[1:] if argv is None else argv
    args = parse_args(argv)
    jobs = load_jobs(args.plan)
    unknown = set(args.only or []) - {job.name for job in jobs}
    if unknown:
        names = ', '.join(job.name for job in jobs)
        raise UserError(f'--only: the plan has no job {min(unknown)!r}; it has {names}.')
    jobs = [job for job in jobs if args.only is None or job.name in args.only]
    lacking = {job.name: job.lacking() for job in jobs}
    left_out = [f'{name}: {sentence}' for name, sentence in lacking.items() if sentence]
    work_dir = Path(args.work_dir)
    check_writable(work_dir)
    ready = [job for job in jobs if not lacking[job.name]]
    tasks, tables = make_tasks(ready, work_dir, args.cfg_options)
    packer = Packer(tasks, args.minutes * 60, args.jobs)
    command = ['python', 'tools/analysis_tools/paper_runs.py', *argv]
    if not args.list:
        packer.work()
        for table in tables:
            table.write(shlex.join(command))
    text = report(tasks, left_out, command)
    write_text(work_dir / 'paper_runs.md', text)
    print(f'\n{text}\nWritten to {work_dir / "paper_runs.md"}.')
    failed = [f'{task.label} {task.state}.' for task in tasks if task.state.startswith(FAILED)]
    if failed:
        print(*failed, sep='\n', file=sys.stderr)
        sys.exit(1)


if __name__ == '__main__':
    main()
