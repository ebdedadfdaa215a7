import numpy as np
import pytest

from seginpaint_mm.datasets import COCOADataset, DYCEDataset, LoadAmodalObjects, LoadSceneImage
from tests.helpers.amodal_folders import (
    cocoa_annotation,
    full_masks,
    write_cocoa,
    write_dyce,
    write_dyce_real,
)
from tests.helpers.dataset_folders import SIZE, picture, write_map

LOAD = [LoadSceneImage(), LoadAmodalObjects(appearance=True)]


def samples(root, **options) -> DYCEDataset:
    return DYCEDataset(str(root), leave_out=(), pipeline=LOAD, test_mode=True, **options)


def test_appearances_and_dtypes(tmp_path):
    sample = samples(write_dyce(tmp_path, ['a']), split='train')[0]
    for seen, full in zip(sample['gt_appearances'], full_masks(), strict=True):
        np.testing.assert_array_equal(seen[full], picture(seed=1)[full])
        assert not seen[~full].any()
    assert {key: sample[key].dtype for key in sample if key.startswith('gt_')} == dict(
        gt_visible_masks=bool,
        gt_input_masks=bool,
        gt_full_masks=bool,
        gt_labels=np.int64,
        gt_appearances=np.uint8,
    )


def test_appearance_of_another_size(tmp_path):
    root = write_dyce(tmp_path, ['a'])
    write_map(root / 'FullObj/a_2.png', picture((4, 4)))
    with pytest.raises(ValueError, match=r'FullObj/a_2\.png: .* 4x4 '):
        samples(root, split='train')[0]


def test_data_sets_without_appearances(tmp_path):
    with pytest.raises(ValueError, match=r'a\.png: this data set does not know how its objects'):
        samples(write_dyce_real(tmp_path / 'real', 'a'), split='test', real=True)[0]
    cocoa = COCOADataset(
        str(write_cocoa(tmp_path / 'cocoa', cocoa_annotation())), pipeline=LOAD, test_mode=True
    )
    with pytest.raises(ValueError, match=r'LoadAmodalObjects\(appearance=False\)'):
        cocoa[0]


def test_an_object_that_nothing_hides(tmp_path):
    sample = samples(write_dyce(tmp_path, ['a']), split='train')[0]
    np.testing.assert_array_equal(sample['gt_full_masks'][0], sample['gt_visible_masks'][0])
    assert sample['gt_full_masks'].shape == (3, *SIZE)
