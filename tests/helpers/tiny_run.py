"""A street data set, a network and a config small enough to train in seconds, for tests of runs."""

import json
import os
import signal
from pathlib import Path

import cv2
import numpy as np
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.runner import Runner
from torch import Tensor, nn

from seginpaint_mm.registry import HOOKS, MODELS

REPOSITORY = Path(__file__).resolve().parents[2]
SIZE = (32, 64)  # height, width
_ROAD, _SIDEWALK, _BUILDING, _CAR = 7, 8, 11, 26


@MODELS.register_module()
class TinyStages(BaseModule):
    """Four convolutions that run like :class:`StagedResNet`: stride 8 after the second."""

    def __init__(self, *, channels: int = 8) -> None:
        super().__init__()
        self.num_stages_built = 4
        widths, strides = (3, *[channels] * 4), (4, 2, 1, 1)
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(widths[i], widths[i + 1], 5, strides[i], padding=2, bias=False),
                nn.BatchNorm2d(widths[i + 1]),
                nn.ReLU(),
            )
            for i in range(4)
        )

    def run_stage(self, x: Tensor, stage: int) -> Tensor:
        return self.stages[stage - 1](x)


@HOOKS.register_module()
class KillHook(Hook):
    """``kill -9`` of its own process after iteration ``iteration`` (from 1) of the training."""

    def __init__(self, *, iteration: int) -> None:
        self._iteration = iteration

    def after_train_iter(self, runner: Runner, *_: object, **__: object) -> None:
        if runner.iter + 1 == self._iteration:
            os.kill(os.getpid(), signal.SIGKILL)


@HOOKS.register_module()
class FrozenNormHook(Hook):
    """Batch norm with its running statistics: a batch's statistics depend on how it is split."""

    def before_train_iter(self, runner: Runner, *_: object, **__: object) -> None:
        for module in runner.model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()


@HOOKS.register_module()
class LossFileHook(Hook):
    """Write this process's losses, one an iteration, to ``losses_RANK.json`` in the work dir."""

    def before_train(self, runner: Runner) -> None:
        self._losses: list[float] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object, outputs: dict[str, Tensor]
    ) -> None:
        self._losses.append(float(outputs['loss'].detach()))

    def after_train(self, runner: Runner) -> None:
        Path(runner.work_dir, f'losses_{runner.rank}.json').write_text(json.dumps(self._losses))


@HOOKS.register_module()
class WeightFileHook(Hook):
    """Write sums of this process's weights by part to ``weights_RANK.json`` in the work dir.

    Those from before the training are in ``weights_before_RANK.json``.
    """

    def before_train(self, runner: Runner) -> None:
        self._write(runner, f'weights_before_{runner.rank}.json')

    def after_train(self, runner: Runner) -> None:
        self._write(runner, f'weights_{runner.rank}.json')

    @staticmethod
    def _write(runner: Runner, name: str) -> None:
        model = getattr(runner.model, 'module', runner.model)
        sums = {
            part: float(sum(weight.detach().double().abs().sum() for weight in module.parameters()))
            for part, module in model.parts().items()
        }
        Path(runner.work_dir, name).write_text(json.dumps(sums))


@HOOKS.register_module()
class RateFileHook(Hook):
    """Write the rate of each epoch of this run to ``rates.json`` in the work dir."""

    def before_train(self, runner: Runner) -> None:
        self._rates: dict[int, float] = {}

    def before_train_epoch(self, runner: Runner) -> None:
        self._rates[runner.epoch + 1] = runner.optim_wrapper.param_groups[0]['lr']

    def after_train(self, runner: Runner) -> None:
        Path(runner.work_dir, 'rates.json').write_text(json.dumps(self._rates))


def write_tiny_street(root: Path, num_train: int = 8, num_val: int = 2) -> Path:
    """Cityscapes' layout; every image has the same number of car pixels, in another place."""
    for split, number, seed in (('train', num_train, 0), ('val', num_val, 1)):
        random = np.random.default_rng(seed)
        for index in range(number):
            _write_scene(root, split, f'tiny/tiny_{index:06d}_000019', random)
    return root


def image_path(root: Path, split: str = 'train', index: int = 0) -> Path:
    return root / f'leftImg8bit/{split}/tiny/tiny_{index:06d}_000019_leftImg8bit.png'


def label_path(root: Path, split: str = 'train', index: int = 0) -> Path:
    return root / f'gtFine/{split}/tiny/tiny_{index:06d}_000019_gtFine_labelIds.png'


def write_labels(path: Path, labels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), labels)


def tiny_config(folder: Path, data_root: Path, *, body: str = '', max_epochs: int = 3) -> Path:
    """Write a config on the project's own runtime base, followed by the lines of ``body``."""
    path = folder / 'tiny.py'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _CONFIG.format(
            runtime=REPOSITORY / 'configs/_base_/default_runtime.py',
            data_root=data_root,
            max_epochs=max_epochs,
        )
        + body
    )
    return path


def _write_scene(root: Path, split: str, name: str, random: np.random.Generator) -> None:
    height, width = SIZE
    labels = np.full(SIZE, _BUILDING, np.uint8)
    labels[height // 2 :] = _ROAD
    labels[height // 2 :, : width // 4] = _SIDEWALK
    top, left = random.integers(8, 20), random.integers(0, width - 16)
    labels[top : top + 8, left : left + 16] = _CAR
    image = random.integers(0, 60, (*SIZE, 3)) + 5 * labels[..., None].astype(int)
    write_labels(root / f'gtFine/{split}/{name}_gtFine_labelIds.png', labels)
    write_labels(root / f'gt_manual/{split}/{name}_gt_manual.png', _background(labels))
    write_labels(root / f'leftImg8bit/{split}/{name}_leftImg8bit.png', image.astype(np.uint8))


def _background(labels: np.ndarray) -> np.ndarray:
    """Hidden truth: the upper half is other, the lower one road."""
    background = np.full(SIZE, 2, np.uint8)
    background[SIZE[0] // 2 :] = 0
    background[labels == _SIDEWALK] = 1
    return background


_CONFIG = """
_base_ = '{runtime}'
custom_imports = dict(imports=['tests.helpers.tiny_run'], allow_failed_imports=False)
model = dict(
    type='ForegroundInpainter',
    data_preprocessor=dict(type='SceneDataPreprocessor', pad_size_divisor=8),
    backbone=dict(type='TinyStages'),
    neck=dict(type='MPINeck', position='layer2', fill='max_pool', num_rectangles=3),
    background_head=dict(
        type='BackgroundHead', in_channels=8, psp_channels=8, up_channels=(8, 8, 8)
    ),
    foreground_head=dict(
        type='ForegroundHead', in_channels=8, channels=8, up_channels=(8, 8), extra_upsample=1
    ),
)
train_pipeline = [
    dict(type='LoadSceneImage'),
    dict(type='LoadSceneAnnotations'),
    dict(type='mmseg.RandomFlip', prob=0.5),
    dict(type='PackScene'),
]
test_pipeline = [train_pipeline[0], train_pipeline[1], train_pipeline[3]]
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CityscapesSceneDataset',
        data_root='{data_root}',
        split='train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CityscapesSceneDataset',
        data_root='{data_root}',
        split='val',
        hidden_truth='manual',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='RegionIoUMetric')
test_evaluator = val_evaluator
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='StepLR', step_size=2, gamma=0.1, by_epoch=True)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs={max_epochs}, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
"""
