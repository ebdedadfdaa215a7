"""Pairs that a config makes while training are as exact as those of ``make_pairs.py``."""

import numpy as np
import torch
from mmengine.config import Config

from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset
from tests.helpers.dataset_configs import BASES, build, move


def test_street_online(tmp_path):
    order = Order('cityscapes', 'day', 0, (128, 256))
    root = tmp_path / 'data'
    write_dataset(root, LAYOUTS['cityscapes'], order, dict(train=4), 1, lambda done, total: None)
    config = Config.fromfile(BASES / 'pairs_street_online.py').to_dict()
    move(config, str(root))
    dataset = build(config, 'train')
    np.random.seed(0)
    holes = [check(dataset[index]) for index in [*range(4)] * 3]
    assert len({hole.numpy().tobytes() for hole in holes}) == len(holes)


def check(packed: dict) -> torch.Tensor:
    """What must hold for a pair; returns its hole, bool (128, 128)."""
    image, sample = packed['inputs'].flip(0), packed['data_samples']
    hole = sample.hole.data[0] > 0
    assert image.shape == sample.gt_image.data.shape == (3, 128, 128)
    assert hole.any()
    changed = (image != sample.gt_image.data).any(dim=0)
    assert changed.any()
    assert not (changed & ~hole).any()
    (name,), (label,) = sample.removed_classes, sample.removed_labels
    assert (
        name == ('person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle')[label]
    )
    assert set(sample.gt_sem_seg.data.unique().tolist()) <= {*range(19), 255}
    return hole
