"""Instances in images: colours, names, and which are drawn."""

import colorsys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData

from seginpaint_mm.engine.hooks import SceneVisualizationHook
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization import SceneVisualizer
from seginpaint_mm.visualization.panels import (
    GAP,
    HEADER,
    INK,
    PAPER,
    distinct_colours,
    draw_instances,
)
from tests.helpers.instance_scenes import instances_of

NAMES = ['car', 'person']
SIZE = (60, 90)
META = dict(classes=('road', 'car', 'person'), palette=np.eye(3) * 255, thing_ids=(1, 2))


def squares(*corners: tuple[int, int], side: int = 20, scores: bool = False) -> InstanceData:
    masks = np.zeros((len(corners), *SIZE), bool)
    for mask, (top, left) in zip(masks, corners, strict=True):
        mask[top : top + side, left : left + side] = True
    instances = instances_of(masks, [number % 2 for number in range(len(corners))])
    if scores:
        instances.scores = torch.linspace(0.9, 0.6, len(corners))
    return instances


def draw(instances: InstanceData, **options: float) -> np.ndarray:
    return draw_instances(np.zeros((*SIZE, 3), np.uint8), instances, NAMES, **options)


def test_each_instance_has_its_own_colour_inside_its_mask() -> None:
    picture = draw(squares((30, 5), (30, 60)))
    one, other = picture[45, 15], picture[45, 70]
    assert one.any()
    assert other.any()
    assert np.abs(one.astype(int) - other).max() > 50
    assert not picture[45, 40].any()


def test_the_first_is_in_front() -> None:
    apart, together = draw(squares((30, 5), (30, 60))), draw(squares((20, 20), (20, 40), side=36))
    colours = [apart[45, 15].astype(float), apart[45, 70].astype(float)]
    hues = [
        colorsys.rgb_to_hsv(*pixel)[0] for pixel in (*colours, together[50, 35], together[50, 70])
    ]
    assert hues[2] == pytest.approx(hues[0], abs=0.02)
    assert hues[3] == pytest.approx(hues[1], abs=0.02)


@pytest.mark.parametrize('top', [0, 25, 40])
@pytest.mark.parametrize('left', [0, 30, 70])
def test_the_name_stands_inside_the_picture(top: int, left: int) -> None:
    named = draw(squares((top, left), scores=True))
    white = (named > 180).all(-1)
    assert white.sum() > 20
    assert not white[[0, -1]].any()
    assert not white[:, [0, -1]].any()


def test_names_do_not_cover_each_other() -> None:
    corners = [(40, 0), (40, 70), (42, 1)]
    one, apart, covering = (
        draw(squares(*places)) for places in (corners[:1], corners[:2], corners[::2])
    )
    name, names, still_one = (
        (picture == INK).all(-1)[15:40].sum() for picture in (one, apart, covering)
    )
    assert names > 1.5 * name
    assert still_one == name


def test_a_name_that_finds_no_room_above_stands_in_the_middle() -> None:
    alone, crowded = draw(squares((30, 5), side=28)), draw(squares((30, 5), (30, 6), side=28))
    assert not (alone[40:50, 10:30] > 180).all(-1).any()
    assert (crowded[40:50, 10:30] > 180).all(-1).any()


def test_low_scores_are_left_out_and_the_truth_has_none() -> None:
    instances = squares((30, 5), (30, 60), scores=True)
    assert not draw(instances, min_score=0.7)[45, 70].any()
    assert draw(instances, min_score=0.7)[45, 15].any()
    assert not draw(instances, min_score=0.95).any()
    assert draw(squares((30, 5)), min_score=0.95).any()


@pytest.mark.parametrize('size', [(7, 9), (240, 360)])
def test_masks_are_brought_to_the_pictures_size(size: tuple[int, int]) -> None:
    picture = draw_instances(np.zeros((*size, 3), np.uint8), squares((30, 45), side=30), NAMES)
    assert picture.shape == (*size, 3)
    assert picture[int(0.9 * size[0]), int(0.7 * size[1])].any()


def test_no_instances_and_one_that_vanishes() -> None:
    assert not draw(squares(scores=True)).any()
    small = np.zeros((3, 4, 3), np.uint8)
    assert not draw_instances(small, squares((1, 1), side=1), NAMES).any()


def test_many_colours_differ() -> None:
    colours = np.array(distinct_colours(40), int)
    assert len(np.unique(colours, axis=0)) == 40
    assert np.abs(np.diff(colours, axis=0)).max(axis=1).min() > 60


def test_a_label_without_a_name_is_told() -> None:
    with pytest.raises(
        ValueError, match=r'label 1, but there are 1 classes of things: set .*thing_ids'
    ):
        draw_instances(np.zeros((*SIZE, 3), np.uint8), squares((0, 0), (30, 30)), NAMES[:1])


def panels_of(name: str, **fields: InstanceData | PixelData) -> np.ndarray:
    """Bool (rows, columns): where there are panels, without the legend."""
    visualizer = SceneVisualizer(name=name, panel_width=SIZE[1])
    visualizer.dataset_meta = META
    sample = SceneSample()
    for field, value in fields.items():
        sample.set_field(value, field)
    picture = visualizer.draw(np.zeros((*SIZE, 3), np.uint8), sample)
    height, width = SIZE[0] + HEADER + GAP, SIZE[1] + 2 * GAP
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    places = picture[HEADER + 5 :: height, GAP + 5 :: width][:rows, :columns]
    return (places != PAPER).any(-1)


def test_the_panels_of_a_scene() -> None:
    found, truth = squares((30, 5), scores=True), squares((30, 60))
    classes = PixelData(data=torch.ones(1, *SIZE, dtype=torch.int64))
    both = panels_of(
        'both', pred_instances=found, gt_instances=truth, pred_sem_seg=classes, gt_sem_seg=classes
    )
    assert both[:2, :3].all()
    assert panels_of('browsing', gt_instances=truth)[0].sum() == 2
    other = panels_of('another task', gt_instances=truth, pred_background=classes)
    assert other[0].sum() == 2
    assert panels_of('alone', pred_instances=found)[0].sum() == 2


def test_the_hook_draws_them(tmp_path: Path) -> None:
    visualizer = SceneVisualizer(name='hook of instances', panel_width=SIZE[1])
    visualizer.dataset_meta = META
    runner = SimpleNamespace(visualizer=visualizer, log_dir=str(tmp_path), iter=0)
    sample = SceneSample(metainfo=dict(img_path='a.png'))
    sample.pred_instances = squares((30, 5), scores=True)
    hook = SceneVisualizationHook(out_dir='pictures')
    inputs = [torch.zeros(3, *SIZE, dtype=torch.uint8)]
    hook.after_test_iter(runner, 0, data_batch=dict(inputs=inputs), outputs=[sample])
    picture = cv2.imread(str(tmp_path / 'pictures' / 'test_00000_a_0.png'))
    assert picture[HEADER + 48, GAP + SIZE[1] + 2 * GAP + 15].any()
    assert not picture[HEADER + 48, GAP + 15].any()
