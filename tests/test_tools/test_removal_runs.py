"""Object removal on real images: pairs, a training step, a test, each by its own tool."""

import json
from pathlib import Path

import cv2
import numpy as np

from tests.helpers.tool_runs import run_here

CONFIG = 'configs/maskopt/object-remover_small_coco-tiny.py'
ANNOTATIONS = ('--annotations', 'annotations/instances_val2017.json', '--images', 'val2017')
_DETECTORS_THRESHOLD = 'detector.test_cfg.rcnn.score_thr'


def test_a_remover_of_persons_of_coco(real_data: Path, tmp_path: Path) -> None:
    """It has no stuff and no segmentation stage: Mask R-CNN, edges and image."""
    pairs, run, out = (tmp_path / name for name in ('pairs', 'run', 'out'))
    options = ('--num', 32, '--size', 64, 64, '--class', 'person', '--workers', 1)
    source = ('coco', real_data / 'coco_tiny', *ANNOTATIONS)
    run_here('dataset_converters/make_pairs', pairs, *options, *source)
    loaders = ('train_dataloader', 'val_dataloader', 'test_dataloader')
    data = [f'{loader}.dataset.data_root={pairs}' for loader in loaders]
    data += [f'{loader}.dataset.indices=4' for loader in loaders]
    data += [f'{loader}.num_workers=0' for loader in loaders]
    data += [f'{loader}.persistent_workers=False' for loader in loaders]
    short = ['train_dataloader.sampler.samples_per_epoch=4', 'train_cfg.max_epochs=1']
    unsure = [f'model.selector.{key}=0.0' for key in ('score_threshold', _DETECTORS_THRESHOLD)]
    changes = ('--cfg-options', *data, *short, *unsure, 'model.part_checkpoints=None')
    run_here('train', CONFIG, '--work-dir', run, *changes)
    run_here('test', CONFIG, run / 'epoch_1.pth', '--work-dir', run, '--out', out, *changes)

    metrics = json.loads((out / 'metrics.json').read_text())
    assert metrics['num_images'] == 4
    assert metrics['mask/found'] > 0
    images = sorted((out / 'pred_image').glob('*.png'))
    assert [cv2.imread(str(image)).shape for image in images] == [(64, 64, 3)] * 4
    masks = [cv2.imread(str(out / 'pred_mask' / image.name), -1) for image in images]
    assert all(mask.shape == (64, 64) and set(np.unique(mask)) <= {0, 255} for mask in masks)
    assert 25 * sum(mask.any() for mask in masks) == metrics['mask/found']
