"""The data sets of partly hidden objects that configs are based on give batches to a model."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from seginpaint_mm.geometry.boxes import tight_boxes
from seginpaint_mm.registry import DATASETS, METRICS
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset

BASES = Path(__file__).resolve().parents[2] / 'configs/_base_/datasets'
# Base, size of the images, side of the appearances, None where there are none.
CASES = [
    ('dyce', 500, 256),
    ('dyce_segmentor', 500, None),
    ('dyce_painter', 500, 256),
    ('street_dyce', 128, 64),
    ('street_dyce_segmentor', 128, None),
    ('street_dyce_painter', 128, 64),
]


@pytest.fixture(scope='module')
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('street_dyce') / 'data'
    order = Order('dyce', 'day', 0, (64, 128))
    counts = dict(train=1, val=1, test=1)
    write_dataset(root, LAYOUTS['dyce'], order, counts, 1, lambda done, total: None)
    return root


def check(packed: dict, size: int, side: int | None) -> int:
    """The number of objects of a sample that is as a model reads it."""
    instances = packed['data_samples'].gt_instances
    assert packed['inputs'].shape == (3, size, size)
    for field in ('masks', 'input_masks', 'full_masks'):
        assert instances.get(field).shape == (len(instances), size, size)
    assert not (instances.masks & ~instances.full_masks).any()
    tight = tight_boxes(instances.input_masks)
    torch.testing.assert_close(instances.bboxes, tight)
    assert (instances.grown_boxes[:, :2] <= tight[:, :2]).all()
    assert (instances.grown_boxes[:, 2:] >= tight[:, 2:]).all()
    assert ('full_appearance' in instances) == (side is not None)
    if side is not None:
        assert instances.full_appearance.shape == (len(instances), 3, side, side)
    return len(instances)


@pytest.mark.parametrize(('base', 'size', 'side'), CASES)
def test_street_in_dyce_s_layout(street, base, size, side):
    config = Config.fromfile(BASES / f'{base}.py').to_dict()
    found = {}
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        with DefaultScope.overwrite_default_scope('seginpaint_mm'):
            dataset = DATASETS.build(loader['dataset'] | dict(data_root=str(street)))
        found[split] = check(dataset[0], size, side)
    assert 1 <= found['train'] <= 4
    lines = (street / 'annotations/test.txt').read_text().splitlines()
    assert found['test'] == len(lines) > 3, 'all objects of an image'
    names = [metric['type'] for metric in config['test_evaluator']]
    assert ('PaintingErrorMetric' in names) == (side is not None)
    assert ('AmodalIoUMetric' in names) == (not base.endswith('painter'))


def test_cocoa(real_data):
    config = Config.fromfile(BASES / 'cocoa_sample.py').to_dict()
    data_root = str(real_data / 'cocoa_sample')
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        dataset = DATASETS.build(config['test_dataloader']['dataset'] | dict(data_root=data_root))
        metrics = [METRICS.build(metric) for metric in config['test_evaluator']]
    assert [check(packed, 128, None) for packed in dataset] == [2, 11, 19]
    records = []
    for packed in dataset:
        sample = packed['data_samples']
        sample.pred_instances = sample.gt_instances.clone()
        record = sample.to_dict()
        number = len(record['pred_instances']['masks'])
        record['pred_instances']['full_probs'] = torch.zeros(number, 28, 28)
        records.append(record)
    results = {}
    for metric in metrics:
        metric.process(None, records)
        results |= metric.evaluate(size=len(records))
    assert results['success_rate'] == 100, 'the true masks tell the true order'
    assert results['num_pairs'] > 8
    assert 0 < results['lower_is_nearer/success_rate'] < 100
    assert results['visible_mask/iou_visible'] == pytest.approx(100)
    assert 80 < results['visible_mask/iou_full'] < 100
    assert results['iou_full'] == 0
