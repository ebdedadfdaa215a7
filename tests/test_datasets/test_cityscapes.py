from pathlib import Path

import numpy as np
import pytest

from seginpaint_mm.datasets import CityscapesSceneDataset
from seginpaint_mm.datasets.class_tables import CITYSCAPES_IDS
from tests.helpers.dataset_folders import (
    background_truth,
    street_labels,
    write_cityscapes,
    write_map,
)

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadSceneAnnotations')]
NAMES = [f'{city}/{city}_{number:03d}' for city in ('aachen', 'bonn') for number in range(60)]


def load_one(root: Path, **options) -> dict:
    dataset = CityscapesSceneDataset(str(root), 'val', pipeline=LOAD, test_mode=True, **options)
    return dataset[0]


def names(dataset: CityscapesSceneDataset) -> list[str]:
    return [Path(dataset.get_data_info(i)['img_path']).name for i in range(len(dataset))]


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_loads_visible_classes_foreground_and_hidden_truth(tmp_path, suffix):
    write_cityscapes(tmp_path, NAMES[:1], suffix=suffix)
    sample = load_one(tmp_path, hidden_truth='manual')
    car = street_labels(road=0, sidewalk=0, other=0, car=1)
    expected = background_truth()
    np.testing.assert_array_equal(sample['gt_foreground'], car)
    np.testing.assert_array_equal(sample['gt_seg_map'], np.where(car == 1, 255, expected))
    np.testing.assert_array_equal(sample['gt_background'], expected)
    assert sample['seg_fields'] == ['gt_seg_map', 'gt_foreground', 'gt_background']


def test_without_hidden_truth_nothing_is_known_behind_objects(tmp_path):
    write_cityscapes(tmp_path, NAMES[:1])
    sample = load_one(tmp_path)
    np.testing.assert_array_equal(sample['gt_background'], sample['gt_seg_map'])
    assert sample['gt_background'] is not sample['gt_seg_map']


def test_train_ids_are_read_where_only_they_exist(tmp_path):
    labels = street_labels(road=0, sidewalk=1, other=8, car=13)
    labels[0, 0] = 255
    write_cityscapes(tmp_path, NAMES[:1], labels=labels, kind='labelTrainIds')
    sample = load_one(tmp_path)
    np.testing.assert_array_equal(sample['gt_foreground'], labels == 13)
    assert sample['gt_seg_map'][0, 0] == 255
    assert set(np.unique(sample['gt_seg_map'])) == {0, 1, 2, 255}


def test_every_label_id_has_the_meaning_of_the_paper():
    ids = np.array([[*range(34), 255]], np.uint8)
    classes, foreground = CITYSCAPES_IDS.split(ids, 'ids.png')
    by_id = dict(zip(ids[0].tolist(), classes[0].tolist(), strict=True))
    assert [i for i, c in by_id.items() if c == 0] == [7]
    assert [i for i, c in by_id.items() if c == 1] == [8]
    assert [i for i, c in by_id.items() if c == 2] == [11, 12, 13, 17, 19, 20, 21, 22, 23]
    assert ids[foreground == 1].tolist() == [*range(24, 34), 255]


def test_parts_are_the_first_hundred_maps_and_the_others(tmp_path):
    write_cityscapes(tmp_path, NAMES)
    options = dict(split='val', hidden_truth='manual')
    val = names(CityscapesSceneDataset(str(tmp_path), part='val', **options))
    test = names(CityscapesSceneDataset(str(tmp_path), part='test', **options))
    both = names(CityscapesSceneDataset(str(tmp_path), part=None, **options))
    assert (len(val), len(test)) == (100, 20)
    assert val + test == both == sorted(both)


def test_parts_are_the_same_where_images_are_absent(tmp_path):
    write_cityscapes(tmp_path, NAMES)
    for name in NAMES[:50]:
        (tmp_path / f'leftImg8bit/val/{name}_leftImg8bit.png').unlink()
    options = dict(split='val', hidden_truth='manual')
    val = CityscapesSceneDataset(str(tmp_path), part='val', **options)
    test = CityscapesSceneDataset(str(tmp_path), part='test', **options)
    assert (len(val), len(test)) == (50, 20)


def test_real_reduced_set(real_data):
    root = str(real_data / 'cityscapes_256x128')
    assert len(CityscapesSceneDataset(root, 'train')) == 2975
    dataset = CityscapesSceneDataset(
        root, 'val', hidden_truth='manual', part='val', pipeline=LOAD, test_mode=True
    )
    assert len(dataset) == 100
    visible = agree = 0
    for sample in dataset:
        known = (sample['gt_seg_map'] != 255) & (sample['gt_background'] != 255)
        visible += known.sum()
        agree += (sample['gt_seg_map'] == sample['gt_background'])[known].sum()
    assert agree / visible > 0.995, 'labels and hand-made maps disagree on what is visible'


def test_real_full_size_frames(real_data):
    sample = load_one(real_data / 'cityscapes')
    assert sample['gt_foreground'].shape == sample['img'].shape[:2] == (1024, 2048)
    with pytest.raises(FileNotFoundError, match='of its 500 maps, none'):
        CityscapesSceneDataset(str(real_data / 'cityscapes'), 'val', hidden_truth='manual')


def test_missing_data_tells_both_ways_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        CityscapesSceneDataset(str(tmp_path / 'cityscapes'), 'train')
    assert 'cityscapes-dataset.com' in str(error.value)
    assert f'seginpaint street {tmp_path}/cityscapes --layout cityscapes' in str(error.value)


def test_image_without_labels_names_the_path_expected(tmp_path):
    write_cityscapes(tmp_path, NAMES[:1])
    labels = tmp_path / f'gtFine/val/{NAMES[0]}_gtFine_labelIds.png'
    labels.unlink()
    with pytest.raises(FileNotFoundError, match=str(labels)):
        CityscapesSceneDataset(str(tmp_path), 'val')


def test_no_image_of_the_part(tmp_path):
    write_cityscapes(tmp_path, NAMES[:3])
    with pytest.raises(FileNotFoundError, match="none of part 'test'.*set part=None"):
        CityscapesSceneDataset(str(tmp_path), 'val', hidden_truth='manual', part='test')


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(hidden_truth='yes'), 'hidden_truth must be one of'),
        (dict(hidden_truth='manual', part='train'), 'part must be one of'),
        (dict(part='val'), "set hidden_truth='manual'"),
    ],
)
def test_wrong_options(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        CityscapesSceneDataset(str(tmp_path), 'val', **options)


def test_unknown_label_id_names_file_id_and_known_ids(tmp_path):
    labels = street_labels(road=7, sidewalk=8, other=11, car=77)
    write_cityscapes(tmp_path, NAMES[:1], labels=labels)
    with pytest.raises(ValueError, match=r'labelIds\.png: label ids \[77\] .* 33, 255\]'):
        load_one(tmp_path)


def test_unknown_hidden_class(tmp_path):
    write_cityscapes(tmp_path, NAMES[:1])
    truth = np.full_like(background_truth(), 7)
    write_map(tmp_path / f'gt_manual/val/{NAMES[0]}_gt_manual.png', truth)
    with pytest.raises(ValueError, match=r'gt_manual\.png: label ids \[7\] are not hidden-truth'):
        load_one(tmp_path, hidden_truth='manual')
