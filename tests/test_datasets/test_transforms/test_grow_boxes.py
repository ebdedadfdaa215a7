import numpy as np
import pytest

from seginpaint_mm.datasets import CropAppearances, GrowBoxes
from tests.helpers.amodal_folders import full_masks, input_masks, visible_masks
from tests.helpers.dataset_folders import SIZE, picture


def test_fixed_share_of_the_input_mask_s_box():
    grown = GrowBoxes(share=(0.2, 0.2))(dict(gt_input_masks=input_masks()))['gt_grown_boxes']
    # boxes of the input masks: (4, 4, 13, 12), (10, 6, 19, 14), (16, 2, 27, 10)
    assert grown.tolist() == [[2, 2, 15, 14], [8, 4, 21, 16], [13, 0, 30, 12]]
    assert grown.dtype == np.float32


def test_random_shares_for_each_side_of_each_object():
    mask = np.zeros((1, 1000, 1000), bool)
    mask[0, 400:600, 300:700] = True
    np.random.seed(0)
    boxes = np.concatenate(
        [
            GrowBoxes(share=(0.1, 0.3))(dict(gt_input_masks=mask))['gt_grown_boxes']
            for _ in range(99)
        ]
    )
    shares = np.abs(boxes - (300, 400, 700, 600)) / (400, 200, 400, 200)
    assert shares.min() >= 0.1
    assert shares.max() <= 0.3 + 1 / 200
    assert np.abs(shares.mean(axis=0) - 0.2).max() < 0.03
    assert np.abs(np.corrcoef(shares.T) - np.eye(4)).max() < 0.4, 'sides are drawn one by one'


def test_box_of_an_empty_input_mask_is_the_whole_image():
    masks = np.zeros((2, 4, 6), bool)
    masks[0, 1, 1] = True
    boxes = GrowBoxes()(dict(gt_input_masks=masks))['gt_grown_boxes']
    assert boxes.tolist() == [[0, 0, 3, 3], [0, 0, 6, 4]]


@pytest.mark.parametrize('share', [(-0.1, 0.2), (0.3, 0.1)])
def test_wrong_share(share):
    with pytest.raises(ValueError, match='share must be'):
        GrowBoxes(share=share)


def test_crops_of_the_appearances():
    appearances = np.stack([picture(seed=seed) for seed in range(3)])
    boxes = np.float32([[2, 2, 10, 10], [0, 0, 32, 16], [4, 4, 12, 8]])
    results = dict(gt_appearances=appearances, gt_grown_boxes=boxes)
    crops = CropAppearances(size=8)(results)['gt_appearances']
    assert crops.shape == (3, 8, 8, 3)
    np.testing.assert_array_equal(crops[0], appearances[0, 2:10, 2:10])
    cells = appearances[1].reshape(8, 2, 8, 4, 3).mean(axis=(1, 3))
    assert np.abs(crops[1] - cells).max() <= 1
    assert np.abs(crops[2].mean() - appearances[2, 4:8, 4:12].mean()) < 8


def test_visible_masks_do_not_count():
    scene = dict(
        gt_input_masks=input_masks(), gt_visible_masks=visible_masks(), gt_full_masks=full_masks()
    )
    alone = GrowBoxes(share=(0.2, 0.2))(dict(gt_input_masks=input_masks()))
    together = GrowBoxes(share=(0.2, 0.2))(scene)
    np.testing.assert_array_equal(together['gt_grown_boxes'], alone['gt_grown_boxes'])
    assert together['gt_grown_boxes'][:, 2].max() <= SIZE[1]
