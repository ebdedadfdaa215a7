"""Make a shipped config small enough to train, validate and test in seconds, and leave the rest."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DefaultScope

from seginpaint_mm.registry import MODELS

_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
_CHECKPOINT = re.compile(r'work_dirs/([^/]+)/epoch_\d+\.pth')
# Transforms that are given a size for whole images or crops of them; holes and objects keep theirs,
# as networks with layers of fixed sizes depend on them.
_RESIZES = {
    'mmseg.Resize': 'scale',
    'RandomResize': 'scale',
    'mmseg.RandomCrop': 'crop_size',
    'Pad': 'size',
}
_FIXED = {'CentreHole', 'CenterCrop', 'FrameObjects', 'RandomRectangles', 'IrregularHoles'}
_LARGEST = 128


def shrink(cfg: Config, num_train: int = 2) -> Config:
    """Return the config with two images, one epoch, small images and no downloads.

    Every component stays: models, losses, schedules, transforms, metrics and hooks.
    """
    cfg = cfg.copy()
    for key, number in zip(_LOADERS, (num_train, 1, 1), strict=True):
        if cfg.get(key):
            _shrink_loader(cfg[key], number)
    if cfg.get('train_cfg'):
        cfg.train_cfg.update(max_epochs=1, val_begin=1, val_interval=1)
    if 'pretrained' in cfg:
        cfg.pretrained = None
    for node in nodes(cfg._cfg_dict):
        if node.get('type') == 'Pretrained':
            node['type'] = 'Normal'  # of std 0.01, as weights cannot be downloaded
            node.pop('checkpoint', None)
            node.pop('prefix', None)
            node.update(layer='Conv2d', std=0.01)
        if node.get('weights') == 'torchvision':
            node['weights'] = None
        if node.get('type') == 'PanopticMaskSelector' and 'scale' in node:
            node['scale'] = (2 * _LARGEST, 2 * _LARGEST)
    for node in nodes(cfg._cfg_dict):  # networks of the paper's losses, unnamed for their default
        if node.get('type') == 'PerceptualFeatures' and 'weights' not in node:
            node['weights'] = None
    return cfg


def write_checkpoints(cfg: Config, small: Callable[[str], Config]) -> None:
    """Save an untrained network under each name of ``work_dirs`` that a config reads.

    Args:
        cfg: The config.
        small: Returns a small config by its name.
    """
    for text in set(_strings(cfg._cfg_dict)):
        named = _CHECKPOINT.fullmatch(text)
        if named:
            weights = untrained_weights(small(named[1]))
            Path(text).parent.mkdir(parents=True, exist_ok=True)
            torch.save(dict(meta={}, state_dict=weights), text)


def untrained_weights(cfg: Config) -> dict:
    """Return the state of the config's model as it is built; empty if it has none."""
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        return MODELS.build(cfg.copy().model).state_dict()


def _shrink_loader(loader: ConfigDict, number: int) -> None:
    loader.update(batch_size=min(loader.get('batch_size', 1), number), num_workers=0)
    loader['persistent_workers'] = False
    if 'samples_per_epoch' in loader.sampler:
        loader.sampler.samples_per_epoch = number
    for dataset in _datasets(loader['dataset']):
        if isinstance(dataset.get('indices'), list):
            dataset['indices'] = dataset['indices'][:number]
        elif 'data_root' in dataset:
            dataset['indices'] = number
        if 'num_images' in dataset:
            dataset['num_images'] = None
        if 'pipeline' in dataset:
            _shrink_pipeline(dataset['pipeline'])


def _datasets(dataset: dict) -> Iterator[dict]:
    """The data set and those that it wraps; not what transforms take objects from."""
    yield dataset
    wrapped = [dataset['dataset']] if 'dataset' in dataset else dataset.get('datasets', ())
    for inner in wrapped:
        yield from _datasets(inner)


def _shrink_pipeline(steps: list[dict]) -> None:
    nested = list(nodes(steps))
    if any(step.get('type') in _FIXED for step in nested):
        return
    sizes = [step[_RESIZES[step['type']]] for step in nested if step.get('type') in _RESIZES]
    bounded = [max(size) for size in sizes if max(size) < 4096]
    factor = max([1.0, *(side / _LARGEST for side in bounded)])
    for step in nested:
        key = _RESIZES.get(step.get('type'))
        if key:
            step[key] = tuple(max(32, round(side / factor / 32) * 32) for side in step[key])


def nodes(value: object) -> Iterator[dict]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from nodes(item)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    items = value.values() if isinstance(value, dict) else value
    if isinstance(value, (dict, list, tuple)):
        for item in items:
            yield from _strings(item)
