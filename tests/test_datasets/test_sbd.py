import numpy as np
import pytest
from scipy.io import savemat

from seginpaint_mm.datasets import SBDInstanceDataset
from tests.helpers.dataset_folders import SIZE, picture, write_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
CAT, DOG = 8, 12
OBJECTS = np.zeros(SIZE, np.uint8)
OBJECTS[2:8, 2:7], OBJECTS[2:8, 7:12], OBJECTS[9:14, 20:30] = 1, 3, 2


def write_sbd(root, *, objects=OBJECTS, categories=(CAT, DOG, CAT), names=('a',)):
    (root / 'inst').mkdir(parents=True)
    (root / 'train.txt').write_text('\n'.join(names))
    for seed, name in enumerate(names):
        write_map(root / f'img/{name}.jpg', picture(seed=seed))
        truth = dict(
            Segmentation=objects,
            Categories=np.array(categories, np.uint8)[:, None],
            Boundaries=np.zeros((3, 1), object),
        )
        savemat(root / f'inst/{name}.mat', dict(GTinst=truth))
    return root


def load(root) -> dict:
    return SBDInstanceDataset(str(root), 'train', pipeline=LOAD, test_mode=True)[0]


def test_categories_are_the_classes_of_the_objects(tmp_path):
    sample = load(write_sbd(tmp_path))
    np.testing.assert_array_equal(sample['gt_instance_map'], OBJECTS)
    np.testing.assert_array_equal(sample['gt_seg_map'], np.array([0, CAT, DOG, CAT])[OBJECTS])


@pytest.mark.parametrize('number', [0, 1])
def test_few_objects(tmp_path, number):
    objects = np.minimum(OBJECTS, number)
    sample = load(write_sbd(tmp_path, objects=objects, categories=[DOG] * number))
    np.testing.assert_array_equal(sample['gt_instance_map'], objects)


def test_order_is_the_order_of_the_list(tmp_path):
    samples = SBDInstanceDataset(str(write_sbd(tmp_path, names=('b', 'a'))), 'train')
    assert [samples.get_data_info(k)['img_path'][-5] for k in range(2)] == ['b', 'a']


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'not a Matlab file',
        'half',
        dict(GTcls=dict(Segmentation=OBJECTS)),
        dict(GTinst=dict(Segmentation=OBJECTS)),
        dict(GTinst=OBJECTS),
        dict(GTinst=dict(Segmentation=OBJECTS / 2, Categories=[[CAT]])),
    ],
    ids=['empty', 'text', 'half', 'cls', 'no categories', 'no struct', 'fractions'],
)
def test_file_that_is_not_of_sbd(tmp_path, content):
    path = write_sbd(tmp_path) / 'inst/a.mat'
    if isinstance(content, dict):
        savemat(path, content)
    else:
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2] if content == 'half' else content)
    with pytest.raises(ValueError, match=r"a\.mat: this is not a file of SBD's inst folder"):
        load(tmp_path)


def test_unknown_category(tmp_path):
    with pytest.raises(ValueError, match=r'a\.mat: GTinst\.Categories holds 33'):
        load(write_sbd(tmp_path, categories=(CAT, DOG, 33)))


def test_object_without_a_category(tmp_path):
    with pytest.raises(ValueError, match=r'a\.mat: GTinst\.Segmentation holds object 3, but'):
        load(write_sbd(tmp_path, categories=(CAT, DOG)))


def test_sizes_that_differ(tmp_path):
    with pytest.raises(ValueError, match=r'a\.mat: the labels are 31x16 .*a\.jpg is 32x16'):
        load(write_sbd(tmp_path, objects=OBJECTS[:, 1:]))


def test_picture_without_objects_file(tmp_path):
    (write_sbd(tmp_path) / 'inst/a.mat').unlink()
    with pytest.raises(FileNotFoundError, match=r'a\.jpg: the map .* expected .*a\.mat'):
        load(tmp_path)


def test_missing_data_tells_both_ways_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'train\.txt: there is no such list') as error:
        load(tmp_path / 'sbd')
    assert 'SBD/download.html' in str(error.value)
    assert f'seginpaint street {tmp_path}/sbd --layout sbd' in str(error.value)


def write_voc_lists(root, **names: str):
    for split, listed in names.items():
        path = root / f'voc/ImageSets/Main/{split}.txt'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(listed)
    return str(root / 'voc')


def test_vocs_lists_divide_the_images_that_have_objects(tmp_path):
    root = str(write_sbd(tmp_path / 'sbd', names=('a', 'b', 'c')))
    voc = write_voc_lists(tmp_path, train='c\nno_objects\nb\n', val='a\n')
    for split, expected in (('train', ['c', 'b']), ('val', ['a'])):
        samples = SBDInstanceDataset(root, split, voc_root=voc, num_images=len(expected))
        found = [samples.get_data_info(k)['img_path'] for k in range(len(samples))]
        assert found == [f'{root}/img/{name}.jpg' for name in expected]


def test_another_number_of_images_than_the_papers_is_an_error(tmp_path):
    root = str(write_sbd(tmp_path / 'sbd', names=('a', 'b')))
    with pytest.raises(ValueError, match=r'train\.txt gives 2 images with objects .*, not 5623'):
        SBDInstanceDataset(root, 'train', num_images=5623)
    voc = write_voc_lists(tmp_path, train='b')
    with pytest.raises(ValueError, match=r'Main/train\.txt gives 1 images .*, not 5623: complete'):
        SBDInstanceDataset(root, 'train', voc_root=voc, num_images=5623)


def test_missing_lists_or_objects_are_told(tmp_path):
    root = str(write_sbd(tmp_path / 'sbd'))
    with pytest.raises(FileNotFoundError, match=r'Main/train\.txt.*set voc_root=None'):
        SBDInstanceDataset(root, 'train', voc_root=str(tmp_path / 'no'))
    voc = write_voc_lists(tmp_path, train='b')
    strange = write_voc_lists(tmp_path / 'strange', train='b.jpg')
    with pytest.raises(ValueError, match=r'train\.txt: none of its 1 lines .* without folder and'):
        SBDInstanceDataset(root, 'train', voc_root=strange)
    with pytest.raises(FileNotFoundError, match=r'inst: there is no \*\.mat.*SBD/download'):
        SBDInstanceDataset(str(tmp_path / 'empty'), 'train', voc_root=voc)
