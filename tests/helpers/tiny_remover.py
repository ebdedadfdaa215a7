"""A config of the project's own runtime that trains a tiny ObjectRemover on tiny pairs."""

from pathlib import Path

import cv2
import numpy as np

from seginpaint_mm.datasets.pairs.writer import (
    NOTE,
    class_file,
    instance_file,
    object_file,
    record_file,
    truth_file,
)
from seginpaint_mm.utils.files import write_json
from tests.helpers.maskopt_scenes import tiny_inpainter, tiny_selector
from tests.helpers.tool_runs import REPOSITORY

SIZE = (64, 64)
OBJECT = (24, 16)  # all of one size: no loss depends on which images share a process
INPAINTERS = [
    f'{name}{judge}'
    for name in ('edge', 'segmentation', 'image')
    for judge in ('', '_discriminator')
]


def write_tiny_pairs(root: Path, number: int) -> Path:
    """Noise above a darker half, and a bright cat somewhere on it."""
    rng = np.random.default_rng(0)
    note = dict(
        classes=['wall', 'floor', 'cat', 'dog'],
        palette=[[40 * n] * 3 for n in range(4)],
        thing_ids=[2, 3],
        options=dict(truth_format='png'),
    )
    write_json(root / NOTE, note)
    write_json(root / record_file(0), [_write_pair(root, f'{n}', rng) for n in range(number)])
    return root


def _write_pair(root: Path, name: str, rng: np.random.Generator) -> dict:
    truth = rng.integers(60, 120, (*SIZE, 3), np.uint8)
    truth[SIZE[0] // 2 :] //= 2
    classes = np.zeros(SIZE, np.uint8)
    classes[SIZE[0] // 2 :] = 1
    top, left = (
        int(rng.integers(4, whole - side)) for whole, side in zip(SIZE, OBJECT, strict=True)
    )
    cat = np.full((*OBJECT, 4), 255, np.uint8)
    cat[..., :3] = rng.integers(200, 256, (*OBJECT, 3))
    for path, image in (
        (truth_file(name, 'png'), truth),
        (class_file(name), classes),
        (instance_file(name), np.zeros(SIZE, np.uint8)),
        (object_file(name), cat),
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / path), image)
    share = float(np.prod(OBJECT) / np.prod(SIZE))
    return dict(name=name, removed_class='cat', top_left=[top, left], hole_share=share, sources=[])


def tiny_remover_config(folder: Path, data_root: Path, body: str = '') -> Path:
    """All parts, end to end; ``body`` are further lines."""
    remover = dict(type='ObjectRemover', mask_expansion=dict(type='MaskExpansionLoss'))
    wrapper = {
        part: dict(type='OptimWrapper', optimizer=_SGD) for part in ('selector', *INPAINTERS)
    }
    path = folder / 'remover.py'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _CONFIG.format(
            runtime=str(REPOSITORY / 'configs/_base_/default_runtime.py'),
            model={**tiny_inpainter(), **remover, 'selector': tiny_selector()},
            data_root=str(data_root),
            optim_wrapper=dict(constructor='PartOptimWrapperConstructor', **wrapper),
        )
        + body
    )
    return path


_SGD = dict(type='SGD', lr=1e-4)
_CONFIG = """
_base_ = {runtime!r}
custom_imports = dict(
    imports=['seginpaint_mm.interop.mmagic', 'tests.helpers.tiny_run'], allow_failed_imports=False
)
model = {model}
pipeline = [
    dict(type='LoadPair', instances=True),
    dict(type='SignedDistance'),
    dict(type='PackScene'),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='PairsDataset', data_root={data_root!r}, pipeline=pipeline),
)
val_dataloader = dict(
    batch_size=2,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PairsDataset', data_root={data_root!r}, pipeline=pipeline, test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='InpaintingQualityMetric'), dict(type='MaskGrowthMetric')]
test_evaluator = val_evaluator
optim_wrapper = {optim_wrapper}
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
custom_hooks = _base_.custom_hooks + [dict(type='LossFileHook'), dict(type='WeightFileHook')]
"""
