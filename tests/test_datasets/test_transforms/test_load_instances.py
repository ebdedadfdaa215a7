from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmcv.transforms import Compose
from mmengine.registry import DefaultScope

from seginpaint_mm.datasets import LoadInstances, LoadSceneImage
from seginpaint_mm.datasets.transforms.loading import number_objects
from tests.helpers.dataset_folders import SIZE, picture, write_map

CAR, PERSON = 26, 24


@pytest.fixture
def sample(tmp_path):
    """Two cars that touch, a crowd of persons, and a caravan, which is void."""
    labels = np.full(SIZE, 7, np.uint8)
    instances = labels.astype(np.uint16)
    labels[4:8, 4:12] = CAR
    instances[4:8, 4:8], instances[4:8, 8:12] = 26001, 26000
    labels[10:, 20:] = instances[10:, 20:] = PERSON
    labels[0, 0], instances[0, 0] = 29, 29000
    return dict(
        img_path=str(write_map(tmp_path / 'image.png', picture())),
        instance_format='cityscapes',
        label_path=str(write_map(tmp_path / 'labels.png', labels)),
        label_table='cityscapes_ids',
        instance_path=str(write_map(tmp_path / 'instances.png', instances)),
        thing_ids=tuple(range(11, 19)),
    )


def load(sample: dict) -> dict:
    return LoadInstances()(LoadSceneImage()(sample))


def test_classes_and_numbered_objects(sample):
    results = load(sample)
    assert results['seg_fields'] == ['gt_seg_map', 'gt_instance_map']
    assert results['gt_seg_map'].dtype == np.uint8
    assert results['gt_instance_map'].dtype == np.uint16
    expected = np.zeros(SIZE, np.uint16)
    expected[4:8, 4:8], expected[4:8, 8:12] = 2, 1
    np.testing.assert_array_equal(results['gt_instance_map'], expected)
    assert results['gt_seg_map'][5, 5] == 13
    assert results['gt_seg_map'][12, 25] == 11, 'a crowd keeps its class'
    assert results['gt_seg_map'][0, 0] == 255, 'a caravan is void'


def test_picture_without_objects(sample):
    write_map(Path(sample['label_path']), np.full(SIZE, 7, np.uint8))
    write_map(Path(sample['instance_path']), np.full(SIZE, 7, np.uint16))
    assert not load(sample)['gt_instance_map'].any()


def test_object_of_a_class_without_objects(sample):
    instances = np.full(SIZE, 7003, np.uint16)
    write_map(Path(sample['label_path']), np.full(SIZE, 7, np.uint8))
    write_map(Path(sample['instance_path']), instances)
    with pytest.raises(ValueError, match=r'instances\.png: object 7003 is of class 0, which has'):
        load(sample)


def test_object_of_several_classes(sample):
    instances = np.full(SIZE, 26007, np.uint16)
    write_map(Path(sample['instance_path']), instances)
    with pytest.raises(ValueError, match=r'instances\.png: object 26007 .* \[0, 11, 13\]'):
        load(sample)


@pytest.mark.parametrize('key', ['label_path', 'instance_path'])
def test_sizes_that_differ(sample, key):
    dtype = np.uint8 if key == 'label_path' else np.uint16
    write_map(Path(sample[key]), np.full((10, 20), 7, dtype))
    with pytest.raises(ValueError, match=f'{sample[key]}: the labels are 20x10 .* is 32x16'):
        load(sample)


def test_unknown_label_ids(sample):
    write_map(Path(sample['label_path']), np.full(SIZE, 77, np.uint8))
    with pytest.raises(ValueError, match=r'labels\.png: label ids \[77\] are not Cityscapes'):
        load(sample)


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint16, (3, 5), elements=st.sampled_from([0, 1, 2, 9, 255, 24000, 65535])))
def test_numbering_keeps_objects_apart_and_in_order(objects):
    numbers, ids = number_objects(objects)
    assert ids.tolist() == [i for i in np.unique(objects) if i]
    assert numbers.dtype == np.uint16
    np.testing.assert_array_equal(np.array([0, *ids])[numbers], objects)


@pytest.mark.parametrize('seed', range(4))
def test_geometry_of_mmseg_keeps_the_maps_together(sample, seed):
    transforms = [
        dict(
            type='RandomResize',
            scale=(64, 32),
            ratio_range=(0.5, 2.0),
            resize_type='mmseg.Resize',
            keep_ratio=True,
        ),
        dict(type='mmseg.RandomRotate', prob=0.5, degree=20),
        dict(type='mmseg.RandomCrop', crop_size=(24, 40), cat_max_ratio=0.9),
        dict(type='mmseg.RandomFlip', prob=0.5),
        dict(type='PackScene'),
    ]
    np.random.seed(seed)
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        packed = Compose(transforms)(load(sample))
    truth = packed['data_samples']
    assert truth.gt_instances.labels.tolist() == [2] * len(truth.gt_instances)
    cars = (truth.gt_sem_seg.data[0] == 13).numpy()
    np.testing.assert_array_equal(truth.gt_instances.masks.numpy().any(axis=0), cars)
    for mask, box in zip(truth.gt_instances.masks, truth.gt_instances.bboxes, strict=True):
        left, top, right, bottom = box.int().tolist()
        assert mask[top:bottom, left:right].sum() == mask.sum()
        for line in (mask[top], mask[bottom - 1], mask[:, left], mask[:, right - 1]):
            assert line.any()
