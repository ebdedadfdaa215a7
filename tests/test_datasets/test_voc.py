from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.datasets import VOCInstanceDataset
from seginpaint_mm.datasets.class_tables import VOC_COLOURS
from tests.helpers.dataset_folders import SIZE, picture, write_map, write_palette_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
CAT, DOG = 8, 12
CLASSES = np.zeros(SIZE, np.uint8)
OBJECTS = np.zeros(SIZE, np.uint8)
CLASSES[2:8, 2:12], OBJECTS[2:8, 2:7], OBJECTS[2:8, 7:12] = CAT, 3, 1
CLASSES[9:14, 20:30], OBJECTS[9:14, 20:30] = DOG, 2
CLASSES[2, :12] = OBJECTS[2, :12] = 255  # a void border
OBJECTS[13, 20:30] = 255  # void in one map only


def write_voc(root, names, *, classes=CLASSES, objects=OBJECTS, folder='SegmentationClass'):
    for seed, name in enumerate(names):
        write_map(root / f'JPEGImages/{name}.jpg', picture(seed=seed))
        write_palette_map(root / f'{folder}/{name}.png', classes)
        write_palette_map(root / f'SegmentationObject/{name}.png', objects)
    lists = root / 'ImageSets/Segmentation'
    lists.mkdir(parents=True, exist_ok=True)
    (lists / 'train.txt').write_text('\n'.join(names[:1]))
    (lists / 'val.txt').write_text('\n'.join(names[1:]))
    return root


def dataset(root, split=None) -> VOCInstanceDataset:
    return VOCInstanceDataset(str(root), split, pipeline=LOAD, test_mode=True)


@pytest.mark.parametrize('folder', ['SegmentationClass', 'SegmentationClassAug'])
def test_palettes_are_read_as_ids_and_borders_are_void(tmp_path, folder):
    sample = dataset(write_voc(tmp_path, ['a'], folder=folder))[0]
    expected = CLASSES.copy()
    expected[13, 20:30] = 255
    np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    np.testing.assert_array_equal(sample['gt_instance_map'], np.where(expected == 255, 0, OBJECTS))


@pytest.mark.parametrize('shuffled', [False, True])
def test_palettes_that_an_optimiser_sorted(tmp_path, shuffled):
    """VOC's colours tell the numbers, where the stored indices were exchanged."""
    write_voc(tmp_path, ['a'])
    for folder, ids in (('SegmentationClass', CLASSES), ('SegmentationObject', OBJECTS)):
        used = np.unique(ids)[:: -1 if shuffled else 1]
        image = Image.fromarray(np.argsort(used)[np.searchsorted(np.sort(used), ids)].astype('u1'))
        image.putpalette(VOC_COLOURS[used].tobytes())
        image.save(tmp_path / f'{folder}/a.png')
    sample = dataset(tmp_path)[0]
    expected = np.where((CLASSES == 255) | (OBJECTS == 255), 255, CLASSES)
    np.testing.assert_array_equal(sample['gt_seg_map'], expected)
    np.testing.assert_array_equal(sample['gt_instance_map'], np.where(expected == 255, 0, OBJECTS))


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (
            'a\nm\xfcnchen\n'.encode('latin-1'),
            r'train\.txt: line 2 of this list of images is not text',
        ),
        ('a\n'.encode('utf-16-le'), r'train\.txt: this list of images holds zero bytes'),
        (b'', r'train\.txt: the list of images is empty'),
        (b' \r\n', r'train\.txt: the list of images is empty'),
        (b'a\n\nb\na \n', r"train\.txt: lines 1 and 4 both are 'a': remove one"),
    ],
)
def test_lists_that_cannot_be_read(tmp_path, data, message):
    write_voc(tmp_path, ['a'])
    (tmp_path / 'ImageSets/Segmentation/train.txt').write_bytes(data)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        dataset(tmp_path, 'train')


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_encodings_of_lists(tmp_path, encoding):
    write_voc(tmp_path, ['straße'])
    path = tmp_path / 'ImageSets/Segmentation/train.txt'
    path.write_bytes('straße\r\n'.encode(encoding))
    assert dataset(tmp_path, 'train').get_data_info(0)['img_path'].endswith('straße.jpg')


def test_names_with_blanks_and_capitals(tmp_path):
    write_voc(tmp_path, ['a b'])
    (tmp_path / 'ImageSets/Segmentation/train.txt').write_text(' a b\n')
    for folder in ('SegmentationObject', 'SegmentationClass'):
        (tmp_path / folder / 'a b.png').rename(tmp_path / folder / 'a b.PNG')
    found = dataset(tmp_path, 'train').get_data_info(0)
    assert found['img_path'].endswith('JPEGImages/a b.jpg')
    assert found['instance_path'].endswith('a b.PNG')


def test_splits_are_lists(tmp_path):
    write_voc(tmp_path, ['b', 'c', 'a'])
    names = [
        [info['img_path'][-5:-4] for info in map(dataset(tmp_path, split).get_data_info, range(n))]
        for split, n in ((None, 3), ('train', 1), ('val', 2))
    ]
    assert names == [['a', 'b', 'c'], ['b'], ['c', 'a']]


def test_classes_and_things(tmp_path):
    meta = dataset(write_voc(tmp_path, ['a'])).metainfo
    assert len(meta['classes']) == len(meta['palette']) == 21
    assert meta['classes'][CAT] == 'cat'
    assert meta['thing_ids'] == tuple(range(1, 21))


def test_real_pictures(real_data):
    samples = dataset(real_data / 'voc_instance')
    assert len(samples) == 30
    for sample in samples:
        classes, numbers = sample['gt_seg_map'], sample['gt_instance_map']
        np.testing.assert_array_equal(numbers > 0, (classes > 0) & (classes < 255))
        assert (classes == 255).any()
        assert numbers.max() > 0


@pytest.mark.parametrize(
    ('split', 'message'),
    [
        ('train', r'ImageSets/Segmentation/train\.txt: there is no such list'),
        (None, r'SegmentationObject: there is no \*\.png'),
    ],
)
def test_missing_data_tells_both_ways_to_get_it(tmp_path, split, message):
    with pytest.raises(FileNotFoundError, match=message) as error:
        dataset(tmp_path / 'voc', split)
    assert 'host.robots.ox.ac.uk' in str(error.value)
    assert f'seginpaint street {tmp_path}/voc --layout voc' in str(error.value)


def test_empty_list(tmp_path):
    write_voc(tmp_path, ['a'])
    with pytest.raises(FileNotFoundError, match=r'val\.txt: the list of images is empty'):
        dataset(tmp_path, 'val')


@pytest.mark.parametrize('folder', ['SegmentationObject', 'SegmentationClass'])
def test_picture_without_a_map(tmp_path, folder):
    write_voc(tmp_path, ['a'])
    (tmp_path / folder / 'a.png').unlink()
    with pytest.raises(FileNotFoundError, match=rf'a\.jpg: the map .* expected .*{folder}'):
        dataset(tmp_path, 'train')


def test_unknown_class(tmp_path):
    classes = np.where(CLASSES == CAT, 77, CLASSES).astype(np.uint8)
    with pytest.raises(ValueError, match=r'a\.png: label ids \[77\] are not VOC classes'):
        dataset(write_voc(tmp_path, ['a'], classes=classes))[0]


def test_object_in_the_background(tmp_path):
    objects = OBJECTS.copy()
    objects[15, 0] = 9
    with pytest.raises(ValueError, match=r'SegmentationObject/a\.png: object 9 is of class 0'):
        dataset(write_voc(tmp_path, ['a'], objects=objects))[0]


def test_picture_without_objects(tmp_path):
    empty = np.zeros(SIZE, np.uint8)
    sample = dataset(write_voc(tmp_path, ['a'], classes=empty, objects=empty))[0]
    assert not sample['gt_instance_map'].any()


def test_suffixes_in_capitals(tmp_path):
    write_voc(tmp_path, ['a', 'b'])
    images = tmp_path / 'JPEGImages'
    (images / 'b.jpg').rename(images / 'b.JPG')
    names = [Path(dataset(tmp_path)[index]['img_path']).name for index in (0, 1)]
    assert names == ['a.jpg', 'b.JPG']
