from pathlib import Path

import numpy as np
import pytest

from seginpaint_mm.datasets import LoadSceneAnnotations, LoadSceneImage
from tests.helpers.dataset_folders import SIZE, picture, street_labels, write_map


@pytest.fixture
def sample(tmp_path):
    labels = street_labels(road=7, sidewalk=8, other=11, car=26)
    return dict(
        img_path=str(write_map(tmp_path / 'image.png', picture())),
        label_path=str(write_map(tmp_path / 'labels.png', labels)),
        label_table='cityscapes_ids',
        background_path=None,
        instance_path=None,
    )


def load(sample: dict) -> dict:
    return LoadSceneAnnotations()(LoadSceneImage()(sample))


def test_image_and_shapes(sample):
    results = load(sample)
    np.testing.assert_array_equal(results['img'], picture())
    assert results['img_shape'] == results['ori_shape'] == SIZE
    for key in results['seg_fields']:
        assert results[key].shape == SIZE
        assert results[key].dtype == np.uint8


def test_grey_image_gets_three_channels(sample):
    write_map(Path(sample['img_path']), picture()[..., 0])
    assert load(sample)['img'].shape == (*SIZE, 3)


@pytest.mark.parametrize('key', ['img_path', 'label_path'])
@pytest.mark.parametrize('content', [b'', b'not an image', 'half'])
def test_damaged_file(sample, key, content):
    path = Path(sample[key])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if content == 'half' else content)
    with pytest.raises(ValueError, match=f'{path}: cannot be read as'):
        load(sample)


@pytest.mark.parametrize('key', ['img_path', 'label_path'])
def test_missing_file(sample, key):
    sample[key] += '.gone'
    with pytest.raises(FileNotFoundError, match=f'{sample[key]}: there is no such file'):
        load(sample)


def test_label_size_names_both_sizes(sample, tmp_path):
    labels = street_labels(road=7, sidewalk=8, other=11, car=26, size=(10, 20))
    sample['label_path'] = str(write_map(tmp_path / 'small.png', labels))
    with pytest.raises(ValueError, match=r'small\.png: the labels are 20x10 .* is 32x16'):
        load(sample)


def test_hidden_truth_size(sample, tmp_path):
    truth = np.zeros((8, 8), np.uint8)
    sample['background_path'] = str(write_map(tmp_path / 'truth.png', truth))
    with pytest.raises(ValueError, match=r'truth\.png: the labels are 8x8 .* is 32x16'):
        load(sample)


def test_coloured_labels(sample, tmp_path):
    sample['label_path'] = str(write_map(tmp_path / 'colours.png', picture()))
    with pytest.raises(ValueError, match=r'colours\.png: a label map has one channel'):
        load(sample)


def test_sixteen_bit_labels(sample, tmp_path):
    sample['label_path'] = str(write_map(tmp_path / 'ids.png', np.full(SIZE, 26000, np.uint16)))
    with pytest.raises(ValueError, match=r'ids\.png: label ids must be stored as uint8'):
        load(sample)
