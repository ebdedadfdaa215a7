"""COCO's average precision of a data set in COCO's form, with labels in the user's order."""

import json
from pathlib import Path

import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmengine.structures import InstanceData

from seginpaint_mm.cli import one_sentence_errors
from seginpaint_mm.datasets import CocoInstanceDataset
from seginpaint_mm.errors import UserError
from seginpaint_mm.evaluation import CocoInstanceMetric
from tests.helpers.dataset_folders import picture, write_map

LOAD = ('LoadSceneImage', 'LoadInstances', 'PackScene')
BOXES = {1: (2, 2, 20, 12), 2: (4, 1, 16, 14), 3: (1, 1, 30, 15)}  # annotation: x1, y1, x2, y2


@pytest.fixture
def dataset(tmp_path: Path) -> CocoInstanceDataset:
    """A dog and two persons on three images; the file names dogs first."""
    write_map(tmp_path / 'images/a.jpg', picture())
    annotations = []
    for number, (left, top, right, bottom) in BOXES.items():
        polygon = [left, top, right, top, right, bottom, left, bottom]
        size = [right - left, bottom - top]
        annotations.append(
            dict(
                id=number,
                image_id=number,
                category_id=90 if number == 1 else 7,
                segmentation=[polygon],
                bbox=[left, top, *size],
                area=size[0] * size[1],
                iscrowd=0,
            )
        )
        write_map(tmp_path / f'images/{number}.jpg', picture(seed=number))
    content = dict(
        images=[dict(id=k, file_name=f'{k}.jpg', height=16, width=32) for k in BOXES],
        categories=[dict(id=90, name='dog'), dict(id=7, name='person')],
        annotations=annotations,
    )
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    return CocoInstanceDataset(
        str(tmp_path),
        ann_file='truth.json',
        image_folder='images',
        classes=('person', 'dog'),
        pipeline=[dict(type=f'seginpaint_mm.{name}') for name in LOAD],
        test_mode=True,
    )


def evaluate(dataset: CocoInstanceDataset, missed: int = 0) -> dict[str, float]:
    """The truth as prediction, without the object of the image ``missed``."""
    metric = CocoInstanceMetric(ann_file=str(dataset.json_path), metric='segm', classwise=True)
    metric.dataset_meta = dataset.metainfo
    for item in dataset:
        sample = item['data_samples']
        truth = sample.gt_instances[: 0 if sample.coco_image_id == missed else None]
        sample.pred_instances = InstanceData(**dict(truth.items()), scores=torch.ones(len(truth)))
        metric.process(None, [sample.to_dict()])
    return metric.evaluate(size=len(dataset))


def test_labels_are_of_the_data_sets_order(dataset: CocoInstanceDataset) -> None:
    assert evaluate(dataset)['coco/segm_mAP'] == 1
    found = evaluate(dataset, missed=1)
    assert found['coco/dog_precision'] == 0
    assert found['coco/person_precision'] == 1


@pytest.mark.parametrize(
    ('key', 'values'),
    [
        ('id', (1, 1, 2)),
        ('id', (0, 1, 2)),
        ('id', (None, None, None)),
        ('id', ('a', 'b', 'c')),
        ('area', (None, None, None)),
        ('iscrowd', (None, 0, False)),
        ('bbox', (None, None, None)),
        ('image_id', (1.0, 2.0, 3.0)),
    ],
)
def test_what_pycocotools_takes_for_granted(
    dataset: CocoInstanceDataset, key: str, values: tuple
) -> None:
    """Ids that are 0 or stand twice gave wrong numbers, absent values tracebacks."""
    content = json.loads(dataset.json_path.read_text())
    for annotation, value in zip(content['annotations'], values, strict=True):
        annotation[key] = value
        if value is None:
            del annotation[key]
    dataset.json_path.write_text(json.dumps(content))
    assert evaluate(dataset)['coco/segm_mAP'] == 1


@pytest.mark.parametrize('kind', [0, 1])
def test_outlines_as_the_data_set_takes_them(dataset: CocoInstanceDataset, kind: int) -> None:
    content = json.loads(dataset.json_path.read_text())
    for annotation in content['annotations']:
        (polygon,) = annotation['segmentation']
        points = [polygon[k : k + 2] for k in range(0, len(polygon), 2)]
        annotation['segmentation'] = (polygon, points)[kind]
    dataset.json_path.write_text(json.dumps(content))
    assert evaluate(dataset)['coco/segm_mAP'] == 1


@pytest.mark.parametrize(('key', 'value'), [('area', 'large'), ('bbox', [1, 2])])
def test_values_that_cannot_be_compared(
    dataset: CocoInstanceDataset, key: str, value: object
) -> None:
    content = json.loads(dataset.json_path.read_text())
    content['annotations'][1][key] = value
    dataset.json_path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'annotation 2 has {key} .*: write'):
        CocoInstanceMetric(ann_file=str(dataset.json_path))


def test_samples_of_other_data_sets_are_told(dataset: CocoInstanceDataset) -> None:
    metric = CocoInstanceMetric(ann_file=str(dataset.json_path))
    with pytest.raises(UserError, match=r'a\.jpg has no coco_image_id; it comes from a CocoInst'):
        metric.process(None, [dict(img_path='a.jpg')])
    with pytest.raises(UserError, match=r'a\.jpg has no pred_instances; it comes from a model'):
        metric.process(None, [dict(img_path='a.jpg', coco_image_id=1)])


def test_another_file_or_none(dataset: CocoInstanceDataset) -> None:
    metric = CocoInstanceMetric(ann_file=str(dataset.json_path))
    metric.dataset_meta = dict(classes=('background', 'cat'), thing_ids=(1,))
    with pytest.raises(UserError, match="ann_file has no category 'cat'.* it has dog, person"):
        metric.compute_metrics([])
    without = CocoInstanceMetric()
    without.dataset_meta = metric.dataset_meta
    with pytest.raises(UserError, match='CocoInstanceMetric needs ann_file'):
        without.compute_metrics([])


def test_mmdets_own_metric_says_what_to_take(
    dataset: CocoInstanceDataset, capsys: pytest.CaptureFixture[str]
) -> None:
    @one_sentence_errors
    def main(argv: list[str] | None = None) -> None:
        sample = dataset[0]['data_samples']
        sample.pred_instances = sample.gt_instances
        CocoMetric(ann_file=str(dataset.json_path)).process(None, [sample.to_dict()])

    with pytest.raises(SystemExit):
        main([])
    assert 'use CocoInstanceMetric with ann_file' in capsys.readouterr().err
