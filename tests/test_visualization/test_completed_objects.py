"""Images of completed objects: which panels there are, and what their colours say."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from seginpaint_mm.structures import SceneSample
from seginpaint_mm.visualization import SceneVisualizer
from seginpaint_mm.visualization.completed_objects import draw_completed_objects
from seginpaint_mm.visualization.panels import (
    _EXTRA,
    _MISSED,
    _RIGHT,
    _SEEN,
    GAP,
    HEADER,
    LEGEND,
    PAPER,
    object_legend,
    object_panels,
)
from tests.helpers.amodal_records import layered, random_layers

SIZE, WIDTH = (24, 32), 64


def two_objects() -> tuple[InstanceData, InstanceData]:
    """Prediction and truth: of the second object its left half is hidden, half of that is found."""
    visible = torch.zeros(2, *SIZE, dtype=torch.bool)
    visible[0, 4:20, 4:16], visible[1, 4:20, 16:28] = True, True
    true_full = visible.clone()
    true_full[1, 4:20, 8:16] = True
    full = visible.clone()
    full[1, 4:20, 12:16] = True
    full[1, 20:22, 16:28] = True
    boxes = torch.tensor([[0.0, 0.0, 32.0, 24.0]] * 2)
    painted = torch.zeros(2, 4, 16, 16, dtype=torch.uint8)
    painted[:, 0], painted[:, 3, 4:] = 200, 255
    look = torch.zeros(2, 3, 16, 16, dtype=torch.uint8)
    look[:, 2] = 200
    found = InstanceData(masks=visible, full_masks=full, grown_boxes=boxes, painted=painted)
    truth = InstanceData(masks=visible, full_masks=true_full, full_appearance=look)
    return found, truth


def panel_of(picture: np.ndarray, row: int, column: int, width: int, height: int) -> np.ndarray:
    top, left = row * (HEADER + height + GAP) + HEADER, column * (width + 2 * GAP) + GAP
    return picture[top : top + height, left : left + width]


def panels(found: InstanceData, truth: InstanceData) -> dict[str, np.ndarray]:
    image = np.full((*SIZE, 3), 60, np.uint8)
    return dict(object_panels(image, found, truth, 1, 'object 2', 32))


def nearest(colour: np.ndarray, *choices: tuple[int, int, int]) -> tuple[int, int, int]:
    return min(choices, key=lambda choice: np.abs(colour - np.array(choice)).sum())


def test_colours_compare_what_is_found_with_the_truth() -> None:
    shown = panels(*two_objects())
    assert list(shown) == ['object 2', 'whole', 'painted', 'true']
    whole = shown['whole']
    colours = (_SEEN, _RIGHT, _EXTRA, _MISSED, (60, 60, 60))
    for (row, column), expected in {
        (10, 20): _SEEN,
        (10, 14): _RIGHT,
        (10, 9): _MISSED,
        (21, 20): _EXTRA,
        (10, 2): (60, 60, 60),
    }.items():
        assert nearest(whole[row, column].astype(int), *colours) == expected, (row, column)
    assert shown['object 2'][10, 20].tolist() == [60, 60, 60]
    assert shown['object 2'][10, 2].min() > 150, 'pale where the object is not'
    assert shown['painted'][20, 10].tolist() == [200, 0, 0]
    assert shown['painted'][1, 10].tolist() in ([200] * 3, [230] * 3)
    assert shown['true'][10, 10].tolist() == [0, 0, 200]
    assert shown['true'][10, 2].tolist() in ([200] * 3, [230] * 3)


def test_what_is_not_known_is_not_shown() -> None:
    found, truth = two_objects()
    nothing = InstanceData()
    assert list(panels(found, nothing)) == ['object 2', 'whole', 'painted']
    assert list(panels(nothing, truth)) == ['object 2', 'true whole', 'true']
    painter_alone = InstanceData(**{k: v for k, v in found.items() if k != 'full_masks'})
    assert list(panels(painter_alone, truth)) == ['object 2', 'true whole', 'painted', 'true']
    colour = panels(found, nothing)['whole'][10, 14].astype(int)
    assert nearest(colour, _SEEN, _RIGHT, _EXTRA, _MISSED) == _EXTRA


def test_the_legend_names_what_is_in_the_panels() -> None:
    found, truth = two_objects()
    assert object_legend(found, truth, [1]) == LEGEND
    assert [name for name, _ in object_legend(found, truth, [0])] == ['seen']
    assert object_legend(found, InstanceData(), [0, 1]) == [LEGEND[0], LEGEND[2]]
    assert object_legend(InstanceData(), truth, [1]) == LEGEND[:2]
    assert object_legend(found, truth, []) == []


@pytest.mark.parametrize('sources', [('pred',), ('gt',), ('pred', 'gt')])
def test_scene_panels(sources: tuple[str, ...]) -> None:
    found, truth = two_objects()
    sample = SceneSample()
    for source, instances in (('pred', found), ('gt', truth)):
        if source in sources:
            sample.set_field(instances, f'{source}_instances')
    image = np.full((*SIZE, 3), 60, np.uint8)
    picture = draw_completed_objects(image, sample, panel_width=WIDTH)
    height = WIDTH * SIZE[0] // SIZE[1]
    assert (panel_of(picture, 0, 0, WIDTH, height) == 60).all()
    for column in (1, 2, 3):
        assert (panel_of(picture, 0, column, WIDTH, height) != 60).any()
    if len(sources) == 2:
        assert (panel_of(picture, 1, 0, WIDTH, height) == PAPER).all()
        given, full = (panel_of(picture, 1, column, WIDTH, height) for column in (1, 2))
        assert (given != full).any(), 'what is hidden is striped'


def test_the_visualizer_draws_them_without_names_of_classes(tmp_path: Path) -> None:
    found, truth = two_objects()
    sample = SceneSample()
    sample.pred_instances, sample.gt_instances = found, truth
    visualizer = SceneVisualizer(name='objects', panel_width=WIDTH)
    image = np.full((*SIZE, 3), 60, np.uint8)
    visualizer.add_datasample('a', image, sample, out_file=tmp_path / 'a.png')
    assert (tmp_path / 'a.png').stat().st_size > 1000


def test_the_most_hidden_are_shown_and_not_too_many() -> None:
    full = random_layers(3, number=12, size=SIZE)
    visible = layered(full)
    truth = InstanceData(masks=torch.from_numpy(visible), full_masks=torch.from_numpy(full))
    sample = SceneSample()
    sample.gt_instances = truth
    image = np.full((*SIZE, 3), 60, np.uint8)
    some = draw_completed_objects(image, sample, panel_width=WIDTH)
    sample.gt_instances = truth[:0]
    none = draw_completed_objects(image, sample, panel_width=WIDTH)
    assert some.shape[0] - none.shape[0] == 3 * (HEADER + WIDTH // 2 + GAP)
