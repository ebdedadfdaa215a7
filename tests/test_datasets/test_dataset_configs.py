"""The data sets that configs are based on give batches from the real samples."""

import numpy as np
import pytest
import torch
from mmengine.config import Config

from tests.helpers.dataset_configs import BASES, build, move
from tests.helpers.dataset_folders import picture, write_map

# Base, data loader, folder of the real data, height and width.
CASES = [
    ('cityscapes_128x256', 'train', 'cityscapes_256x128', (128, 256)),
    ('cityscapes_128x256', 'val', 'cityscapes_256x128', (128, 256)),
    ('cityscapes', 'train', 'cityscapes', (256, 512)),
    ('camvid', 'train', 'camvid', (192, 256)),
    ('camvid', 'val', 'camvid', (192, 256)),
    ('kitti', 'test', 'kitti', (256, 848)),
]
# The same for the data sets of objects, with the greatest height and width, and the fewest objects
# in the first five images.
INSTANCE_CASES = [
    ('cityscapes_128x256_instances', 'train', 'cityscapes_256x128', (128, 256), 20),
    ('cityscapes_128x256_instances', 'val', 'cityscapes_256x128', (128, 256), 20),
    ('street_instances', 'train', 'cityscapes_256x128', (128, 256), 20),
    ('voc_instance_small', 'train', 'voc_instance', (256, 256), 5),
    ('voc_instance_small', 'val', 'voc_instance', (320, 320), 5),
    ('coco_tiny_persons', 'train', 'coco_tiny', (256, 256), 5),
    ('coco_tiny_persons', 'test', 'coco_tiny', (320, 320), 5),
]
# The same for mmseg's data sets; None where sizes differ.
SEMANTIC_CASES = [
    ('cityscapes_128x256_semantic', 'train', 'cityscapes_256x128', (128, 256), 2975),
    ('cityscapes_128x256_semantic', 'val', 'cityscapes_256x128', (128, 256), 100),
    ('cityscapes_semantic', 'train', 'cityscapes', (512, 1024), 4),
    ('voc_small', 'train', 'voc/VOC2012', (160, 160), 420),
    ('voc_small', 'val', 'voc/VOC2012', None, 100),  # labels as they are
]


@pytest.mark.parametrize(('base', 'split', 'folder', 'size'), CASES)
def test_samples(real_data, base, split, folder, size):
    config = Config.fromfile(BASES / f'{base}.py').to_dict()
    move(config, str(real_data / folder))
    packed = build(config, split)[0]
    sample = packed['data_samples']
    assert packed['inputs'].shape == (3, *size)
    assert sample.img_shape == size
    for field in ('gt_sem_seg', 'gt_foreground', 'gt_background'):
        assert sample.get(field).data.shape == (1, *size)
    behind = sample.gt_background.data[sample.gt_foreground.data == 1]
    if split == 'train':
        assert (behind == 255).all()
    else:
        assert (behind != 255).any(), 'nothing hidden is known'
    assert set(torch.unique(sample.gt_sem_seg.data).tolist()) <= {0, 1, 2, 255}


@pytest.mark.parametrize(('base', 'split', 'folder', 'size', 'objects'), INSTANCE_CASES)
def test_samples_with_instances(real_data, base, split, folder, size, objects):
    config = Config.fromfile(BASES / f'{base}.py').to_dict()
    move(config, str(real_data / folder))
    dataset = build(config, split)
    classes = len(dataset.metainfo['classes'])
    found = 0
    for index in range(5):
        packed = dataset[index]
        sample, instances = packed['data_samples'], packed['data_samples'].gt_instances
        assert all(a <= b for a, b in zip(packed['inputs'].shape[1:], size, strict=True))
        numbers = sample.gt_instance_map.data
        assert numbers.shape[1:] == sample.gt_sem_seg.data.shape[1:] == sample.img_shape
        assert sample.img_shape == packed['inputs'].shape[1:]
        assert set(torch.unique(sample.gt_sem_seg.data).tolist()) <= {*range(classes), 255}
        for number, label in enumerate(instances.labels.tolist(), start=1):
            thing = dataset.metainfo['thing_ids'][label]
            assert (sample.gt_sem_seg.data[numbers == number] == thing).all()
        assert ('masks' in instances) == (split != 'train')  # the localiser needs none
        found += len(instances)
    assert found >= objects


@pytest.mark.parametrize(('base', 'split', 'folder', 'size', 'number'), SEMANTIC_CASES)
def test_samples_with_classes_only(real_data, base, split, folder, size, number):
    config = Config.fromfile(BASES / f'{base}.py').to_dict()
    move(config, str(real_data / folder))
    dataset = build(config, split)
    assert len(dataset) == number
    classes = set()
    for index in range(min(5, number)):
        packed = dataset[index]
        labels = packed['data_samples'].gt_sem_seg.data
        whole = packed['data_samples'].ori_shape if size is None else packed['inputs'].shape[1:]
        assert labels.shape[1:] == whole
        assert size is None or labels.shape[1:] == size
        classes |= set(labels.unique().tolist())
    assert classes <= {*range(len(dataset.metainfo['classes'])), 255}
    assert len(classes) > 4


def test_voc_joins_its_own_training_images_and_those_of_sbd(tmp_path):
    lists = dict(train=['a'], aug=['b', 'c'], val=['d'])
    for split, names in lists.items():
        path = tmp_path / f'ImageSets/Segmentation/{split}.txt'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('\n'.join(names))
        folder = 'SegmentationClassAug' if split == 'aug' else 'SegmentationClass'
        for name in names:
            write_map(tmp_path / f'JPEGImages/{name}.jpg', picture((40, 60)))
            write_map(tmp_path / f'{folder}/{name}.png', np.full((40, 60), 15, np.uint8))
    config = Config.fromfile(BASES / 'voc12aug.py').to_dict()
    move(config, str(tmp_path))
    dataset = build(config, 'train')
    assert len(dataset) == 3
    for packed in (dataset[0], dataset[2]):
        assert packed['inputs'].shape == (3, 512, 512)
        assert set(packed['data_samples'].gt_sem_seg.data.unique().tolist()) <= {15, 255}
    assert build(config, 'val')[0]['inputs'].shape == (3, 40, 60)


def test_every_base_has_what_a_runner_needs():
    for path in BASES.glob('*.py'):
        config = Config.fromfile(path)
        fixed = path.stem == 'own_pairs'  # where nothing fits, another image takes its place
        assert fixed or config.test_dataloader.dataset.test_mode, path.name
        assert config.test_evaluator, path.name
        assert ('train_dataloader' in config) == ('val_evaluator' in config), path.name
