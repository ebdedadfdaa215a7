import numpy as np
import pytest
import torch

from seginpaint_mm.datasets import DYCEDataset, PackScene
from seginpaint_mm.geometry.boxes import tight_boxes
from tests.helpers.amodal_folders import full_masks, input_masks, visible_masks, write_dyce
from tests.helpers.dataset_folders import SIZE, background_truth, picture


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


def with_instances(classes: np.ndarray, numbers: np.ndarray) -> dict:
    return dict(
        img=picture(classes.shape),
        gt_seg_map=classes,
        gt_instance_map=numbers,
        thing_ids=(11, 13),
    )


def test_labels_of_the_original_size():
    original = dict(results(), ori_shape=(32, 64), gt_seg_map=np.ones((32, 64), np.uint8))
    sample = PackScene(original_labels=True)(original)['data_samples']
    assert sample.gt_sem_seg.data.shape == (1, 32, 64)
    assert sample.gt_background.data.shape == (1, *SIZE)
    maps = dict.fromkeys(('gt_foreground', 'gt_background'), original['gt_seg_map'])
    sample = PackScene(original_labels=True)({**original, **maps})['data_samples']
    assert sample.gt_background.data.shape == sample.gt_foreground.data.shape == (1, 32, 64)
    with pytest.raises(ValueError, match='gt_foreground is .32, 64. .*the image .16, 32.'):
        PackScene()({**results(), **maps})
    with pytest.raises(ValueError, match='gt_seg_map is .32, 64. .*the image .16, 32.'):
        PackScene()(original)
    with pytest.raises(ValueError, match='gt_seg_map is .16, 32. .*the image .100, 200.'):
        PackScene(original_labels=True)(results())


def test_instances_are_masks_labels_and_tight_boxes():
    classes = np.full((6, 8), 2, np.uint8)
    numbers = np.zeros((6, 8), np.uint16)
    classes[1:4, 2:7], numbers[1:4, 2:7] = 13, 700
    classes[4:, 0], numbers[4:, 0] = 11, 3
    classes[0, 7] = 11  # a crowd: of a class of things, but no instance
    sample = PackScene()(with_instances(classes, numbers))['data_samples']
    instances = sample.gt_instances
    assert instances.masks.dtype == torch.bool
    assert sample.gt_instance_map.data.dtype == torch.int32
    places = np.where(numbers == 3, 1, 0) + np.where(numbers == 700, 2, 0)
    np.testing.assert_array_equal(sample.gt_instance_map.data[0], places)
    np.testing.assert_array_equal(instances.masks, [numbers == 3, numbers == 700])
    assert instances.labels.dtype == torch.int64
    assert instances.labels.tolist() == [0, 1]
    assert instances.bboxes.dtype == torch.float32
    assert instances.bboxes.tolist() == [[0, 4, 1, 6], [2, 1, 7, 4]]


def test_instances_without_masks():
    scene = with_instances(np.full((4, 6), 11, np.uint8), np.full((4, 6), 9, np.uint16))
    sample = PackScene(instance_masks=False)(scene)['data_samples']
    assert {*sample.gt_instances.keys()} == {'labels', 'bboxes'}
    assert sample.gt_instance_map.data.sum() == 24


def test_ignored_pixels_belong_to_no_instance():
    classes = np.full((4, 6), 11, np.uint8)
    numbers = np.full((4, 6), 255, np.uint16)  # as mmseg's transforms pad both maps
    classes[:, :2] = 255
    numbers[0, :] = 9
    classes[0, :] = 255
    instances = PackScene()(with_instances(classes, numbers))['data_samples'].gt_instances
    assert instances.bboxes.tolist() == [[2, 1, 6, 4]]
    assert instances.masks.sum() == 12


def test_picture_without_instances():
    empty = with_instances(np.zeros((4, 6), np.uint8), np.zeros((4, 6), np.uint16))
    instances = PackScene()(empty)['data_samples'].gt_instances
    assert len(instances) == 0
    assert instances.masks.shape == (0, 4, 6)
    assert instances.bboxes.shape == (0, 4)
    assert instances.labels.dtype == torch.int64


def test_instances_that_were_not_resized():
    scene = with_instances(np.zeros((4, 6), np.uint8), np.zeros((2, 3), np.uint16))
    with pytest.raises(ValueError, match="gt_instance_map is .*list 'gt_instance_map' in seg_f"):
        PackScene()(scene)


def test_instances_that_were_not_flipped():
    classes, numbers = np.zeros((4, 6), np.uint8), np.zeros((4, 6), np.uint16)
    classes[:, :3], numbers[:, 3:] = 11, 1
    with pytest.raises(ValueError, match=r"on pixels of the classes \[0\] .*mmseg's transforms"):
        PackScene()(with_instances(classes, numbers))


def test_objects_that_are_partly_hidden(tmp_path):
    """From the files to what a model reads."""
    load = [dict(type='LoadSceneImage'), dict(type='LoadAmodalObjects', appearance=True)]
    boxes = [dict(type='GrowBoxes', share=(0.2, 0.2)), dict(type='CropAppearances', size=8)]
    pipeline = [*load, *boxes, dict(type='PackScene')]
    samples = DYCEDataset(
        str(write_dyce(tmp_path, ['a'])),
        'train',
        predicted_masks=True,
        leave_out=(),
        pipeline=[dict(step, type=f'seginpaint_mm.{step["type"]}') for step in pipeline],
    )
    packed = samples[0]
    instances = packed['data_samples'].gt_instances
    for field, expected in (
        ('masks', visible_masks()),
        ('input_masks', input_masks()),
        ('full_masks', full_masks()),
    ):
        assert instances.get(field).dtype == torch.bool
        np.testing.assert_array_equal(instances.get(field), expected)
    torch.testing.assert_close(instances.bboxes, tight_boxes(instances.input_masks))
    assert instances.labels.tolist() == [0, 0, 0]
    assert instances.grown_boxes.tolist()[0] == [2, 2, 15, 14]
    assert instances.full_appearance.shape == (3, 3, 8, 8)
    assert instances.full_appearance.dtype == torch.uint8
    whole = np.where(full_masks()[0, ..., None], picture(seed=1), 0)[2:14, 2:15]
    expected = whole.mean(axis=(0, 1))[::-1]  # red first
    found = instances.full_appearance[0].float().mean(dim=(1, 2))
    np.testing.assert_allclose(found, expected, rtol=0.1)
    assert 'depth' not in instances
    assert 'gt_sem_seg' not in packed['data_samples']


def test_what_can_be_seen_is_all_that_inference_knows():
    masks, labels = visible_masks(), np.zeros(3, np.int64)
    scene = dict(img=picture(), gt_visible_masks=masks, gt_input_masks=masks, gt_labels=labels)
    instances = PackScene()(scene)['data_samples'].gt_instances
    assert set(instances.keys()) == {'masks', 'input_masks', 'labels', 'bboxes'}


def test_depth_order_of_objects():
    masks = full_masks()
    scene = dict(
        img=picture(),
        gt_visible_masks=masks,
        gt_input_masks=masks,
        gt_full_masks=masks,
        gt_labels=np.zeros(3, np.int64),
        gt_depths=np.array([2, 0, 1]),
    )
    instances = PackScene()(scene)['data_samples'].gt_instances
    assert instances.depth.tolist() == [2, 0, 1]
    assert 'grown_boxes' not in instances
    assert 'full_appearance' not in instances
