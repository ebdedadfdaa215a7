import numpy as np
import pytest

from seginpaint_mm.datasets import FolderInstanceDataset
from tests.dataset_folders import SIZE, picture, write_map, write_palette_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
OBJECTS = np.zeros(SIZE, np.uint8)
OBJECTS[2:8, 2:7], OBJECTS[2:8, 7:12], OBJECTS[9:14, 20:30] = 1, 3, 2


def load(root, **options) -> dict:
    return FolderInstanceDataset(str(root), pipeline=LOAD, test_mode=True, **options)[0]


@pytest.mark.parametrize('write', [write_map, write_palette_map])
def test_layout_of_penn_fudan(tmp_path, write):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write(tmp_path / 'PedMasks/a_mask.png', OBJECTS)
    sample = load(tmp_path)
    np.testing.assert_array_equal(sample['gt_instance_map'], OBJECTS)
    np.testing.assert_array_equal(sample['gt_seg_map'], OBJECTS > 0)
    assert sample['thing_ids'] == (1,)


def test_own_folders_with_many_objects(tmp_path):
    objects = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE)
    write_map(tmp_path / 'images/a.jpg', picture())
    write_map(tmp_path / 'truth/a.png', objects)
    options = dict(class_name='cell', image_folder='images', mask_file='truth/{name}.png')
    np.testing.assert_array_equal(load(tmp_path, **options)['gt_instance_map'], objects)
    meta = FolderInstanceDataset(str(tmp_path), **options).metainfo
    assert meta['classes'] == ('background', 'cell')


def test_picture_without_objects(tmp_path):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write_map(tmp_path / 'PedMasks/a_mask.png', 0 * OBJECTS)
    sample = load(tmp_path)
    assert not sample['gt_instance_map'].any()
    assert not sample['gt_seg_map'].any()


def test_missing_data_tells_both_ways_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match='PNGImages: there is no such folder') as error:
        load(tmp_path)
    assert 'PennFudanPed' in str(error.value)
    assert 'image_folder and mask_file' in str(error.value)


def test_picture_without_a_map(tmp_path):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    with pytest.raises(FileNotFoundError, match=r'a\.png: the map .*PedMasks/a_mask\.png'):
        load(tmp_path)


def test_pattern_without_a_name(tmp_path):
    with pytest.raises(ValueError, match=r"mask_file must hold \{name\}.*not 'masks/a\.png'"):
        load(tmp_path, mask_file='masks/a.png')


def test_sizes_that_differ(tmp_path):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write_map(tmp_path / 'PedMasks/a_mask.png', OBJECTS[:, 1:])
    with pytest.raises(ValueError, match=r'a_mask\.png: the labels are 31x16 .* is 32x16'):
        load(tmp_path)
