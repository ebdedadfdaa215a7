"""Holes of all kinds: polarity, size, repeatability, and what is refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import DefaultScope

from seginpaint_mm.datasets import (
    CentreHole,
    FreeFormStrokes,
    HoleTransform,
    IrregularHoles,
    KeepTrueImage,
    LoadHole,
    ObjectHole,
    PackScene,
)
from tests.helpers.dataset_folders import picture, write_map


def scene(size: tuple[int, int] = (40, 60), name: str = 'a.png') -> dict:
    return dict(img=picture(size), img_path=f'somewhere/{name}', seg_fields=['gt_seg_map'])


def draw(transform: HoleTransform, size: tuple[int, int] = (40, 60), name: str = 'a.png'):
    return transform(scene(size, name))['hole']


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """Rectangles from the left of 5, 15, ... 55 per cent, one for each of NVIDIA's bins."""
    for number, percent in enumerate(range(5, 65, 10)):
        mask = np.zeros((100, 100), np.uint8)
        mask[:, :percent] = 255
        write_map(tmp_path / f'masks/{number:05d}.png', mask)
    return tmp_path / 'masks'


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(2, 60), st.data())
def test_a_centre_hole_is_a_square_in_the_middle(height, width, data):
    side = data.draw(st.integers(1, min(height, width) - 1))
    hole = draw(CentreHole(sides=side), (height, width))
    assert hole.dtype == np.uint8
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    assert rows.size == columns.size == side
    assert hole.sum() == side * side
    for ends, length in ((rows, height), (columns, width)):
        assert abs(ends[0] - (length - 1 - ends[-1])) <= 1


def test_sides_are_drawn_from_the_whole_range():
    sides = {int(draw(CentreHole(sides=(3, 5))).any(axis=0).sum()) for _ in range(60)}
    assert sides == {3, 4, 5}


def test_the_image_stays_complete_and_the_hole_is_packed():
    results = scene()
    image = results['img'].copy()
    results = KeepTrueImage()(CentreHole(sides=8)(results))
    np.testing.assert_array_equal(results['img'], image)
    assert results['seg_fields'] == ['gt_seg_map', 'hole']
    again = CentreHole(sides=4)(results)
    assert again['seg_fields'] == ['gt_seg_map', 'hole'], 'listed once'
    packed = PackScene()(again)
    sample = packed['data_samples']
    assert sample.hole.data.shape == (1, 40, 60)
    assert sample.hole.data.sum() == 16
    np.testing.assert_array_equal(packed['inputs'].permute(1, 2, 0), image)
    np.testing.assert_array_equal(sample.gt_image.data.permute(1, 2, 0), image[..., ::-1])


def transforms(masks: Path, **options: object) -> list[HoleTransform]:
    return [
        CentreHole(sides=(4, 30), **options),
        FreeFormStrokes(**options),
        IrregularHoles(str(masks), **options),
    ]


def test_fixed_holes_depend_on_the_name_and_the_seed_only(masks):
    pairs = zip(transforms(masks, fixed=True), transforms(masks, fixed=True, seed=1), strict=True)
    for transform, other in pairs:
        names = [f'{number}.png' for number in range(12)]
        first = [draw(transform, name=name) for name in names]
        np.random.random(5)
        backwards = [draw(transform, name=name) for name in reversed(names)]
        for one, two in zip(first, reversed(backwards), strict=True):
            np.testing.assert_array_equal(one, two)
        assert any((one != first[0]).any() for one in first)
        seeded = [draw(other, name=name) for name in names]
        assert any((one != two).any() for one, two in zip(first, seeded, strict=True))


def test_other_holes_follow_numpy_s_global_state(masks):
    for transform in transforms(masks):
        np.random.seed(0)
        first = [draw(transform) for _ in range(5)]
        np.random.seed(0)
        for hole in first:
            np.testing.assert_array_equal(hole, draw(transform))
        assert any((hole != first[0]).any() for hole in first)


def test_masks_are_chosen_by_their_ratio_and_keep_it(masks):
    for percent in range(0, 60, 10):
        low, high = percent / 100, (percent + 10) / 100
        transform = IrregularHoles(str(masks), ratios=(low, high))
        for _ in range(3):
            assert low < draw(transform, (50, 200)).mean() <= high
    ratios = {round(float(draw(IrregularHoles(str(masks))).mean()), 2) for _ in range(200)}
    assert sorted(ratios) == pytest.approx([0.05, 0.15, 0.25, 0.35, 0.45, 0.55], abs=0.01)


def test_masks_are_mirrored_only_if_wanted(masks):
    left = [draw(IrregularHoles(str(masks), flip=False))[0, 0] for _ in range(10)]
    assert all(left)
    assert {int(draw(IrregularHoles(str(masks)))[0, 0]) for _ in range(30)} == {0, 1}


def test_a_mask_that_is_lost_in_a_small_image_is_not_taken(tmp_path):
    line = np.zeros((200, 200), np.uint8)
    line[151] = 255
    write_map(tmp_path / 'line.png', line)
    block = np.zeros((200, 200), np.uint8)
    block[:100] = 255
    write_map(tmp_path / 'block.png', block)
    transform = IrregularHoles(str(tmp_path))
    assert all(draw(transform, (8, 8)).mean() == 0.5 for _ in range(10))


def test_irregular_holes_refused(tmp_path, masks):
    with pytest.raises(FileNotFoundError, match=r'nowhere: there is no mask .*FreeFormStrokes'):
        draw(IrregularHoles(str(tmp_path / 'nowhere')))
    with pytest.raises(ValueError, match=r'none of the 6 masks .* in \(0.9, 1.0\)'):
        draw(IrregularHoles(str(masks), ratios=(0.9, 1.0)))
    with pytest.raises(ValueError, match='ratios must be .least, greatest. with 0 <= least'):
        IrregularHoles(str(masks), ratios=(0.5, 0.2))
    soft = np.zeros((20, 20), np.uint8)
    soft[5:10], soft[10] = 255, 130
    write_map(tmp_path / 'soft/a.png', soft)
    hole = draw(IrregularHoles(str(tmp_path / 'soft'), ratios=(0.1, 0.9)), (20, 20))
    assert hole.any(axis=1).sum() == 6


@pytest.fixture
def raw(tmp_path):
    """As NVIDIA's raw training masks: a known image with a black bar, 1 pixel wide."""
    mask = np.full((64, 64), 255, np.uint8)
    mask[32, 8:56] = 0
    write_map(tmp_path / 'raw.png', mask)
    return str(tmp_path)


def test_raw_masks_are_inverted_dilated_and_cut_at_the_border(raw):
    square = dict(size=(64, 64))
    assert draw(IrregularHoles(raw), **square).mean() > 0.9
    bar = draw(IrregularHoles(raw, invert=True, flip=False), **square)
    assert bar.sum() == 48
    assert bar[32, 8:56].all()
    thick = draw(IrregularHoles(raw, invert=True, dilate=(7, 7), flip=False), **square)
    assert thick.any(axis=1).sum() == 7
    assert thick.any(axis=0).sum() == 48 + 6
    widths = {
        draw(IrregularHoles(raw, invert=True, dilate=(3, 9)), **square).any(axis=1).sum()
        for _ in range(60)
    }
    assert widths == {*range(3, 10)}
    cut = draw(IrregularHoles(raw, invert=True, border=20), **square)
    assert cut.sum() == 64 - 2 * 20


def test_raw_masks_are_rotated_and_cropped(raw):
    square = dict(size=(64, 64))
    turned = draw(IrregularHoles(raw, invert=True, rotate=180, dilate=(5, 5)), **square)
    assert 40 * 4 < turned.sum() < 60 * 6
    heights = [
        draw(IrregularHoles(raw, invert=True, rotate=180, dilate=(5, 5)), **square)
        .any(axis=1)
        .sum()
        for _ in range(30)
    ]
    assert min(heights) < 20
    assert max(heights) > 35
    thick = [
        draw(IrregularHoles(raw, invert=True, dilate=(9, 9), crop=(0.5, 0.5)), **square)
        for _ in range(20)
    ]
    assert all(hole.any(axis=1).sum() <= 18 for hole in thick), 'twice as large'
    assert any(hole.any(axis=1).sum() == 18 for hole in thick)


def test_ratios_are_those_of_the_prepared_masks(raw):
    transform = IrregularHoles(raw, invert=True, dilate=(1, 30), ratios=(0.2, 0.9))
    found = []
    for _ in range(20):
        try:
            found.append(draw(transform, (64, 64)).mean())
        except ValueError:
            continue
    assert 0 < len(found) < 20
    assert all(0.2 < ratio <= 0.9 for ratio in found)


@pytest.mark.parametrize('wrong', [dict(crop=(0, 1)), dict(dilate=(0, 3)), dict(rotate=-1)])
def test_wrong_preparation(wrong):
    with pytest.raises(ValueError, match=rf'IrregularHoles: {next(iter(wrong))}.* must be'):
        IrregularHoles('nowhere', **wrong)


def test_nvidia_s_masks(real_data):
    transform = IrregularHoles(str(real_data / 'irregular_masks'), ratios=(0.2, 0.3), fixed=True)
    ratios = [draw(transform, (128, 128), f'{number}.png').mean() for number in range(5)]
    assert all(0.19 < ratio < 0.31 for ratio in ratios)
    assert len(set(ratios)) > 1


@settings(max_examples=30, deadline=None)
@given(st.integers(16, 90), st.integers(16, 90), st.integers(0, 2**31))
def test_strokes_stay_in_the_wanted_ratio(height, width, seed):
    np.random.seed(seed)
    hole = draw(FreeFormStrokes(ratios=(0.05, 0.6)), (height, width))
    assert hole.shape == (height, width)
    assert set(np.unique(hole)) == {0, 1}
    assert 0.05 <= hole.mean() <= 0.6


def test_strokes_look_alike_in_all_sizes():
    means = []
    for side in (64, 256):
        np.random.seed(0)
        means.append(np.mean([draw(FreeFormStrokes(), (side, side)).mean() for _ in range(100)]))
    assert means[0] == pytest.approx(means[1], abs=0.06)


def objects_scene() -> dict:
    numbers = np.zeros((20, 30), np.uint16)
    numbers[2:6, 2:6] = 1  # 16 pixels
    numbers[10:18, 10:20] = 2  # 80 pixels
    numbers[0, 29] = 3  # one
    classes = np.where(numbers > 0, 13, 0).astype(np.uint8)
    classes[numbers == 2] = 11
    return dict(
        img=picture((20, 30)), img_path='a.png', gt_instance_map=numbers, gt_seg_map=classes
    )


def test_one_object_is_the_hole():
    transform = ObjectHole(area=(0.02, 0.5))
    found = {int(transform(objects_scene())['hole'].sum()) for _ in range(30)}
    assert found == {16, 80}
    for _ in range(5):
        hole = ObjectHole(area=(0.1, 0.5))(objects_scene())['hole']
        np.testing.assert_array_equal(hole, objects_scene()['gt_instance_map'] == 2)


def test_connected_parts_of_classes_are_objects():
    hole = ObjectHole(classes=(13,), area=(0.01, 0.5))(objects_scene())['hole']
    np.testing.assert_array_equal(hole, objects_scene()['gt_instance_map'] == 1)


def test_a_grown_object_is_its_dilation():
    hole = ObjectHole(area=(0.1, 0.5), grow=2)(objects_scene())['hole']
    mask = (objects_scene()['gt_instance_map'] == 2).astype(np.uint8)
    distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert hole[mask > 0].all()
    assert hole[distance <= 1.5].all()
    assert not hole[distance > 3].any()


def test_an_image_without_objects():
    empty = objects_scene()
    empty['gt_instance_map'][:] = 0
    assert ObjectHole()(empty) is None
    with DefaultScope.overwrite_default_scope('seginpaint_mm'):
        transform = ObjectHole(otherwise=dict(type='CentreHole', sides=4), fixed=True)
    assert transform(empty)['hole'].sum() == 16
    del empty['gt_instance_map']
    with pytest.raises(ValueError, match='ObjectHole needs gt_instance_map: load it before'):
        ObjectHole()(empty)


def test_an_image_s_own_hole(tmp_path):
    hole = np.zeros((40, 60), np.uint8)
    hole[3:9, 4:9] = 1
    for greatest in (1, 255):
        write_map(tmp_path / 'a.png', greatest * hole)
        np.testing.assert_array_equal(draw(LoadHole(str(tmp_path)), name='a.jpg'), hole)
    (tmp_path / 'a.png').rename(tmp_path / 'a.PNG')
    np.testing.assert_array_equal(draw(LoadHole(str(tmp_path)), name='a.jpg'), hole)
    write_map(tmp_path / 'a.bmp', 255 * hole)
    with pytest.raises(ValueError, match=r'a\.PNG and a\.bmp may be the hole of a: keep one'):
        draw(LoadHole(str(tmp_path)), name='a.jpg')


def test_the_same_file_is_taken_as_by_infer(tmp_path):
    hole = np.zeros((40, 60), np.uint8)
    hole[3:9, 4:9] = 255
    write_map(tmp_path / 'a.jpg', 255 - hole)  # the image, or a copy
    write_map(tmp_path / 'a.bmp', hole)
    np.testing.assert_array_equal(draw(LoadHole(str(tmp_path)), name='a.jpg'), hole > 0)
    write_map(tmp_path / 'a.png', 255 - hole)
    with pytest.raises(ValueError, match=r'a\.bmp and a\.png may be the hole of a: keep one'):
        draw(LoadHole(str(tmp_path)), name='a.jpg')
    write_map(tmp_path / 'a.jpg.png', hole)
    np.testing.assert_array_equal(draw(LoadHole(str(tmp_path)), name='a.jpg'), hole > 0)


def test_a_hole_is_of_one_image(tmp_path):
    hole = np.zeros((40, 60), np.uint8)
    hole[3:9, 4:9] = 255
    write_map(tmp_path / 'a.png', hole)
    transform = LoadHole(str(tmp_path))
    for _ in range(2):
        draw(transform, name='x/a.jpg')
    with pytest.raises(ValueError, match=r'would be the hole of .*x/a\.jpg and of .*y/a\.jpg'):
        draw(transform, name='y/a.jpg')


def test_irregular_holes_of_other_formats(tmp_path):
    hole = np.zeros((40, 60), np.uint8)
    hole[10:20, 10:30] = 255
    write_map(tmp_path / 'a.bmp', hole)
    write_map(tmp_path / 'b.tiff', hole)
    np.testing.assert_array_equal(draw(IrregularHoles(str(tmp_path), flip=False)), hole > 0)


@pytest.mark.parametrize(
    ('mask', 'sentence'),
    [
        (np.zeros((40, 60), np.uint8), 'hole of somewhere/a.png covers nothing'),
        (np.full((40, 60), 255, np.uint8), 'hole of somewhere/a.png covers the whole image'),
        (np.eye(40, 61, dtype=np.uint8), r'a\.png: the hole is 61x40 pixels .* is 60x40'),
    ],
)
def test_holes_refused(tmp_path, mask, sentence):
    write_map(tmp_path / 'a.png', mask.astype(np.uint8))
    with pytest.raises(ValueError, match=sentence):
        draw(LoadHole(str(tmp_path)))
    with pytest.raises(FileNotFoundError, match=r'b\.png: there is no such file'):
        draw(LoadHole(str(tmp_path)), name='b.png')


def test_a_square_that_does_not_fit():
    with pytest.raises(ValueError, match='a square of 50 pixels does not fit into .*60x40'):
        draw(CentreHole(sides=50))
    with pytest.raises(ValueError, match='covers the whole image'):
        draw(CentreHole(sides=40), (40, 40))
    with pytest.raises(ValueError, match='sides must be .least, greatest. with 1 <= least'):
        CentreHole(sides=0)
    with pytest.raises(ValueError, match='strokes must be'):
        FreeFormStrokes(strokes=(3, 2))
    with pytest.raises(ValueError, match='grow must be 0 or more'):
        ObjectHole(grow=-1)
