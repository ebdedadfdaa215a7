"""Test a trained model: ``python tools/test.py CONFIG CHECKPOINT``."""

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.model import BaseModel
from mmengine.runner import Runner

from seginpaint_mm.checkpoint import check_parts_named, enable_safe_loading
from seginpaint_mm.cli import (
    add_config_arguments,
    add_run_arguments,
    load_config,
    locate_errors,
    locate_misfits,
    one_sentence_errors,
    prepare_run,
)
from seginpaint_mm.engine.hooks import CheckpointGuardHook, RunGuardHook, SavePredictionsHook
from seginpaint_mm.engine.hooks.check_hooks import unwrapped
from seginpaint_mm.engine.mixed_precision import tell_slow_bfloat16
from seginpaint_mm.engine.processes import limit_threads, use_cpu_processes
from seginpaint_mm.errors import ConfigError, UserError
from seginpaint_mm.utils.files import check_writable, write_json


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint written by tools/train.py; not needed where the config names the '
        "checkpoints of the model's parts (model.part_checkpoints)",
    )
    add_run_arguments(parser)
    parser.add_argument('--out', help='folder for metrics.json and the predicted maps (PNG)')
    parser.add_argument('--show-dir', help='folder for images of the predictions')
    parser.add_argument(
        '--last-epochs',
        type=int,
        default=1,
        metavar='N',
        help='report the mean over the checkpoints of the last N epochs, up to CHECKPOINT '
        '(epoch_K.pth); all must have been kept (default_hooks.checkpoint.max_keep_ckpts)',
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help="several views of each image: the config's tta_pipeline",
    )
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    # options may stand between CONFIG and CHECKPOINT
    return make_parser().parse_intermixed_args(argv)


def show_pictures(cfg: Config, folder: str) -> None:
    """Draw every batch's first image into ``folder``."""
    check_writable(folder)
    hook = {'type': 'SceneVisualizationHook', 'interval': 1, 'out_dir': str(Path(folder).resolve())}
    cfg.default_hooks = {**cfg.get('default_hooks', {}), 'visualization': hook}


def join_parts(model: BaseModel, cfg: Config) -> None:
    """Take the weights from the checkpoints that the config names, where none is given.

    A model without weights of its own needs none.

    Raises:
        ConfigError: those of a part that is needed are not named.
    """
    if not model.state_dict():
        return
    untrained = check_parts_named(model, cfg)
    if untrained:
        raise ConfigError(
            f'Give a checkpoint after {cfg.filename}: its model.part_checkpoints names none of '
            f'{", ".join(untrained)}, nor does an init_cfg.'
        )
    model.init_weights()


def use_several_views(cfg: Config) -> None:
    """Test-time augmentation: several views of an image, merged by the config's ``tta_model``.

    Raises:
        ConfigError: the config does not say how.
    """
    if cfg.get('tta_model') is None or cfg.get('tta_pipeline') is None:
        raise ConfigError(
            f'--tta needs tta_model and tta_pipeline in {cfg.filename}: take them from '
            f'configs/_base_/datasets/cityscapes_semantic.py.'
        )
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.model = {**cfg.tta_model, 'module': cfg.model}


def last_checkpoints(checkpoint: str | None, number: int) -> list[str]:
    """Return the checkpoints of the last epochs of a training, the given one last.

    Raises:
        UserError: the given one has no epoch in its name, or one before it is not there.
    """
    found = re.fullmatch(r'epoch_(\d+)\.pth', Path(checkpoint or '').name)
    if number < 1 or found is None:
        raise UserError(
            f'--last-epochs takes a number from 1 on and a checkpoint epoch_K.pth, got {number} '
            f'and {checkpoint}.'
        )
    last = int(found[1])
    epochs = range(max(1, last - number + 1), last + 1)
    paths = [Path(checkpoint).with_name(f'epoch_{epoch}.pth') for epoch in epochs]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise UserError(
            f'{Path(checkpoint).parent} has no {", ".join(missing)}: train with --cfg-options '
            f'default_hooks.checkpoint.max_keep_ckpts={number}.'
        )
    return [str(path) for path in paths]


def run_tests(runner: Runner, checkpoints: Sequence[str]) -> dict[str, float]:
    """Test the network of each checkpoint: the mean of every metric.

    The model of the runner holds no weights before.
    """
    results = []
    for number, path in enumerate(checkpoints):
        guard = CheckpointGuardHook(name=path)
        runner.register_hook(guard)
        if number:  # MMEngine itself loads once, the first
            runner.load_checkpoint(path)
        results.append(runner.test())
        runner.hooks.remove(guard)
    return {
        name: math.fsum(result[name] for result in results) / len(results) for name in results[0]
    }


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    enable_safe_loading()
    cfg = load_config(args.config, args.cfg_options)
    if cfg.get('test_cfg') is None:
        raise ConfigError(f'{args.config} has no test_cfg: it cannot be tested.')
    prepare_run(cfg, args)
    checkpoints = [args.checkpoint] if args.checkpoint else []
    if args.last_epochs != 1:
        checkpoints = last_checkpoints(args.checkpoint, args.last_epochs)
    cfg.load_from = checkpoints[0] if checkpoints else None
    if args.out:
        check_writable(args.out)
    if args.show_dir:
        show_pictures(cfg, args.show_dir)
    if args.tta:
        use_several_views(cfg)
    tell_slow_bfloat16(cfg, ('test_cfg',))
    use_cpu_processes(cfg)
    limit_threads(cfg.get('test_dataloader'))
    with locate_errors(cfg):
        runner = Runner.from_cfg(cfg)
        if not checkpoints:
            join_parts(unwrapped(runner.model), cfg)
        runner.register_hook(RunGuardHook())
        if args.out:
            runner.register_hook(SavePredictionsHook(out_dir=args.out))
        with locate_misfits(runner.model):
            metrics = run_tests(runner, checkpoints) if checkpoints else runner.test()
    if args.out and is_main_process():
        write_json(Path(args.out) / 'metrics.json', metrics)


if __name__ == '__main__':
    main()
