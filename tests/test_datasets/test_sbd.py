import numpy as np
import pytest
from scipy.io import savemat

from seginpaint_mm.datasets import SBDInstanceDataset
from tests.dataset_folders import SIZE, picture, write_map

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
