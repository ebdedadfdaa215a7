import numpy as np
import pytest
import torch

from seginpaint_mm.datasets import PackScene
from tests.dataset_folders import SIZE, background_truth, picture


def results() -> dict:
    truth = background_truth()
    return dict(
        img=picture()[:, ::-1],  # a view, as a flip leaves it
        gt_seg_map=truth.copy(),
        gt_foreground=(truth == 2).astype(np.uint8),
        gt_background=truth.copy(),
        img_path='a.png',
        sample_idx=3,
        ori_shape=(100, 200),
        img_shape=SIZE,
        flip=True,
        label_path='not packed',
    )


def test_fields_dtypes_and_metainfo():
    packed = PackScene()(results())
    sample = packed['data_samples']
    assert packed['inputs'].dtype == torch.uint8
    np.testing.assert_array_equal(packed['inputs'].permute(1, 2, 0), picture()[:, ::-1])
    assert {key: sample.get(key).data.dtype for key in sample.keys()} == dict(  # noqa: SIM118
        gt_sem_seg=torch.int64, gt_foreground=torch.uint8, gt_background=torch.int64
    )
    assert sample.gt_background.data.shape == (1, *SIZE)
    np.testing.assert_array_equal(sample.gt_sem_seg.data[0], background_truth())
    assert sample.metainfo == dict(
        img_path='a.png', sample_idx=3, ori_shape=(100, 200), img_shape=SIZE, flip=True
    )


def test_image_alone():
    packed = PackScene()(dict(img=picture()))
    assert packed['data_samples'].keys() == []


def test_map_that_was_not_resized():
    scene = results()
    scene['gt_background'] = np.zeros((4, 4), np.uint8)
    with pytest.raises(ValueError, match="gt_background is .*list 'gt_background' in seg_fields"):
        PackScene()(scene)
