import numpy as np
import pytest

from seginpaint_mm.datasets import KITTISceneDataset
from tests.helpers.dataset_folders import background_truth, street_labels, write_kitti

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadSceneAnnotations')]


def test_only_images_with_truth_are_kept(tmp_path):
    write_kitti(tmp_path, ['000000_10', '000001_10', '000002_10'], with_truth=['000001_10'])
    assert len(KITTISceneDataset(str(tmp_path))) == 3
    dataset = KITTISceneDataset(str(tmp_path), hidden_truth='manual', pipeline=LOAD, test_mode=True)
    assert len(dataset) == 1
    assert dataset[0]['img_path'].endswith('000001_10.png')
    np.testing.assert_array_equal(dataset[0]['gt_background'], background_truth())
    car = street_labels(road=0, sidewalk=0, other=0, car=1)
    np.testing.assert_array_equal(dataset[0]['gt_foreground'], car)


def test_real_images_keep_their_ratio_at_height_256(real_data):
    resize = dict(type='mmseg.Resize', scale=(4096, 256), keep_ratio=True, interpolation='area')
    dataset = KITTISceneDataset(
        str(real_data / 'kitti'), hidden_truth='manual', pipeline=[*LOAD, resize], test_mode=True
    )
    assert len(dataset) == 2
    for sample in dataset:
        assert sample['img'].shape == (256, 848, 3)
        assert sample['gt_background'].shape == sample['gt_foreground'].shape == (256, 848)
        assert set(np.unique(sample['gt_background'])) <= {0, 1, 2, 255}


def test_missing_parts_say_what_is_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'cvlibs.*--layout kitti'):
        KITTISceneDataset(str(tmp_path / 'kitti'))
    write_kitti(tmp_path, ['000000_10'], with_truth=[])
    with pytest.raises(FileNotFoundError, match=r"gt_manual/test.*hidden_truth='none'"):
        KITTISceneDataset(str(tmp_path), hidden_truth='manual')
    (tmp_path / 'training/semantic/000000_10.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'expected .*semantic/000000_10\.png'):
        KITTISceneDataset(str(tmp_path))
