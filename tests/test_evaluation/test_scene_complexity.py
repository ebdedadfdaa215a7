"""Values by the number of classes, against the metric of all images."""

import pytest
import torch

from seginpaint_mm.evaluation import InpaintingQualityMetric, SceneComplexityMetric
from tests.helpers.painted_records import colours, hole_left, noisy, painted_record

SIZE = (16, 20)
META = dict(classes=('road', 'sky', 'tree', 'car', 'void', 'person'))


def record(labels: torch.Tensor, seed: int) -> dict:
    truth, hole = colours(seed=seed), hole_left(0.3)
    painted = noisy(truth, hole, 10 * (1 + seed))
    return painted_record(painted, truth, hole, gt_sem_seg=labels)


def of_classes(*shares: tuple[int, int]) -> torch.Tensor:
    """(1, H, W) of (class, pixels), the rest 255."""
    labels = torch.full((SIZE[0] * SIZE[1],), 255)
    start = 0
    for label, number in shares:
        labels[start : start + number] = label
        start += number
    return labels.view(1, *SIZE)


def evaluate(records: list[dict], **options: object) -> dict:
    metric = SceneComplexityMetric(**options)
    metric.dataset_meta = META
    metric.process(None, records)
    return metric.evaluate(size=len(records))


def quality(*records: dict) -> dict:
    metric = InpaintingQualityMetric()
    metric.process(None, records)
    return metric.evaluate(size=len(records))


def test_levels_of_table_2():
    simple = record(of_classes((0, 320)), 0), record(of_classes((0, 200), (1, 100)), 1)
    rich = record(of_classes(*((label, 40) for label in (0, 1, 2, 3, 5))), 2)
    metrics = evaluate([*simple, rich])
    assert {name.split('/')[0] for name in metrics} == {'classes_1-2', 'classes_5+'}
    for name, records in (('classes_1-2', simple), ('classes_5+', [rich])):
        expected = quality(*records)
        for key in ('PSNR', 'hole/PSNR', 'SSIM', 'hole/L1'):
            assert metrics[f'{name}/{key}'] == pytest.approx(expected[key])
        assert metrics[f'{name}/num_images'] == len(records)


def test_which_classes_count():
    """Void and pixels of no class do not, nor what covers next to nothing."""
    few = record(of_classes((0, 200), (4, 40), (1, 40), (2, 3)), 0)
    assert 'classes_1-2/PSNR' in evaluate([few], leave_out=['void', 'unlabelled'])
    assert 'classes_3-4/PSNR' in evaluate([few])
    assert 'classes_3-4/PSNR' in evaluate([few], leave_out=['void'], least_share=0.005)
    nothing = record(of_classes(), 0)
    assert 'classes_1-2/PSNR' in evaluate([nothing])
    assert 'classes_2+/PSNR' in evaluate([few], levels=(1, 2))


@pytest.mark.parametrize('levels', [(), (2, 3), (1, 1), (1, 4, 3)])
def test_wrong_levels(levels: tuple):
    with pytest.raises(ValueError, match='levels must be whole numbers that rise from 1'):
        SceneComplexityMetric(levels=levels)
