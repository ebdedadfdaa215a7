"""Images of filled holes: what was known and painted, classes, and the scales of SGE-Net."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData

from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization.panels import GAP, HEADER, PAPER
from tests.helpers.visualizers import make_visualizer

SIZE = (32, 64)
IMAGE = np.full((*SIZE, 3), 90, np.uint8)


def panel(picture: np.ndarray, row: int, column: int) -> np.ndarray:
    """The 32 x 64 panel in an image of such panels."""
    top, left = row * (HEADER + 32 + GAP) + HEADER, column * (64 + 2 * GAP) + GAP
    return picture[top : top + 32, left : left + 64]


def filled(**fields: torch.Tensor) -> SceneSample:
    hole = torch.zeros(1, *SIZE, dtype=torch.uint8)
    hole[:, 8:24, 16:48] = 1
    painted = torch.where(hole > 0, 200, 90).byte().expand(3, -1, -1)
    sample = SceneSample()
    for name, value in dict(hole=hole, pred_image=painted, **fields).items():
        sample.set_field(PixelData(data=value), name)
    return sample


def draw(name: str, sample: SceneSample) -> np.ndarray:
    return make_visualizer(name).draw(IMAGE, sample)


def test_what_was_known_what_was_painted_and_the_truth():
    truth = torch.full((3, *SIZE), 30, dtype=torch.uint8)
    picture = draw('filled', filled(gt_image=truth))
    known, painted, true = (panel(picture, 0, column) for column in range(3))
    assert (known[16, 32] == PAPER).all(), 'the model does not see it, nor does the reader'
    assert (known[2, 2] == 90).all()
    assert (painted[16, 32] == 200).all()
    assert (true == 30).all()


def test_classes_and_how_sure_they_are():
    classes = torch.zeros(1, *SIZE, dtype=torch.int64)
    classes[..., 32:] = 1
    sure = torch.full((1, *SIZE), 0.2)
    sample = filled(pred_sem_seg=classes, pred_confidence=sure, gt_sem_seg=1 - classes)
    picture = draw('classes', sample)
    found, confidence, true = (panel(picture, 1, column).astype(int) for column in range(3))
    assert (confidence == 51).all()
    assert (found[2, 2] == true[2, 60]).all()
    assert (found[2, 60] == true[2, 2]).all()
    assert (found[2, 2] != found[2, 60]).any()


def test_a_row_for_each_scale_from_coarse_to_fine():
    fields = dict(pred_sem_seg=torch.zeros(1, *SIZE, dtype=torch.int64))
    for scale in (1, 2):
        fields[f'pred_image_{scale}'] = torch.full((3, *SIZE), 50 * scale, dtype=torch.uint8)
        fields[f'pred_sem_seg_{scale}'] = torch.zeros(1, *SIZE, dtype=torch.int64)
        fields[f'pred_confidence_{scale}'] = torch.ones(1, *SIZE)
        reliable = torch.ones(1, *SIZE, dtype=torch.uint8)
        reliable[..., :32] = 0
        fields[f'pred_reliability_{scale}'] = reliable
    picture = draw('scales', filled(**fields))
    for row, scale in ((1, 2), (2, 1)):
        assert (panel(picture, row, 0) == 50 * scale).all()
        assert (panel(picture, row, 2) == 255).all()
        reliability = panel(picture, row, 3)
        assert (reliability[5, 40] == 50 * scale).all()
        assert reliability[5, 10, 0] > reliability[5, 10, 1]
    assert panel(picture, 3, 0).shape == (32, 64, 3), 'the last scale is below'


def test_how_much_surer_each_scale_is_than_the_one_before():
    """The last row of Fig. 6: white where it was unsure, black where it has become less sure."""
    fields = dict(
        pred_sem_seg=torch.zeros(1, *SIZE, dtype=torch.int64),
        pred_confidence=torch.full((1, *SIZE), 0.5),
    )
    for scale, sure in ((1, 0.6), (2, 0.2)):
        fields[f'pred_image_{scale}'] = torch.full((3, *SIZE), 7, dtype=torch.uint8)
        fields[f'pred_confidence_{scale}'] = torch.full((1, *SIZE), sure)
    picture = draw('gains', filled(**fields))
    assert (panel(picture, 2, 2) == 102).all(), 'from 0.2 to 0.6'
    assert (panel(picture, 3, 2) == 0).all(), 'from 0.6 to 0.5'


def test_another_size_is_told():
    sample = filled()
    with pytest.raises(ValueError, match=r'pred_image is \(32, 64\) .*the image is \(16, 64\)'):
        make_visualizer('size').draw(IMAGE[:16], sample)
