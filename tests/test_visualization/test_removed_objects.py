"""Images of removals: which panels there are, and where they mark something."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData

from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization import SceneVisualizer
from seginpaint_mm.visualization.filled_holes import draw_removed_objects
from seginpaint_mm.visualization.panels import GAP, HEADER

SIZE, WIDTH = (24, 32), 64
GREY = np.full((*SIZE, 3), 100, np.uint8)


def sample(*extra: str) -> SceneSample:
    made = SceneSample()
    mask = torch.zeros(1, *SIZE, dtype=torch.uint8)
    mask[:, 4:16, 4:20] = 1
    for name in ('pred_mask', *extra):
        value = torch.full((3, *SIZE), 30, dtype=torch.uint8) if name == 'gt_image' else mask
        made.set_field(PixelData(data=value), name)
    made.pred_image = PixelData(data=torch.full((3, *SIZE), 200, dtype=torch.uint8))
    return made


def panel(picture: np.ndarray, column: int, row: int = 0) -> np.ndarray:
    height = WIDTH * SIZE[0] // SIZE[1]
    top = row * (height + HEADER + GAP) + HEADER
    left = column * (WIDTH + 2 * GAP) + GAP
    return picture[top : top + height, left : left + WIDTH]


@pytest.mark.parametrize(
    ('extra', 'number'),
    [((), 3), (('pred_mask_before',), 4), (('hole',), 3), (('gt_image', 'hole'), 5)],
)
def test_panels(extra: tuple[str, ...], number: int) -> None:
    picture = draw_removed_objects(GREY, sample(*extra), WIDTH)
    in_a_row = number if number <= 4 else 3
    assert (panel(picture, 0) == 100).all()
    marked = panel(picture, 1)
    assert (marked[12:28, 12:36, 0] > 100).all()
    assert (marked[40:, 50:] == 100).all()
    row, column = divmod(number - 1, in_a_row)
    assert (panel(picture, column, row) == (30 if 'gt_image' in extra else 200)).all()


def test_objects_are_drawn_with_their_numbers() -> None:
    removed = sample()
    masks = torch.zeros(2, *SIZE, dtype=torch.bool)
    masks[0, 4:16, 4:20], masks[1, 18:22, 2:30] = True, True
    removed.pred_instances = InstanceData(masks=masks, names=['cat', ''])
    drawn = panel(draw_removed_objects(GREY, removed, WIDTH), 0)
    assert (drawn[38:42, 6:58] != 100).any()
    assert (drawn[:6, 60:] == 100).all()


def test_the_visualizer_needs_no_classes_for_it() -> None:
    visualizer = SceneVisualizer(name='removed', panel_width=WIDTH)
    np.testing.assert_array_equal(
        visualizer.draw(GREY, sample()), draw_removed_objects(GREY, sample(), WIDTH)
    )
