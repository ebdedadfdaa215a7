"""The trainings and tests of a table, and their results."""

import copy
import functools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from seginpaint_mm.cli import load_config
from seginpaint_mm.commands import command_line
from seginpaint_mm.config_check import optim_wrapper_parts
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.registry import MODELS
from seginpaint_mm.tables.spec import Row, TableSpec
from seginpaint_mm.utils.config_files import find_config

# What decides the outcome of a training; the number of workers, for one, does not.
_DECISIVE = ('model', 'pretrained', 'train_cfg', 'optim_wrapper', 'param_scheduler')
_LOADERS = ('train_dataloader', 'val_dataloader')
_SUMMARY = 'last_epochs_mean.json'
# What a test does not look at, and a config that is only tested may not have.
_OF_TRAINING = ('train_', 'val_', 'optim_wrapper', 'param_scheduler')


@dataclass(frozen=True)
class Run:
    """One training, or one test of a trained network, with one seed.

    Attributes:
        row: Name of the row.
        seed: Of every random generator.
        config: Config file, or the name of one.
        cfg_options: Overrides.
        folder: Work dir.
        trained: The training whose network is tested, or None.
        parts: Part of the model -> the training that it is taken from.
        is_test: Whether nothing is trained here.
        last_epochs: Of a test: over the networks of how many last epochs the mean is taken.
        amp: Whether the training is in mixed precision; tests never are.
    """

    row: str
    seed: int
    config: str
    cfg_options: dict
    folder: Path
    trained: 'Run | None' = None
    parts: dict[str, 'Run'] = field(default_factory=dict)
    is_test: bool = False
    last_epochs: int = 1
    amp: bool = False

    @property
    def sources(self) -> list['Run']:
        """The trainings that must be finished before."""
        return [*self.parts.values(), *([self.trained] if self.trained else [])]

    @property
    def phase(self) -> int:
        """How many trainings, one after the other, come before."""
        return max((1 + source.phase for source in self.sources), default=0)

    def command(self) -> list[str]:
        """Return the command line that makes the results, for a process of its own."""
        return command_line(*self.arguments())

    def arguments(self) -> list[str]:
        """Return what makes the results: ``'train'`` or ``'test'``, and the arguments of it."""
        if self.is_test:
            checkpoint = [str(self.trained.checkpoint())] if self.trained else []
            command = ['test', self.config, *checkpoint, '--out', str(self.folder)]
            command += ['--last-epochs', str(self.last_epochs)] if self.last_epochs != 1 else []
        else:
            command = ['train', self.config, '--seed', str(self.seed), '--resume']
            command += ['--amp'] if self.amp else []
        command += ['--work-dir', str(self.folder)]
        if self.cfg_options:
            options = [f'{key}={_text(value)}' for key, value in self.cfg_options.items()]
            command += ['--cfg-options', *options]
        return command

    def checkpoint(self) -> Path:
        """The last checkpoint of the training."""
        return self.folder / f'epoch_{self.cfg.train_cfg.max_epochs}.pth'

    @functools.cached_property
    def cfg(self) -> Config:
        """The config with its overrides, in mixed precision if so trained."""
        cfg = load_config(self.config, self.cfg_options)
        if self.amp:
            from seginpaint_mm.engine.mixed_precision import use_amp  # imports all models

            use_amp(cfg)
        return cfg

    def metrics(self) -> dict[str, float | None] | None:
        """The metrics by key; None as long as it is not finished.

        Of a training: the mean over the last validations (``LastEpochsMeanHook``); nothing where
        its config has no validation.

        Raises:
            ConfigError: when the folder holds a training with another config, or from parts that
                were trained again since.
        """
        if self.is_test:
            return self._test_metrics()
        self._check_same_config()
        if self.cfg.get('val_dataloader') is None:
            return {} if self.checkpoint().is_file() else None
        summary = _read(self.folder / _SUMMARY)
        last_epoch = [self.cfg.train_cfg.max_epochs]
        return summary['mean'] if summary and summary['epochs'][-1:] == last_epoch else None

    @functools.cached_property
    def parameters(self) -> float:
        """Millions of parameters of the config's model."""
        return sum(parameter.numel() for parameter in _weightless(self.cfg).parameters()) / 1e6

    def epochs(self) -> list[int]:
        """The epochs whose validations are averaged; empty for a test."""
        summary = _read(self.folder / _SUMMARY) or {}
        return summary.get('epochs', [])

    def _test_metrics(self) -> dict[str, float | None] | None:
        """The test's result, unless the network was trained again since."""
        path = self.folder / 'metrics.json'
        return None if self._is_outdated(path) else _read(path)

    def _is_outdated(self, path: Path) -> bool:
        """Whether what comes before was trained again since the file was written."""
        checkpoints = [source.checkpoint() for source in self.sources]
        return path.is_file() and any(
            checkpoint.is_file() and checkpoint.stat().st_mtime > path.stat().st_mtime
            for checkpoint in checkpoints
        )

    def _result(self) -> Path:
        """What a finished training leaves."""
        validates = self.cfg.get('val_dataloader') is not None
        return self.folder / _SUMMARY if validates else self.checkpoint()

    def _check_same_config(self) -> None:
        """See that the folder does not hold the training of another config."""
        dumped = self.folder / find_config(self.config).name
        if not dumped.is_file():
            return
        theirs = Config.fromfile(dumped)
        different = [key for key in _DECISIVE if self.cfg.get(key) != theirs.get(key)]
        if 'optim_wrapper' in different and _same_optimisers(self.cfg, theirs):
            different.remove('optim_wrapper')
        different += [key for key in _LOADERS if _data(self.cfg, key) != _data(theirs, key)]
        if theirs.get('randomness', {}).get('seed') != self.seed:
            different.append('randomness.seed')
        if self._is_outdated(self._result()):
            different.append('the parts it started from, which were trained again since')
        if different:
            raise ConfigError(
                f'{self.folder} holds a training of {self.row!r} with another config (different: '
                f'{", ".join(different)}): remove it, or choose another --work-dir.'
            )


def plan(
    spec: TableSpec, work_dir: Path, cfg_options: dict, *, amp: bool = False
) -> dict[tuple[str, int], Run]:
    """All runs of a table by row name and seed, trainings before the tests of their networks.

    A row with ``only_seed`` has the same run for all seeds.

    Args:
        spec: The table.
        work_dir: Folder for the runs: ``<work_dir>/<row>/seed_<seed>``.
        cfg_options: Overrides for every row, e.g. a shorter schedule; those of training and
            validation are for rows that are trained.
        amp: Train in mixed precision.
    """
    runs: dict[tuple[str, int], Run] = {}
    own = [row for row in spec.rows if row.config is not None]
    for row in sorted(own, key=lambda row: row.is_test):
        for seed in spec.seeds:
            first = runs.get((row.name, spec.seeds[0]))
            shared = first if row.only_seed is not None else None
            runs[row.name, seed] = shared or _run(row, seed, work_dir, cfg_options, runs, amp=amp)
    return runs


def _run(
    row: Row,
    seed: int,
    work_dir: Path,
    cfg_options: dict,
    runs: dict[tuple[str, int], Run],
    *,
    amp: bool,
) -> Run:
    """The row's run with a seed, given those that come before."""
    parts = {part: runs[name, seed] for part, name in {**row.starts_from, **row.joins}.items()}
    own_seed = seed if row.only_seed is None else row.only_seed
    checkpoints = {
        f'model.part_checkpoints.{part}': str(run.checkpoint()) for part, run in parts.items()
    }
    if row.is_test:
        kept = [key for key in cfg_options if not key.startswith(_OF_TRAINING)]
        cfg_options = {key: cfg_options[key] for key in kept}
    return Run(
        row=row.name,
        seed=own_seed,
        config=cast(str, row.config),  # a row without one is not run
        cfg_options={**row.cfg_options, **cfg_options, **checkpoints},
        folder=work_dir / row.folder / f'seed_{own_seed}',
        trained=runs[row.checkpoint_of, seed] if row.checkpoint_of else None,
        parts=parts,
        is_test=row.is_test,
        last_epochs=row.last_epochs,
        amp=amp and not row.is_test,
    )


def _text(value: object) -> str:
    """A config value as ``--cfg-options`` reads it: lists without blanks, or with dictionaries."""
    if '{' in str(value):
        return str(value)
    return str(value).replace(' ', '') if isinstance(value, (list, tuple)) else str(value)


def _read(path: Path) -> dict | None:
    return json.loads(path.read_text()) if path.is_file() else None


def _weightless(cfg: Config) -> nn.Module:
    """The config's model, without memory for its weights."""
    with DefaultScope.overwrite_default_scope('seginpaint_mm'), torch.device('meta'):
        return MODELS.build(copy.deepcopy(cfg.model))


def _same_optimisers(ours: Config, theirs: Config) -> bool:
    """Whether optimisers given by role and by part come to the same for each part."""
    from seginpaint_mm.engine.part_optim_wrappers import part_configs  # imports all models

    wrappers = [ours.optim_wrapper, theirs.optim_wrapper]
    if not all(optim_wrapper_parts(wrapper) for wrapper in wrappers):
        return False
    model = _weightless(ours)
    try:
        one, other = [
            part_configs({k: v for k, v in wrapper.items() if k != 'constructor'}, model)
            for wrapper in wrappers
        ]
    except ValueError:  # other parts
        return False
    return one == other


def _data(cfg: Config, loader: str) -> tuple:
    content = cfg.get(loader) or {}
    return content.get('batch_size'), content.get('dataset')
