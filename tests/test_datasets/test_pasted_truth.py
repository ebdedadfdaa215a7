"""Objects of real images as a whole, where others were pasted over them."""

import numpy as np
import pytest

from seginpaint_mm.datasets import CityscapesInstanceDataset, FrameObjects, PackScene
from seginpaint_mm.datasets.object_placement import pasted_truth
from seginpaint_mm.datasets.transforms import PasteForeground
from tests.helpers.dataset_folders import SIZE, picture, write_cityscapes

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]


def boxes(*parts: tuple[slice, slice]) -> np.ndarray:
    masks = np.zeros((len(parts), *SIZE), bool)
    for mask, part in zip(masks, parts, strict=True):
        mask[part] = True
    return masks


def test_by_hand() -> None:
    """Two objects of the image; two pasted ones, of which the second lies over the first."""
    left, right, first, second = boxes(
        np.s_[2:12, 2:12], np.s_[2:12, 20:30], np.s_[4:14, 8:18], np.s_[6:16, 14:24]
    )
    before = picture(seed=1)
    images = [picture(seed=2), picture(seed=3)]
    truth = pasted_truth(before, left + 5 * right, [(first, images[0]), (second, images[1])], True)
    full = np.stack([second, first, left, right])
    np.testing.assert_array_equal(truth['gt_full_masks'], full)
    visible = [second, first & ~second, left & ~first, right & ~second]
    np.testing.assert_array_equal(truth['gt_visible_masks'], visible)
    for row, image in enumerate([images[1], images[0], before, before]):
        whole = truth['gt_appearances'][row]
        np.testing.assert_array_equal(whole[full[row]], image[full[row]])
        assert not whole[~full[row]].any()
    assert len(truth['gt_labels']) == 4


def test_what_the_images_own_objects_may_hide_is_unknown() -> None:
    left, right, pasted = boxes(np.s_[2:12, 2:12], np.s_[2:12, 12:20], np.s_[8:18, 6:16])
    numbers = left + 2 * right
    truth = pasted_truth(picture(), numbers, [(pasted, picture())], False, unknown_behind=True)
    expected = [np.zeros_like(left), right, left]
    np.testing.assert_array_equal(truth['gt_unknown_masks'], expected)
    assert 'gt_unknown_masks' not in pasted_truth(picture(), numbers, [], False)


def test_what_is_hardly_seen_is_left_out() -> None:
    below, above = boxes(np.s_[2:12, 2:12], np.s_[1:12, 3:30])
    above[11, 2] = True  # nine pixels are left
    truth = pasted_truth(picture(), below.astype(int), [(above, picture())], False)
    np.testing.assert_array_equal(truth['gt_full_masks'], [above])
    assert 'gt_appearances' not in truth
    assert pasted_truth(picture(), np.zeros(SIZE, int), [], False) is None


def test_in_a_pipeline(tmp_path) -> None:
    labels = np.full((48, 64), 7, np.uint8)
    labels[10:30, 5:25], labels[20:44, 40:50] = 26, 24
    instances = np.where(labels > 23, labels.astype(np.uint16) * 1000, labels)
    write_cityscapes(tmp_path, ['a/b'], labels=labels, instances=instances, manual=False)
    options = dict(data_root=str(tmp_path), split='val', pipeline=LOAD)
    source = dict(type='seginpaint_mm.CityscapesInstanceDataset', **options)
    data = CityscapesInstanceDataset(**options)
    options = dict(placement='anywhere', amodal=True, area=(0.0, 1.0), max_contact=1.0)
    transform = PasteForeground(
        source, appearances=True, num_objects=(2, 2), truncation=False, **options
    )
    np.random.seed(0)
    scene = data[0]
    before = scene['img'].copy()
    numbers = scene['gt_instance_map'].copy()
    pasted = transform(scene)
    changed = (pasted['img'] != before).any(axis=2)
    assert changed.any()
    assert not (changed & ~pasted['gt_visible_masks'].any(axis=0)).any()
    own = [mask for mask in pasted['gt_full_masks'] if any(
        np.array_equal(mask, numbers == number) for number in range(1, int(numbers.max()) + 1)
    )]  # fmt: skip
    assert own, 'an object of the image'
    framed = FrameObjects(size=(32, 32))(pasted)
    sample = PackScene()(framed)['data_samples']
    assert sample.gt_instances.full_masks.shape[1:] == (32, 32)
    assert 'gt_sem_seg' not in sample
    with pytest.raises(ValueError, match='removal or amodal, not both'):
        PasteForeground(source, removal=True, **options)
    with pytest.raises(ValueError, match='needs gt_instance_map'):
        transform(dict(img=before))
