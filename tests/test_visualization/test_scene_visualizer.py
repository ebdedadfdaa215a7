"""The images: what must be seen in them, and what bad input says."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmengine.visualization import Visualizer

from seginpaint_mm.engine.hooks import SceneVisualizationHook
from seginpaint_mm.errors import ConfigError
from seginpaint_mm.registry import HOOKS
from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization import SceneVisualizer
from seginpaint_mm.visualization.panels import GAP, HEADER, LEGEND_WIDTH, PAPER, compose
from seginpaint_mm.visualization.scene_visualizer import FOREGROUND, RIGHT, UNKNOWN, WRONG
from tests.helpers.visualizers import CLASSES, PALETTE, make_visualizer

TRUTH = ('gt_foreground', 'gt_background')
PREDICTION = ('pred_foreground', 'pred_background')


def make_sample(fields: tuple[str, ...], height: int = 32, width: int = 64) -> SceneSample:
    """A car (foreground) stands on a road; the prediction sees a pavement behind its right half."""
    foreground = torch.zeros(1, height, width, dtype=torch.uint8)
    foreground[:, height // 4 : 3 * height // 4, width // 4 : 3 * width // 4] = 1
    truth = torch.zeros(1, height, width, dtype=torch.int64)
    truth[:, :2] = 255
    prediction = truth.clone()
    prediction[:, :, width // 2 :][foreground[:, :, width // 2 :] == 1] = 1
    prediction[prediction == 255] = 2
    maps = dict(
        gt_foreground=foreground,
        gt_background=truth,
        pred_foreground=foreground,
        pred_background=prediction,
    )
    sample = SceneSample()
    for field in fields:
        setattr(sample, field, PixelData(data=maps[field]))
    return sample


def draw(name: str, sample: SceneSample) -> np.ndarray:
    return make_visualizer(name).draw(np.zeros((32, 64, 3), np.uint8), sample)


def panel(picture: np.ndarray, row: int, column: int) -> np.ndarray:
    """The 32 x 64 panel in an image of such panels."""
    top, left = row * (HEADER + 32 + GAP) + HEADER, column * (64 + 2 * GAP) + GAP
    return picture[top : top + 32, left : left + 64]


def hue(colour: tuple[int, int, int]) -> np.ndarray:
    return np.array(colour) / max(*colour, 1)


def nearest(colour: np.ndarray, **choices: tuple[int, int, int]) -> str:
    """Name the choice of the same hue: on a black image blending only darkens."""
    return min(choices, key=lambda name: np.abs(hue(colour.tolist()) - hue(choices[name])).sum())


def test_prediction_and_truth_give_two_rows_of_three() -> None:
    picture = draw('two rows', make_sample(TRUTH + PREDICTION))
    assert picture.dtype == np.uint8
    assert picture.shape[0] == 2 * (HEADER + 32 + GAP) + HEADER + GAP
    assert not panel(picture, 0, 0).any()


@pytest.mark.parametrize('fields', [PREDICTION, TRUTH, ('pred_background',), ()])
def test_absent_fields_are_simply_not_drawn(fields: tuple[str, ...]) -> None:
    picture = draw(f'only {fields}', make_sample(fields))
    assert picture.shape[0] == HEADER + 32 + GAP + HEADER + GAP
    ink = (picture[HEADER : HEADER + 32] != PAPER).any(axis=(0, 2))
    assert ink.sum() == 64 * (1 + len(fields))


def test_layout_shows_the_class_behind_the_foreground() -> None:
    picture = draw('layout', make_sample(TRUTH + PREDICTION))
    colours = dict(zip(CLASSES, PALETTE, strict=True), foreground=FOREGROUND)
    assert nearest(panel(picture, 0, 1)[16, 24], **colours) == 'foreground'
    assert nearest(panel(picture, 0, 2)[16, 24], **colours) == 'road'
    assert nearest(panel(picture, 0, 2)[16, 40], **colours) == 'sidewalk'
    assert nearest(panel(picture, 1, 2)[16, 40], **colours) == 'road'


def test_error_panel_shows_right_wrong_and_unknown() -> None:
    error = panel(draw('error', make_sample(TRUTH + PREDICTION)), 1, 0)
    colours = dict(right=RIGHT, wrong=WRONG, unknown=UNKNOWN, neither=(0, 0, 0))
    assert nearest(error[16, 24], **colours) == 'right'
    assert nearest(error[16, 40], **colours) == 'wrong'
    assert nearest(error[0, 5], **colours) == 'unknown'
    assert nearest(error[30, 5], **colours) == 'neither'


@pytest.mark.parametrize('size', [(1, 1), (7, 300), (300, 7), (600, 2000)])
def test_any_image_size(size: tuple[int, int]) -> None:
    sample = make_sample(TRUTH + PREDICTION, *size)
    visualizer = make_visualizer(f'size {size}', panel_width=96)
    picture = visualizer.draw(np.zeros((*size, 3), np.uint8), sample)
    assert picture.shape[1] >= 3 * (96 + 2 * GAP)


def test_picture_is_written_in_rgb_to_file_and_backend(tmp_path: Path) -> None:
    visualizer = SceneVisualizer(
        name='writes', vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path)
    )
    visualizer.dataset_meta = dict(classes=CLASSES, palette=PALETTE)
    image, sample = np.full((32, 64, 3), (255, 0, 0), np.uint8), make_sample(PREDICTION)
    visualizer.add_datasample('scene', image, sample, out_file=tmp_path / 'a' / 'scene.png')
    visualizer.add_datasample('scene', image, sample, step=3)
    written = cv2.imread(str(tmp_path / 'a' / 'scene.png'))[..., ::-1]
    backend = cv2.imread(str(tmp_path / 'vis_data' / 'vis_image' / 'scene_3.png'))[..., ::-1]
    assert (written == visualizer.draw(image, sample)).all()
    assert (backend == written).all()


def test_other_size_than_the_image_is_told() -> None:
    with pytest.raises(ValueError, match=r'gt_foreground is \(16, 64\).*image is \(32, 64\)'):
        draw('wrong size', make_sample(TRUTH, 16, 64))


def test_missing_classes_are_told() -> None:
    visualizer = SceneVisualizer(name='no classes')
    with pytest.raises(ValueError, match='needs class names, and takes their colours'):
        visualizer.draw(np.zeros((32, 64, 3), np.uint8), make_sample(TRUTH))


@pytest.mark.parametrize('number', [1, 9, 21])
def test_a_long_legend_is_broken_into_lines_and_not_cut(number: int) -> None:
    small = [[('image', np.zeros((8, 8, 3), np.uint8))]]
    legend = [(f'class number {index}', (200, 0, 0)) for index in range(number)]
    picture = compose(small, legend)
    assert picture.shape[1] <= LEGEND_WIDTH
    boxes, _ = cv2.findContours(
        (picture == (200, 0, 0)).all(-1).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    assert len(boxes) == number


def classes_sample(size: tuple[int, int], fields: tuple[str, ...]) -> SceneSample:
    """Road in truth, a pavement seen in its right half; the upper quarter is unknown."""
    truth = torch.zeros(1, *size, dtype=torch.int64)
    prediction = truth.clone()
    prediction[..., size[1] // 2 :] = 1
    truth[:, : size[0] // 4] = 255
    sample = SceneSample()
    for field, data in (('gt_sem_seg', truth), ('pred_sem_seg', prediction)):
        if field in fields:
            setattr(sample, field, PixelData(data=data))
    return sample


@pytest.mark.parametrize('size', [(32, 64), (64, 128)])
def test_classes_of_a_segmentor_at_the_images_or_the_original_size(size: tuple[int, int]) -> None:
    picture = draw(f'classes {size}', classes_sample(size, ('gt_sem_seg', 'pred_sem_seg')))
    colours = dict(zip(CLASSES, PALETTE, strict=True))
    assert nearest(panel(picture, 0, 1)[16, 24], **colours) == 'road'
    assert nearest(panel(picture, 0, 1)[16, 40], **colours) == 'sidewalk'
    assert nearest(panel(picture, 1, 1)[16, 40], **colours) == 'road'
    errors = dict(wrong=WRONG, unknown=UNKNOWN, neither=(0, 0, 0))
    assert nearest(panel(picture, 1, 0)[16, 40], **errors) == 'wrong'
    assert nearest(panel(picture, 1, 0)[16, 24], **errors) == 'neither'
    assert nearest(panel(picture, 1, 0)[2, 5], **errors) == 'unknown'


def test_visible_classes_are_drawn_only_where_they_alone_are_predicted() -> None:
    picture = draw('not predicted', classes_sample((32, 64), ('gt_sem_seg',)))
    ink = (picture[HEADER : HEADER + 32] != PAPER).any(axis=(0, 2))
    assert ink.sum() == 64
    sample = make_sample(TRUTH + PREDICTION)
    expected = draw('without', sample)
    sample.pred_sem_seg, sample.gt_sem_seg = sample.pred_background, sample.gt_background
    assert (draw('with', sample) == expected).all()


def make_runner(visualizer: Visualizer, log_dir: Path) -> SimpleNamespace:
    return SimpleNamespace(visualizer=visualizer, log_dir=str(log_dir), iter=7)


def test_hook_draws_every_nth_batch_in_true_colours(tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='SceneVisualizationHook', interval=2, out_dir='pictures'))
    runner = make_runner(make_visualizer('hook'), tmp_path)
    hook.before_run(runner)
    sample = make_sample(TRUTH + PREDICTION)
    sample.set_metainfo(dict(img_path='streets/a.png'))
    blue = torch.zeros(3, 32, 64, dtype=torch.uint8)
    blue[0] = 255
    for batch_idx in range(4):
        batch = dict(inputs=[blue, blue])
        hook.after_val_iter(runner, batch_idx, data_batch=batch, outputs=[sample, sample])
    hook.after_test_iter(runner, 0, data_batch=dict(inputs=[blue]), outputs=[sample])
    names = ['test_00000_a_7.png', 'val_00000_a_7.png', 'val_00002_a_7.png']
    assert sorted(path.name for path in (tmp_path / 'pictures').iterdir()) == names
    picture = cv2.imread(str(tmp_path / 'pictures' / 'val_00002_a_7.png'))
    assert panel(picture, 0, 0)[5, 5].tolist() == [255, 0, 0]


def test_hook_needs_a_scene_visualizer(tmp_path: Path) -> None:
    hook = HOOKS.build(dict(type='SceneVisualizationHook'))
    with pytest.raises(ConfigError, match='the config has Visualizer'):
        hook.before_run(make_runner(Visualizer(name='plain'), tmp_path))
    with pytest.raises(ValueError, match='interval must be at least 1, not 0'):
        HOOKS.build(dict(type='SceneVisualizationHook', interval=0))


@pytest.mark.parametrize('size', [(300, 1), (4000, 60), (60, 4000), (1, 1), (1, 300)])
def test_panels_of_narrow_images_are_bounded(size: tuple[int, int]) -> None:
    """Also where what is drawn is a hole, objects that were removed, or completed."""
    image = np.full((*size, 3), 99, np.uint8)
    ids = PixelData(data=torch.zeros(1, *size, dtype=torch.int64))
    colours = PixelData(data=torch.from_numpy(image.transpose(2, 0, 1).copy()))
    hole = PixelData(data=torch.ones(1, *size, dtype=torch.uint8))
    masks = torch.ones(1, *size, dtype=torch.bool)
    found = InstanceData(masks=masks, names=['a'], removed=torch.tensor([True]))
    samples = (
        SceneSample(pred_background=ids, gt_background=ids),
        SceneSample(pred_image=colours, hole=hole, pred_sem_seg=ids),
        SceneSample(pred_image=colours, pred_mask=hole, hole=hole, pred_instances=found),
        SceneSample(pred_instances=InstanceData(masks=masks, full_masks=masks)),
    )
    for number, sample in enumerate(samples):
        picture = make_visualizer(f'narrow-{size}-{number}', 512).draw(image, sample)
        assert max(picture.shape[:2]) <= 5000, list(sample.keys())


def test_every_scale_is_predicted_where_it_is_drawn_and_as_the_config_says_afterwards() -> None:
    for configured in (False, True):
        model = SimpleNamespace(keep_scales=configured)
        runner, hook = SimpleNamespace(model=model), SceneVisualizationHook(interval=3)
        for phase in ('val', 'test'):
            getattr(hook, f'before_{phase}_epoch')(runner)
            asked = []
            for index in range(6):
                getattr(hook, f'before_{phase}_iter')(runner, index, {})
                asked.append(model.keep_scales)
            getattr(hook, f'after_{phase}_epoch')(runner, {})
            drawn = [True, False, False] * 2
            assert asked == ([True] * 6 if configured else drawn)
            assert model.keep_scales is configured
    other = SimpleNamespace(model=SimpleNamespace())
    hook.before_test_epoch(other)
    hook.before_test_iter(other, 0, {})
    hook.after_test_epoch(other)
    assert not vars(other.model)


def test_colours_are_made_where_there_are_none() -> None:
    sample = make_sample(PREDICTION)
    for number, palette in enumerate(({}, dict(palette=[]), dict(palette=()))):
        visualizer = make_visualizer(f'no palette {number}')
        visualizer.dataset_meta = dict(classes=CLASSES, **palette)
        drawn = visualizer.draw(np.full((32, 64, 3), 100, np.uint8), sample)
        assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > len(CLASSES)
