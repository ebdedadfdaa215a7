"""Test a trained model: ``python tools/test.py CONFIG CHECKPOINT``."""

import argparse
from pathlib import Path

from mmengine.config import Config, DictAction
from mmengine.runner import Runner

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file, e.g. configs/mpi/pspnet_r18_street.py')
    parser.add_argument('checkpoint', help='checkpoint written by tools/train.py')
    parser.add_argument('--work-dir', help='logs (default: work_dirs/CONFIG-NAME)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='override config keys, e.g. test_dataloader.batch_size=4',
    )
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def load_config(args: argparse.Namespace) -> Config:
    """The config file with the command line's overrides."""
    cfg = Config.fromfile(args.config)
    cfg.merge_from_dict(args.cfg_options)
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or f'work_dirs/{Path(args.config).stem}'
    cfg.load_from = args.checkpoint
    return cfg


def main(argv: list[str] | None = None) -> None:
    cfg = load_config(parse_args(argv))
    Runner.from_cfg(cfg).test()


if __name__ == '__main__':
    main()
