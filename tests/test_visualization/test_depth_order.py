"""The image of a depth order: who is where, in which colour, and who hides whom."""

import numpy as np
import pytest
import torch

from seginpaint_mm.geometry.depth_order import infer_depth_order
from seginpaint_mm.visualization.completed_objects import draw_depth_order
from tests.helpers.amodal_records import layered


def drawn(size: tuple[int, int] = (360, 720), first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two objects, the front one at the left, on grey; and what is seen of them."""
    height, width = size
    full = np.zeros((2, *size), bool)
    full[0, height // 3 : 5 * height // 6, width // 8 : 5 * width // 8] = True
    full[1, height // 6 : 2 * height // 3, 3 * width // 8 : 7 * width // 8] = True
    visible = layered(full)
    order = infer_depth_order(torch.from_numpy(visible), torch.from_numpy(full))
    assert [(item.front, item.back) for item in order.occlusions()] == [(0, 1)]
    image = np.full((*size, 3), 128, np.uint8)
    picture = draw_depth_order(image, visible, order, first)
    assert (image == 128).all(), 'the image itself is not drawn on'
    return picture, visible


def test_colours_say_who_is_in_front() -> None:
    picture, visible = drawn()
    assert picture.shape == (360, 720, 3)
    changed = (picture != 128).any(axis=2)
    assert changed[visible.any(axis=0)].mean() > 0.99
    front, back = picture[280, 110].astype(int), picture[80, 600].astype(int)
    assert front[0] > front[2] + 30, 'red in front'
    assert back[2] > back[0] + 30, 'blue behind'
    assert not changed[:40].any()


def test_an_arrow_goes_from_the_nearer_to_the_farther() -> None:
    """Its tip is wider than its tail."""
    picture, _ = drawn()
    dark = (picture < 60).all(axis=2)
    columns = np.flatnonzero(dark[150:250].any(axis=0))
    line = dark[:, columns.min() + 30 : columns.max() - 30].sum(axis=0)
    middle = len(line) // 2
    assert line[middle:].max() > line[:middle].max() - 1


def test_numbers_begin_where_they_are_told_to() -> None:
    assert (drawn()[0] != drawn(first=1)[0]).any()
    np.testing.assert_array_equal(drawn()[0], drawn()[0])


@pytest.mark.parametrize('size', [(16, 24), (100, 20), (800, 1200)])
def test_small_pictures_are_enlarged(size: tuple[int, int]) -> None:
    picture, _ = drawn(size)
    assert max(picture.shape[:2]) == max(720, *size)
    assert picture.shape[0] / picture.shape[1] == pytest.approx(size[0] / size[1], rel=0.01)


def test_nothing_to_draw() -> None:
    nothing = np.zeros((0, 360, 720), bool)
    order = infer_depth_order(*(torch.from_numpy(nothing) for _ in range(2)))
    image = np.full((360, 720, 3), 7, np.uint8)
    np.testing.assert_array_equal(draw_depth_order(image, nothing, order), image)
