"""SceneSample, and that the metrics of mmseg and mmdet read it as it is."""

import json

import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmengine.structures import InstanceData, PixelData
from mmseg.evaluation import IoUMetric

from seginpaint_mm.structures import SceneSample

CLASSES = ('road', 'sidewalk', 'other')
TRUTH = torch.tensor([[[0, 0, 1, 1], [0, 0, 1, 255]]])
PREDICTION = torch.tensor([[[0, 0, 1, 0], [0, 2, 1, 2]]])


def test_fields_have_a_type():
    sample = SceneSample()
    with pytest.raises(TypeError, match=r'SceneSample\.gt_sem_seg must be a PixelData, got Tensor'):
        sample.gt_sem_seg = TRUTH
    with pytest.raises(TypeError, match='gt_instances must be a InstanceData'):
        sample.gt_instances = PixelData(data=TRUTH)


def test_moves_and_clones_with_its_fields():
    sample = SceneSample(gt_sem_seg=PixelData(data=TRUTH), metainfo=dict(img_path='a.png'))
    copy = sample.clone().to(torch.float64)
    assert copy.gt_sem_seg.data.dtype == torch.float64
    assert copy.img_path == 'a.png'
    assert sample.gt_sem_seg.data.dtype == torch.int64


def test_mmseg_iou_metric_reads_it():
    sample = SceneSample(metainfo=dict(img_path='a.png', img_shape=(2, 4)))
    sample.gt_sem_seg = PixelData(data=TRUTH)
    sample.pred_sem_seg = PixelData(data=PREDICTION)
    metric = IoUMetric(iou_metrics=['mIoU'])
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, [sample.to_dict()])
    results = metric.evaluate(1)
    # road: 3 of 5, sidewalk: 2 of 3, other: 0 of 1; the pixel 255 is left out.
    assert results['mIoU'] == pytest.approx(100 * (3 / 5 + 2 / 3 + 0) / 3, abs=0.01)


def test_mmdet_coco_metric_reads_it(tmp_path):
    masks = torch.zeros(2, 40, 60, dtype=torch.bool)
    masks[0, 5:20, 5:20] = True
    masks[1, 10:35, 30:55] = True
    boxes = torch.tensor([[5.0, 5, 20, 20], [30, 10, 55, 35]])
    sample = SceneSample(metainfo=dict(img_id=1, ori_shape=(40, 60)))
    sample.pred_instances = InstanceData(
        bboxes=boxes, labels=torch.tensor([0, 0]), scores=torch.tensor([0.9, 0.8]), masks=masks
    )
    metric = CocoMetric(ann_file=str(_annotations(tmp_path, boxes)), metric=['bbox', 'segm'])
    metric.dataset_meta = dict(classes=('car',))
    metric.process({}, [sample.to_dict()])
    results = metric.evaluate(1)
    assert results['coco/bbox_mAP'] == pytest.approx(1)
    assert results['coco/segm_mAP'] == pytest.approx(1)


def _annotations(folder, boxes: torch.Tensor):
    annotations = []
    for number, (left, top, right, bottom) in enumerate(boxes.tolist(), start=1):
        width, height = right - left, bottom - top
        polygon = [left, top, right, top, right, bottom, left, bottom]
        annotations.append(
            dict(
                id=number,
                image_id=1,
                category_id=3,
                bbox=[left, top, width, height],
                area=width * height,
                iscrowd=0,
                segmentation=[polygon],
            )
        )
    path = folder / 'instances.json'
    path.write_text(
        json.dumps(
            dict(
                images=[dict(id=1, width=60, height=40, file_name='a.png')],
                categories=[dict(id=3, name='car')],
                annotations=annotations,
                info={},
            )
        )
    )
    return path
