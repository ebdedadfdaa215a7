import numpy as np
import pytest

from seginpaint_mm.datasets import LoadObjects
from seginpaint_mm.datasets.transforms.objects import number_objects
from tests.helpers.dataset_folders import write_map

GROUPS = ((24,), (26,), (25, 33))
LABELS = np.array(
    [
        [26, 26, 0, 24, 0, 25],
        [0, 26, 0, 24, 0, 33],
        [0, 0, 0, 0, 0, 0],
        [26, 26, 26, 30, 0, 33],
    ],
    np.uint8,
)


def test_connected_pixels_of_a_group_are_an_object():
    numbers = number_objects(LABELS, GROUPS, instances=None)
    expected = [
        [2, 2, 0, 1, 0, 4],
        [0, 2, 0, 1, 0, 4],
        [0, 0, 0, 0, 0, 0],
        [3, 3, 3, 0, 0, 5],
    ]
    np.testing.assert_array_equal(numbers, expected)
    assert numbers.dtype == np.uint16


def test_instances_tell_objects_apart_and_crowds_are_left_out():
    instances = LABELS.astype(np.uint16) * 1000
    instances[0, 0] = 26001  # another car, touching
    instances[3, :3] = 26  # a crowd of cars
    numbers = number_objects(LABELS, GROUPS, instances)
    expected = [
        [3, 2, 0, 1, 0, 4],
        [0, 2, 0, 1, 0, 4],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 5],
    ]
    np.testing.assert_array_equal(numbers, expected)


def test_everything_is_one_object():
    np.testing.assert_array_equal(
        number_objects(np.full((3, 4), 26, np.uint8), GROUPS, np.full((3, 4), 26000, np.uint16)),
        np.ones((3, 4)),
    )


def test_reads_files_and_extends_seg_fields(tmp_path):
    results = dict(
        label_path=str(write_map(tmp_path / 'labels.png', LABELS)),
        label_table='cityscapes_ids',
        instance_path=None,
        seg_fields=['gt_seg_map'],
    )
    results = LoadObjects()(results)
    assert results['seg_fields'] == ['gt_seg_map', 'gt_objects']
    assert results['gt_objects'].max() == 5


def test_instances_of_another_size(tmp_path):
    results = dict(
        label_path=str(write_map(tmp_path / 'labels.png', LABELS)),
        label_table='cityscapes_ids',
        instance_path=str(write_map(tmp_path / 'instances.png', np.zeros((2, 2), np.uint16))),
        seg_fields=[],
    )
    with pytest.raises(ValueError, match=r'instances\.png: the instances are \(2, 2\)'):
        LoadObjects()(results)
