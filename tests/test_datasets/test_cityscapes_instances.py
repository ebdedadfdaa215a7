import numpy as np
import pytest

from seginpaint_mm.datasets import CityscapesInstanceDataset
from tests.helpers.dataset_folders import street_labels, write_cityscapes

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
NAME = 'aachen/aachen_000'
LABELS = street_labels(road=7, sidewalk=8, other=11, car=26)
INSTANCES = np.where(LABELS == 26, np.uint16(26003), LABELS)


def load_one(root, **options) -> dict:
    dataset = CityscapesInstanceDataset(str(root), 'val', pipeline=LOAD, test_mode=True, **options)
    return dataset[0]


def test_train_ids_are_the_classes(tmp_path):
    write_cityscapes(tmp_path, [NAME], labels=LABELS, instances=INSTANCES, suffix='.jpg')
    sample = load_one(tmp_path)
    expected = street_labels(road=0, sidewalk=1, other=2, car=13)
    np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    np.testing.assert_array_equal(sample['gt_instance_map'], expected == 13)
    assert sample['thing_ids'] == tuple(range(11, 19))


def test_classes_and_things_have_their_names(tmp_path):
    write_cityscapes(tmp_path, [NAME], instances=INSTANCES)
    meta = CityscapesInstanceDataset(str(tmp_path), 'val').metainfo
    assert len(meta['classes']) == len(meta['palette']) == 19
    names = [meta['classes'][thing] for thing in meta['thing_ids']]
    assert names == ['person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle']


def test_train_ids_are_read_where_only_they_exist(tmp_path):
    labels = street_labels(road=0, sidewalk=1, other=2, car=13)
    write_cityscapes(tmp_path, [NAME], labels=labels, instances=INSTANCES, kind='labelTrainIds')
    np.testing.assert_array_equal(load_one(tmp_path)['gt_seg_map'], labels)


@pytest.mark.parametrize('kind', ['labelIds', 'labelTrainIds'])
def test_merged_things_are_one_class(tmp_path, kind):
    labels = LABELS if kind == 'labelIds' else street_labels(road=0, sidewalk=1, other=2, car=13)
    labels = labels.copy()
    labels[0, 0] = 255
    write_cityscapes(tmp_path, [NAME], labels=labels, instances=INSTANCES, kind=kind)
    sample = load_one(tmp_path, merge_things=True)
    expected = np.where(LABELS == 26, 1, 0)
    expected[0, 0] = 255
    np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    assert sample['thing_ids'] == (1,)
    meta = CityscapesInstanceDataset(str(tmp_path), 'val', merge_things=True).metainfo
    assert meta['classes'] == ('background', 'object')
    assert len(meta['palette']) == 2


def test_missing_data_tells_both_ways_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        CityscapesInstanceDataset(str(tmp_path / 'cityscapes'), 'train')
    assert 'cityscapes-dataset.com' in str(error.value)
    assert f'seginpaint street {tmp_path}/cityscapes --layout cityscapes' in str(error.value)


def test_image_without_instance_ids(tmp_path):
    write_cityscapes(tmp_path, [NAME])
    with pytest.raises(FileNotFoundError, match=f'{NAME}_gtFine_instanceIds.png'):
        CityscapesInstanceDataset(str(tmp_path), 'val')


def test_real_reduced_set(real_data):
    root = str(real_data / 'cityscapes_256x128')
    dataset = CityscapesInstanceDataset(root, 'val', pipeline=LOAD, test_mode=True, indices=20)
    objects = crowds = 0
    for sample in dataset:
        classes, numbers = sample['gt_seg_map'], sample['gt_instance_map']
        assert np.isin(classes[numbers > 0], sample['thing_ids']).all()
        objects += numbers.max()
        crowds += (np.isin(classes, sample['thing_ids']) & (numbers == 0)).any()
    assert objects > 200
    assert 0 < crowds < 20


def test_real_full_size_frame(real_data):
    sample = load_one(real_data / 'cityscapes')
    assert sample['gt_instance_map'].shape == sample['img'].shape[:2] == (1024, 2048)
    assert sample['gt_instance_map'].max() > 5
