"""Found instances at the image's size, in files, and through the inferencer."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

from seginpaint_mm.apis import SegInpaintInferencer
from seginpaint_mm.apis.mask_sources.objects import (
    describe_instances,
    instance_ids,
    resize_instances,
)
from seginpaint_mm.apis.model_loading import dataset_meta
from seginpaint_mm.structures import SceneSample
from tests.helpers.instance_scenes import instances_of

CONFIG = Path(__file__).parents[2] / 'configs' / 'fcrn' / 'hough_r18_shared_street.py'


def two_instances() -> InstanceData:
    masks = np.zeros((2, 12, 16), bool)
    masks[0, 2:8, 3:9] = True
    masks[1, 6:10, 5:13] = True
    instances = instances_of(masks, [1, 0])
    instances.scores = torch.tensor([0.9, 0.66667])
    return instances


def test_resized_masks_have_tight_boxes() -> None:
    resized = resize_instances(two_instances(), (24, 48))
    assert resized.masks.shape == (2, 24, 48)
    assert resized.bboxes.tolist() == [[9, 4, 27, 16], [15, 12, 39, 20]]
    assert resized.masks[0, 4:16, 9:27].all()
    assert resized.masks[0].sum() == 12 * 18
    assert resized.labels.tolist() == [1, 0]
    assert torch.equal(resized.scores, two_instances().scores)


def test_what_vanishes_is_gone() -> None:
    instances = two_instances()
    instances.masks[0] = False
    instances.masks[0, 0, 0] = True
    resized = resize_instances(instances, (3, 4))
    assert resized.labels.tolist() == [0]
    assert resized.bboxes.shape == (1, 4)


def test_the_same_size_is_an_ordinary_copy() -> None:
    with torch.inference_mode():
        instances = two_instances()
        instances.scores = instances.scores + 0
    resized = resize_instances(instances, (12, 16))
    assert torch.equal(resized.masks, instances.masks)
    resized.scores[0] = 0  # tensors of inference mode refuse this
    assert instances.scores[0] > 0


@pytest.mark.parametrize('size', [(12, 16), (6, 5)])
def test_no_instances(size: tuple[int, int]) -> None:
    nothing = resize_instances(two_instances()[:0], size)
    assert nothing.masks.shape == (0, *size)
    assert nothing.bboxes.shape == (0, 4)
    assert not instance_ids(nothing).any()
    assert describe_instances(nothing, ['car']) == []


def test_the_most_confident_owns_a_pixel() -> None:
    instances = two_instances()
    ids = instance_ids(instances)
    assert ids.dtype == np.uint16
    assert (ids == 1).tolist() == instances.masks[0].tolist()
    assert (ids == 2).tolist() == (instances.masks[1] & ~instances.masks[0]).tolist()


def test_plain_values() -> None:
    one, other = describe_instances(two_instances(), ['person', 'car'])
    assert one == dict(id=1, label=1, score=0.9, bbox=[3, 2, 9, 8]) | {'class': 'car'}
    assert (other['id'], other['class'], other['score']) == (2, 'person', 0.6667)


@pytest.fixture(scope='module')
def finder() -> SegInpaintInferencer:
    """Random weights, whose answers are almost the same for all classes: all may vote."""
    cfg = Config.fromfile(CONFIG)
    cfg.model.instance_head.update(min_score=0.0, min_pixels=1, max_instances=7)
    torch.manual_seed(0)
    return SegInpaintInferencer(cfg, device='cpu', show_progress=False)


def test_instances_of_a_folder_are_written(finder: SegInpaintInferencer, tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 150, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    out = tmp_path / 'out'
    results = finder(tmp_path / 'a.png', out_dir=out)
    found = results['predictions'][0].pred_instances
    assert 1 <= len(found) <= 7
    assert found.masks.shape[1:] == (90, 150)
    summary = json.loads((out / 'predictions.json').read_text())
    (entry,) = summary['predictions']
    ids = cv2.imread(str(out / entry['instance_ids']), cv2.IMREAD_UNCHANGED)
    assert ids.dtype == np.uint16
    assert (ids == instance_ids(found)).all()
    assert [item['score'] for item in entry['instances']] == pytest.approx(
        found.scores.tolist(), abs=1e-4
    )
    for item in entry['instances']:
        assert summary['classes'].index(item['class']) == 11 + item['label']
    assert cv2.imread(str(out / entry['picture'])) is not None
    assert cv2.imread(str(out / entry['sem_seg']), cv2.IMREAD_UNCHANGED).shape == (90, 150)


def test_the_picture_shows_the_instances(finder: SegInpaintInferencer) -> None:
    finder.visualizer.min_instance_score = 0.0
    image = np.full((64, 64, 3), 90, np.uint8)
    (sample,), (picture,) = (finder(image)[key] for key in ('predictions', 'visualization'))
    assert len(sample.pred_instances) > 0
    without = SceneSample(pred_sem_seg=sample.pred_sem_seg)
    assert finder.visualizer.draw(image, without).shape[1] < picture.shape[1]


def test_names_of_classes_may_be_arguments_of_the_data_set() -> None:
    cfg = Config.fromfile(CONFIG)
    cfg.test_dataloader.dataset = dict(
        type='CocoInstanceDataset',
        data_root='nowhere',
        ann_file='nothing.json',
        image_folder='',
        classes=('person', 'dog'),
        pipeline=[dict(type='LoadSceneImage')],
    )
    meta = dataset_meta(cfg)
    assert meta['classes'] == ('background', 'person', 'dog')
    assert meta['thing_ids'] == (1, 2)
    assert len(meta['palette']) == 3
