"""Street in DYCE's layout: what is on the disk is what the scene holds."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.street import StreetObject, render_street
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset
from seginpaint_mm.street.writers.writer import rough_mask

SIZE = (64, 128)
NAME = 'street_000000_000001'
RIDER_SCENE = 5  # shows a rider


def write(root: Path, **counts: int) -> None:
    order = Order('dyce', 'day', 0, SIZE)
    write_dataset(root, LAYOUTS['dyce'], order, counts, 1, lambda done, total: None)


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('dyce') / 'out'
    write(folder, train=3, val=1)
    return folder


def read(root: Path, folder: str, name: str) -> np.ndarray:
    image = cv2.imread(str(root / folder / name), cv2.IMREAD_UNCHANGED)
    assert image is not None, (folder, name)
    return image


def lines_of(root: Path, list_: str, name: str = NAME) -> list[list[str]]:
    lines = (root / f'annotations/{list_}.txt').read_text().splitlines()
    return [words for words in map(str.split, lines) if words[0] == f'{name}.png']


def seen(item: StreetObject) -> bool:
    visible, full = item.visible_mask.sum(), item.full_mask.sum()
    return visible >= SIZE[0] * SIZE[1] / 2000 and visible >= full / 10


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()


def test_each_line_is_an_object_of_the_scene_in_depth_order(root: Path) -> None:
    scene = render_street(1, size=SIZE)
    objects = [item for item in scene.objects if seen(item)]
    lines = lines_of(root, 'train')
    assert len(objects) == len(lines) > 4
    np.testing.assert_array_equal(read(root, 'Images', f'{NAME}.png'), scene.image)
    for item, words in zip(objects, lines, strict=True):
        visible = read(root, 'modal', words[1])
        np.testing.assert_array_equal(visible, np.where(item.visible_mask, 255, 0))
        np.testing.assert_array_equal(
            read(root, 'amodal', words[2]), np.where(item.full_mask, 255, 0)
        )
        whole = read(root, 'FullObj', words[-1])
        assert (whole[~item.full_mask] == 0).all()
        left, top, right, bottom = item.bbox
        inside = item.full_mask[top:bottom, left:right]
        np.testing.assert_array_equal(
            whole[top:bottom, left:right][inside], item.rgba[..., :3][inside]
        )
        assert words[1] == words[2].replace('amodal', 'modal'), 'how the visible mask is found'


def test_the_appearance_is_what_the_picture_shows_where_nothing_else_is(root: Path) -> None:
    image = read(root, 'Images', f'{NAME}.png').astype(int)
    words = lines_of(root, 'train')[0]
    visible = read(root, 'modal', words[1])
    inner = cv2.erode(visible, np.ones((3, 3), np.uint8)) > 0
    assert inner.sum() > 20
    assert np.abs(read(root, 'FullObj', words[-1])[inner] - image[inner]).mean() < 2


@pytest.mark.parametrize(
    ('list_', 'folder'), [('train', 'modal'), ('train_multipath', 'multipath_masks')]
)
def test_boxes_are_tight_around_the_list_s_masks_in_thousandths(
    root: Path, list_: str, folder: str
) -> None:
    for words in lines_of(root, list_):
        rows, columns = np.nonzero(read(root, folder, words[1]))
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        thousandths = np.array(box) * 1000 / (SIZE[::-1] * 2)
        written = np.array(list(map(int, words[3:7])))
        assert (np.abs(written - thousandths) < 1).all()
        assert (written[:2] <= thousandths[:2]).all()
        assert (written[2:] >= thousandths[2:]).all()


def test_multipath_lists_name_rough_masks_of_the_same_objects(root: Path) -> None:
    exact, rough = lines_of(root, 'train'), lines_of(root, 'train_multipath')
    overlaps = []
    for one, other in zip(exact, rough, strict=True):
        assert one[2] == other[2]
        assert one[7:] == other[7:]
        masks = read(root, 'modal', one[1]) > 0, read(root, 'multipath_masks', other[1]) > 0
        overlaps.append(iou(*masks))
    assert 0.4 < np.mean(overlaps) < 0.95


def test_tags_may_hold_spaces() -> None:
    scene = render_street(RIDER_SCENE, size=SIZE)
    files = LAYOUTS['dyce'].scene_files(scene, 'train', 0, RIDER_SCENE)
    lines = files[f'annotations/scenes/street_000000_{RIDER_SCENE:06d}.txt'].decode().splitlines()
    tags = [' '.join(line.split()[7:-1]) for line in lines]
    assert 'bicycle rider' in tags
    assert 'car' in tags


def test_lists_join_the_scenes_that_were_asked_for(root: Path, tmp_path: Path) -> None:
    write(tmp_path / 'out', train=3)
    write(tmp_path / 'out', train=2)
    names = [
        line.split()[0]
        for line in (tmp_path / 'out/annotations/train.txt').read_text().splitlines()
    ]
    assert sorted(set(names)) == [f'street_000000_{number:06d}.png' for number in (0, 1)]
    assert names == sorted(names)


def test_a_scene_without_its_lines_is_written_again(root: Path, tmp_path: Path) -> None:
    write(tmp_path / 'out', train=2)
    scenes = tmp_path / 'out/annotations/scenes'
    (scenes / f'{NAME}.txt').unlink()
    lost = tmp_path / 'out/modal' / lines_of(tmp_path / 'out', 'train')[0][1]
    lost.unlink()
    write(tmp_path / 'out', train=2)
    assert lost.exists()
    assert (scenes / f'{NAME}.txt').read_text()


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 30), st.integers(0, 30), st.integers(1, 20), st.integers(1, 20), st.booleans()
)
def test_a_rough_mask_is_near_the_mask_and_never_empty(
    top: int, left: int, height: int, width: int, hollow: bool
) -> None:
    mask = np.zeros((32, 40), bool)
    mask[top : top + height, left : left + width] = True
    if hollow and min(height, width) > 2:
        mask[top + 1 : top + height - 1, left + 1 : left + width - 1] = False
    rough = rough_mask(mask)
    assert rough.shape == mask.shape
    assert rough.dtype == bool
    assert rough.any()
    reach = max(1, round(0.16 * np.sqrt(mask.sum())))
    near = cv2.dilate(mask.astype(np.uint8), np.ones((3 * reach + 2,) * 2, np.uint8)) > 0
    near = cv2.dilate(near.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert not (rough & ~near).any()
    np.testing.assert_array_equal(rough, rough_mask(mask.copy()))
