"""Class maps of mmseg data sets whose files hold other ids."""

from pathlib import Path

import numpy as np
import pytest
from mmseg.utils import cityscapes_classes

from seginpaint_mm.datasets import LoadClasses, LoadSceneImage
from tests.helpers.dataset_folders import SIZE, picture, write_map

# The official labelIds of some classes.
LABEL_IDS = {'road': 7, 'sidewalk': 8, 'sky': 23, 'person': 24, 'train': 31, 'bicycle': 33}


@pytest.fixture
def sample(tmp_path: Path) -> dict:
    """What mmseg's data sets hand to the pipeline; stripes of known classes beside a caravan."""
    labels = np.full(SIZE, 29, np.uint8)
    for column, label_id in enumerate(LABEL_IDS.values()):
        labels[:, column] = label_id
    return dict(
        img_path=str(write_map(tmp_path / 'image.png', picture())),
        seg_map_path=str(write_map(tmp_path / 'labels.png', labels)),
        seg_fields=[],
    )


def test_label_ids_become_classes(sample: dict) -> None:
    results = LoadClasses('cityscapes_ids')(LoadSceneImage()(sample))
    assert results['seg_fields'] == ['gt_seg_map']
    assert results['gt_seg_map'].dtype == np.uint8
    expected = [cityscapes_classes().index(name) for name in LABEL_IDS]
    assert results['gt_seg_map'][0, : len(expected)].tolist() == expected
    assert (results['gt_seg_map'][:, len(expected) :] == 255).all()


def test_labels_keep_the_original_size_after_a_resize(sample: dict) -> None:
    results = LoadSceneImage()(sample)
    results['img'] = picture((8, 16))
    assert LoadClasses('cityscapes_ids')(results)['gt_seg_map'].shape == SIZE


def test_what_is_wrong_is_told(sample: dict) -> None:
    with pytest.raises(ValueError, match="table must be one of .*'cityscapes_ids'.* not 'city'"):
        LoadClasses('city')
    results = LoadSceneImage()(sample)
    with pytest.raises(ValueError, match='not Cityscapes labelTrainIds'):
        LoadClasses('cityscapes_train_ids')(results)
    write_map(Path(sample['seg_map_path']), np.full((4, 4), 7, np.uint8))
    with pytest.raises(ValueError, match=r'labels\.png: the labels are 4x4 pixels'):
        LoadClasses('cityscapes_ids')(results)
    Path(sample['seg_map_path']).unlink()
    with pytest.raises(FileNotFoundError, match=r'labels\.png'):
        LoadClasses('cityscapes_ids')(results)
