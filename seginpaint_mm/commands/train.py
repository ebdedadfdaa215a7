"""Train a model from a config file: ``python tools/train.py CONFIG``."""

import argparse
import os
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner

from seginpaint_mm.apis.model_loading import checkpoint_in
from seginpaint_mm.checkpoint import enable_safe_loading
from seginpaint_mm.cli import (
    add_config_arguments,
    add_run_arguments,
    load_config,
    locate_errors,
    locate_misfits,
    one_sentence_errors,
    prepare_run,
)
from seginpaint_mm.config_check import scheduler_part_problems, unused_custom_keys
from seginpaint_mm.engine.hooks import CheckpointGuardHook, ResumeSettingsHook, RunGuardHook
from seginpaint_mm.engine.hooks.check_hooks import unwrapped
from seginpaint_mm.engine.hooks.resume_settings_hook import latest_checkpoint
from seginpaint_mm.engine.mixed_precision import tell_slow_bfloat16, use_amp
from seginpaint_mm.engine.processes import limit_threads, use_cpu_processes
from seginpaint_mm.engine.training_words import apply_words
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.zoo.shipped import named_file


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    add_run_arguments(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from CHECKPOINT or the latest one of that folder; default: of the work dir',
    )
    parser.add_argument(
        '--from',
        dest='start',
        metavar='CHECKPOINT',
        help='start from a checkpoint, a work dir or a shipped network, also of other classes: '
        'what does not fit is built from scratch',
    )
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument('--seed', type=int, help='seed of every random generator')
    parser.add_argument(
        '--deterministic', action='store_true', help='deterministic algorithms only (slower)'
    )
    return parser


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    return make_parser().parse_args(argv)


def set_randomness(cfg: Config, seed: int | None, deterministic: bool) -> None:
    randomness = {'seed': None, **(cfg.get('randomness') or {})}
    if seed is not None:
        randomness['seed'] = seed
    if deterministic:
        randomness['deterministic'] = True
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')  # what cuBLAS asks for
    cfg.randomness = randomness


def set_resume(cfg: Config, resume: str | None) -> None:
    """Find the checkpoint to go on from: the one named, or the latest of a work dir.

    Raises:
        ConfigError: the folder that is named holds none.
    """
    if resume is None and cfg.get('resume') and not cfg.get('load_from'):
        resume = 'auto'
    if resume is None:
        return
    folder = cfg.work_dir if resume == 'auto' else resume
    checkpoint = latest_checkpoint(folder) if Path(folder).is_dir() else resume
    if checkpoint is None and resume != 'auto':
        raise ConfigError(f'--resume {resume}: this folder holds no checkpoint of a training.')
    cfg.resume = checkpoint is not None
    if checkpoint is None:
        start = 'from scratch' if cfg.get('load_from') is None else f'from {cfg.load_from}'
        print(f'No checkpoint in {cfg.work_dir} to resume from: training starts {start}.')
        return
    cfg.load_from = checkpoint


def set_start(cfg: Config, start: str | None) -> None:
    """Fine-tune: weights alone are loaded, those of heads for other classes are not."""
    if start is None:
        return
    if cfg.get('resume'):
        raise ConfigError('--resume goes on with a training, --from begins one: leave one out.')
    cfg.load_from = checkpoint_in(Path(start)) if Path(start).is_dir() else named_file(start)


@one_sentence_errors
def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    enable_safe_loading()
    cfg = load_config(args.config, args.cfg_options)
    if cfg.get('train_cfg') is None:
        raise ConfigError(f'{args.config} has no train_cfg: it is for tools/test.py only.')
    prepare_run(cfg, args)
    set_randomness(cfg, args.seed, args.deterministic)
    set_resume(cfg, args.resume)
    set_start(cfg, args.start)
    apply_words(cfg)
    if args.amp:
        use_amp(cfg)
    tell_slow_bfloat16(cfg, ('train_cfg', 'val_cfg'))
    use_cpu_processes(cfg)
    limit_threads(cfg.get('train_dataloader'))
    with locate_errors(cfg):
        runner = Runner.from_cfg(cfg)
        names = [name for name, _ in runner.model.named_parameters()]
        for sentence in unused_custom_keys(cfg.optim_wrapper, names):
            runner.logger.warning(sentence)
        parts: dict = getattr(unwrapped(runner.model), 'parts', dict)()
        problems = list(scheduler_part_problems(cfg.get('param_scheduler'), parts))
        if parts and problems:  # names that no role in optim_wrapper could tell
            raise ConfigError('\n'.join(problems))
        runner.register_hook(RunGuardHook())
        if cfg.get('load_from'):
            resumes = bool(cfg.get('resume'))  # fine-tuning may take a part of a checkpoint
            guard = CheckpointGuardHook(name=cfg.load_from, partly=not resumes, resumes=resumes)
            runner.register_hook(guard)
            if resumes:
                runner.register_hook(ResumeSettingsHook(name=cfg.load_from))
        with locate_misfits(runner.model):
            runner.train()


if __name__ == '__main__':
    main()
