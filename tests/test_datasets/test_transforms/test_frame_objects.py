import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seginpaint_mm.datasets import FrameObjects, PackScene
from tests.helpers.amodal_folders import full_masks, input_masks, visible_masks
from tests.helpers.dataset_folders import SIZE, picture


def results() -> dict:
    return dict(
        img=picture(),
        img_shape=SIZE,
        ori_shape=SIZE,
        gt_visible_masks=visible_masks(),
        gt_input_masks=input_masks(),
        gt_full_masks=full_masks(),
        gt_labels=np.zeros(3, np.int64),
        gt_depths=np.arange(3),
        gt_appearances=np.stack([picture(seed=seed) for seed in (1, 2, 3)]),
    )


def test_the_whole_picture_at_its_own_size_is_unchanged():
    expected = results()
    framed = FrameObjects(size=SIZE)(results())
    assert framed.pop('scale_factor') == (1.0, 1.0)
    for key, value in expected.items():
        np.testing.assert_array_equal(framed[key], value)


def test_all_is_mirrored_alike():
    expected = results()
    framed = FrameObjects(size=SIZE, flip_prob=1.0)(results())
    for key in ('gt_visible_masks', 'gt_input_masks', 'gt_full_masks', 'gt_appearances'):
        np.testing.assert_array_equal(framed[key], expected[key][:, :, ::-1])
    np.testing.assert_array_equal(framed['img'], expected['img'][:, ::-1])


def test_pictures_are_smoothed_and_masks_keep_what_is_half_covered():
    expected = results()
    framed = FrameObjects(size=(8, 8))(results())
    small = cv2.resize(expected['img'], (8, 8), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(framed['img'], small)
    for key in ('gt_visible_masks', 'gt_full_masks'):
        cells = expected[key].reshape(3, 8, 2, 8, 4).sum(axis=(2, 4))
        np.testing.assert_array_equal(framed[key], cells >= 4)
    assert framed['img_shape'] == (8, 8)
    assert framed['ori_shape'] == SIZE
    assert framed['scale_factor'] == (0.25, 0.5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 40), st.integers(5, 40), st.floats(0.2, 1.0))
def test_windows_keep_pictures_masks_and_appearances_together(seed, height, width, share):
    """Where an object's appearance is painted into the image, it stays so."""
    scene = results()
    scene['img'] = np.zeros((*SIZE, 3), np.uint8)
    scene['img'][scene['gt_full_masks'][2]] = 255
    scene['gt_appearances'][2] = scene['img']
    np.random.seed(seed)
    framed = FrameObjects(size=(height, width), window=(share, share), flip_prob=0.5)(scene)
    if framed is None:
        return
    for key in ('gt_visible_masks', 'gt_input_masks'):
        assert framed[key].any(axis=(1, 2)).all()
    assert not (framed['gt_visible_masks'] & ~framed['gt_full_masks']).any()
    lengths = {len(framed[key]) for key in framed if key.startswith('gt_')}
    assert len(lengths) == 1
    for number in np.flatnonzero(framed['gt_depths'] == 2):
        np.testing.assert_array_equal(framed['gt_appearances'][number], framed['img'])
        np.testing.assert_array_equal(framed['gt_full_masks'][number], framed['img'][..., 0] > 127)


def test_objects_outside_the_window_are_left_out():
    scene = results()
    np.random.seed(0)
    seen = [FrameObjects(size=SIZE, window=(0.3, 0.3))(dict(scene)) for _ in range(30)]
    numbers = [0 if framed is None else len(framed['gt_labels']) for framed in seen]
    assert 0 in numbers, 'a window without objects is None'
    assert {1, 2} & set(numbers)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 10_000))
def test_all_is_kept_where_nothing_may_be_lost(height, width, seed):
    """An object of one pixel stays where it is, in every size."""
    random = np.random.default_rng(seed)
    row, column = random.integers(SIZE[0]), random.integers(SIZE[1])
    mask = np.zeros((1, *SIZE), bool)
    mask[0, row, column] = True
    scene = dict(img=picture(), gt_visible_masks=mask, gt_input_masks=mask)
    framed = FrameObjects(size=(height, width), keep_all=True)(scene)
    rows, columns = np.nonzero(framed['gt_visible_masks'][0])
    assert len(rows)
    across, down = width / SIZE[1], height / SIZE[0]
    assert rows.min() >= np.floor(row * down) - 0.5 * down - 1
    assert rows.max() <= np.ceil((row + 1) * down) + 0.5 * down
    assert columns.min() >= np.floor(column * across) - 0.5 * across - 1
    assert columns.max() <= np.ceil((column + 1) * across) + 0.5 * across


def test_a_picture_without_objects_is_kept():
    nothing = np.zeros((0, *SIZE), bool)
    scene = dict(img=picture(), gt_visible_masks=nothing, gt_input_masks=nothing)
    assert FrameObjects(size=(8, 8))(dict(scene)) is None
    framed = FrameObjects(size=(8, 8), keep_all=True)(scene)
    assert framed['gt_visible_masks'].shape == (0, 8, 8)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(window=(0.0, 1.0)), 'window must be'),
        (dict(window=(0.9, 0.5)), 'window must be'),
        (dict(window=(0.5, 1.2)), 'window must be'),
        (dict(window=(0.8, 1.0), keep_all=True), 'keep_all needs window'),
        (dict(flip_prob=1.5), 'flip_prob must be from 0 to 1, not 1.5'),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        FrameObjects(size=SIZE, **options)


def test_masks_of_the_photo_are_kept_for_metrics():
    expected, scene = results(), results()
    scene['gt_visible_masks'] = np.zeros_like(scene['gt_visible_masks'])
    scene['gt_visible_masks'][0, 3:9, 4:20] = True
    seen = scene['gt_visible_masks'][:1]
    framed = PackScene()(FrameObjects(size=(8, 8), keep_photo=True)(scene))['data_samples']
    instances = framed.gt_instances
    assert instances.masks.shape == (1, 8, 8), 'the objects that are left'
    np.testing.assert_array_equal(instances.photo_masks.numpy(), seen)
    for name, key in (('full', 'gt_full_masks'), ('input', 'gt_input_masks')):
        kept = instances.get(f'photo_{name}_masks').numpy()
        np.testing.assert_array_equal(kept, expected[key][:1])
    with pytest.raises(ValueError, match='keep_photo needs window'):
        FrameObjects(size=SIZE, keep_photo=True, flip_prob=0.5)
