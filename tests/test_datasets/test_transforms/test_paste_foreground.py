import copy
import pickle
from typing import ClassVar

import cv2
import numpy as np
import pytest
from mmseg.datasets.transforms import RandomFlip

from seginpaint_mm.datasets import CamVidSceneDataset, CityscapesInstanceDataset, PasteForeground
from seginpaint_mm.datasets.class_tables import LABEL_TABLES, LabelTable
from tests.helpers.dataset_folders import (
    picture,
    street_labels,
    write_camvid,
    write_cityscapes,
    write_map,
)

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadSceneAnnotations')]
RESIZE = dict(type='mmseg.Resize', scale=(256, 192), interpolation='area')
OBJECTS = dict(type='seginpaint_mm.LoadObjects')


def source(root, *resize) -> dict:
    return dict(
        type='seginpaint_mm.CamVidSceneDataset',
        data_root=str(root),
        split='val',
        pipeline=[*LOAD, OBJECTS, *resize],
    )


@pytest.fixture
def scenes(tmp_path) -> tuple[dict, list[dict]]:
    """A source and two loaded scenes of SIZE: ground in the lower half, a car."""
    write_camvid(tmp_path, ['a', 'b'])
    dataset = CamVidSceneDataset(str(tmp_path), 'val', pipeline=LOAD, test_mode=True)
    return source(tmp_path), [dataset[i] for i in range(2)]


def paste(transform: PasteForeground, scene: dict) -> dict:
    return transform(copy.deepcopy(scene))


def check_maps(before: dict, after: dict) -> np.ndarray:
    """What must hold for any options; returns the mask of pixels that became foreground."""
    changed = (before['img'] != after['img']).any(axis=2)
    assert after['gt_foreground'][changed].all(), 'a changed pixel is not foreground'
    pasted = (after['gt_foreground'] == 1) & (before['gt_foreground'] == 0)
    assert (after['gt_foreground'] >= before['gt_foreground']).all()
    assert (after['gt_seg_map'][after['gt_foreground'] == 1] == 255).all()
    same = after['gt_foreground'] == 0
    np.testing.assert_array_equal(after['gt_seg_map'][same], before['gt_seg_map'][same])
    np.testing.assert_array_equal(after['gt_background'], before['gt_background'])
    assert after['img'].dtype == np.uint8
    return pasted


@pytest.mark.parametrize('blending', ['none', ('gaussian', 'box', 'poisson')])
@pytest.mark.parametrize('placement', ['same_row', 'on_ground', 'anywhere'])
@pytest.mark.parametrize('truncation', [False, True])
def test_maps_say_what_was_pasted(scenes, blending, placement, truncation):
    config, (scene, _) = scenes
    transform = PasteForeground(
        config,
        num_objects=(1, 3),
        placement=placement,
        blending=blending,
        truncation=truncation,
    )
    np.random.seed(0)
    pasted = [check_maps(scene, paste(transform, scene)).sum() for _ in range(30)]
    assert np.count_nonzero(pasted) > 15


def test_unscaled_copy_is_the_object_in_its_row(scenes):
    config, (scene, other) = scenes
    transform = PasteForeground(
        config,
        num_objects=(1, 1),
        scale=(1, 1),
        flip_prob=0,
        placement='same_row',
        blending='none',
        truncation=False,
        fixed=True,
    )
    cars = [source_scene['img'][4:12, 16:24] for source_scene in (scene, other)]
    for index in range(10):
        scene['sample_idx'] = index
        image = paste(transform, scene)['img']
        strips = [image[4:12, left : left + 8] for left in range(25)]
        changed = np.flatnonzero((image != scene['img']).any(axis=(1, 2)))
        assert set(changed) <= set(range(4, 12))
        own = [left for left in range(25) if left != 16 and np.array_equal(strips[left], cars[0])]
        assert own or any(np.array_equal(strip, cars[1]) for strip in strips)


def test_a_larger_object_stands_nearer(scenes):
    config, (scene, _) = scenes
    feet = []
    for scale in (0.5, 1.0, 1.5):
        transform = PasteForeground(
            config,
            num_objects=(1, 1),
            scale=(scale, scale),
            placement='same_row',
            horizon=0.5,
            fixed=True,
        )
        rows = np.flatnonzero((paste(transform, scene)['img'] != scene['img']).any(axis=(1, 2)))
        feet.append(rows[-1] + 1)
    # The source's foot is at row 12 of 16: 4 rows below the horizon.
    assert feet == [10, 12, 14]


def test_on_ground_stands_on_road_or_sidewalk(scenes):
    config, (scene, _) = scenes
    scene['gt_background'][:] = 2
    transform = PasteForeground(config, placement='on_ground')
    np.testing.assert_array_equal(paste(transform, scene)['img'], scene['img'])


def test_fixed_depends_on_the_sample_only(scenes):
    config, (scene, other) = scenes
    transform = PasteForeground(config, fixed=True, seed=3)
    first = paste(transform, scene)
    paste(transform, other)
    np.random.seed(5)
    again = paste(PasteForeground(config, fixed=True, seed=3, cache_size=1), scene)
    np.testing.assert_array_equal(first['img'], again['img'])
    pictures = [paste(transform, scene | dict(sample_idx=i))['img'].tobytes() for i in range(10)]
    assert len(set(pictures)) > 5
    other_seed = PasteForeground(config, fixed=True, seed=4)
    others = [paste(other_seed, scene | dict(sample_idx=i))['img'].tobytes() for i in range(10)]
    assert pictures != others


def test_blending_changes_the_border_only(scenes, tmp_path):
    config, (scene, _) = scenes
    labels = street_labels(road=3, sidewalk=4, other=1, car=8)
    labels[4:8, 16:20] = 1  # the car has a corner that is not its own
    for name in ('a', 'b'):
        write_map(tmp_path / f'valannot/{name}.png', labels)
    options = dict(num_objects=(1, 1), scale=(1, 1), placement='same_row', fixed=True)
    copied = paste(PasteForeground(config, blending='none', **options), scene)
    mixed = paste(PasteForeground(config, blending='gaussian', **options), scene)
    np.testing.assert_array_equal(copied['gt_foreground'], mixed['gt_foreground'])
    differs = np.abs(copied['img'].astype(int) - mixed['img']).max(axis=2) > 8
    pasted = (copied['img'] != scene['img']).any(axis=2).astype(np.uint8)
    inside = cv2.erode(pasted, np.ones((5, 5), np.uint8), borderValue=0)
    assert differs.any()
    assert not differs[inside == 1].any()


def test_random_follows_numpys_global_state(scenes):
    config, (scene, _) = scenes
    transform = PasteForeground(config)
    pictures = []
    for seed in (0, 0, 1):
        np.random.seed(seed)
        pictures.append([paste(transform, scene)['img'] for _ in range(5)])
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert (np.array(pictures[0]) != np.array(pictures[2])).any()


def test_object_larger_than_the_picture_is_cut_or_left_out(scenes):
    config, (scene, _) = scenes
    options = dict(scale=(5, 5), placement='same_row', fixed=True)
    check_maps(scene, paste(PasteForeground(config, **options), scene))
    whole = paste(PasteForeground(config, truncation=False, **options), scene)
    np.testing.assert_array_equal(whole['img'], scene['img'])


def test_real_frames(real_data):
    root = real_data / 'camvid'
    dataset = CamVidSceneDataset(
        str(root), 'val', pipeline=[*LOAD, RESIZE], indices=range(0, 100, 5), test_mode=True
    )
    transform = PasteForeground(source(root, RESIZE), fixed=True)
    hidden = []
    for scene in dataset:
        pasted = check_maps(scene, paste(transform, scene))
        hidden.append((pasted & (scene['gt_background'] != 255)).mean())
    assert np.mean(hidden) > 0.015
    assert np.mean(np.array(hidden) > 0) > 0.9


def test_missing_source_is_an_error_when_it_is_needed(scenes, tmp_path):
    transform = PasteForeground(source(tmp_path / 'gone'))
    with pytest.raises(FileNotFoundError, match='gone/val: there is no such folder'):
        paste(transform, scenes[1][0])


def test_is_sent_to_worker_processes(scenes):
    config, (scene, _) = scenes
    transform = PasteForeground(config, fixed=True)
    sent = pickle.loads(pickle.dumps(transform))
    np.testing.assert_array_equal(paste(sent, scene)['img'], paste(transform, scene)['img'])


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(placement='sideways'), 'placement must be one of'),
        (dict(blending='alpha'), 'blending must be one of'),
        (dict(blending=('box', 'alpha')), "blending must be one of .*, not 'alpha'"),
        (dict(rotation=(10, -10)), 'rotation must be'),
        (dict(num_objects=(3, 1)), 'num_objects must be'),
        (dict(area=(-1, 1)), 'area must be'),
        (dict(scale=(0, 1)), 'scale must be'),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        PasteForeground(dict(), **options)


LOAD_INSTANCES = [
    dict(type='seginpaint_mm.LoadSceneImage'),
    dict(type='seginpaint_mm.LoadInstances'),
]


@pytest.fixture
def instance_source(tmp_path) -> dict:
    """A street with a car and a person."""
    labels = street_labels(road=7, sidewalk=8, other=11, car=26, size=(48, 64))
    labels[6:18, 4:10] = 24
    instances = np.where(labels > 23, labels.astype(np.uint16) * 1000, labels)
    write_cityscapes(tmp_path, ['a/b'], labels=labels, instances=instances, manual=False)
    return dict(
        type='seginpaint_mm.CityscapesInstanceDataset',
        data_root=str(tmp_path),
        split='val',
        pipeline=LOAD_INSTANCES,
    )


@pytest.mark.parametrize('classes', [None, ('person',), ('car', 'person')])
def test_objects_to_be_removed(instance_source, classes):
    """The truth is the image before; the hole is where it differs, and the whole object."""
    transform = PasteForeground(
        instance_source,
        num_objects=(1, 2),
        area=(0, 1),
        classes=classes,
        scale=(0.5, 1.5),
        rotation=(-30, 30),
        placement='anywhere',
        blending=('none', 'gaussian', 'box', 'poisson'),
        removal=True,
    )
    options = {key: value for key, value in instance_source.items() if key != 'type'}
    scene = CityscapesInstanceDataset(**options)[0]
    np.random.seed(0)
    found = set()
    for _ in range(40):
        after = paste(transform, scene | dict(img=picture((48, 64), seed=5)))
        np.testing.assert_array_equal(after['gt_image'], picture((48, 64), seed=5))
        changed = (after['img'] != after['gt_image']).any(axis=2)
        assert after['hole'].dtype == np.uint8
        assert after['hole'][changed].all()
        assert after['hole'].any()
        np.testing.assert_array_equal(after['gt_seg_map'], scene['gt_seg_map'])
        assert {'gt_image', 'hole'} <= set(after['seg_fields'])
        found |= set(after['removed_classes'])
    assert found == set(classes or ('car', 'person'))


def test_nothing_to_be_removed_leaves_the_picture_out(instance_source):
    transform = PasteForeground(
        instance_source, scale=(9, 9), truncation=False, placement='anywhere', removal=True
    )
    assert transform(dict(img=picture((48, 64)))) is None


def test_ground_that_nobody_knows(instance_source):
    """The default placement is for scenes with a background; the others need none."""
    scene = dict(img=picture((48, 64)))
    with pytest.raises(ValueError, match=r"placement='on_ground' needs gt_background.*'anywhere'"):
        paste(PasteForeground(instance_source, removal=True), scene)
    options = dict(area=(0, 1), num_objects=(1, 1), scale=(1, 1), removal=True, fixed=True)
    transform = PasteForeground(instance_source, placement='same_row', **options)
    assert any(paste(transform, scene | dict(sample_idx=index)) for index in range(5))


def test_what_is_removed_may_be_flipped_afterwards(instance_source):
    transform = PasteForeground(
        instance_source, num_objects=(1, 1), area=(0, 1), placement='anywhere', removal=True
    )
    np.random.seed(0)
    after = paste(transform, dict(img=picture((48, 64))))
    flipped = RandomFlip(prob=1.0)(copy.deepcopy(after))
    for name in ('img', 'gt_image', 'hole'):
        np.testing.assert_array_equal(flipped[name], after[name][:, ::-1])


def test_source_has_no_such_class(instance_source, scenes):
    config, (scene, _) = scenes
    with pytest.raises(ValueError, match="no objects of class 'cat'; there are person, rider, car"):
        paste(PasteForeground(instance_source, classes=('cat',)), scene)
    with pytest.raises(ValueError, match='there are objects without classes'):
        paste(PasteForeground(config, classes=('car',)), scene)
    with pytest.raises(ValueError, match='has a whole train of 0.004 to 0.2'):
        paste(PasteForeground(instance_source, classes=('train',)), scene)


class OwnStreets(CamVidSceneDataset):
    """Five classes in another order than the MPI paper's, with hidden truth."""

    METAINFO: ClassVar[dict] = dict(
        classes=('sky', 'building', 'lane', 'pavement', 'grass'), palette=[(0, 0, 0)] * 5
    )

    def load_data_list(self) -> list[dict]:
        return [dict(sample, label_table='own') for sample in super().load_data_list()]


@pytest.fixture
def own_scene(tmp_path, monkeypatch) -> tuple[dict, dict]:
    """The source of :func:`scenes`, and a scene of classes 1, 2 and 3 with truth behind a car."""
    table = LabelTable(name='own ids', classes={k: k for k in range(5)}, foreground={5}, void={255})
    monkeypatch.setitem(LABEL_TABLES, 'own', table)
    write_camvid(tmp_path / 'source', ['a', 'b'])
    labels = street_labels(road=2, sidewalk=3, other=1, car=5)
    write_map(tmp_path / 'own/val/a.png', picture(labels.shape))
    write_map(tmp_path / 'own/valannot/a.png', labels)
    truth = street_labels(road=2, sidewalk=3, other=1, car=4)
    write_map(tmp_path / 'own/valbackground/a.png', truth)
    options = dict(pipeline=LOAD, test_mode=True, hidden_truth='manual')
    return source(tmp_path / 'source'), OwnStreets(str(tmp_path / 'own'), 'val', **options)[0]


def test_hidden_truth_has_the_data_sets_classes(own_scene, tmp_path):
    _, scene = own_scene
    truth = scene['gt_background']
    assert {*np.unique(truth).tolist()} == {1, 2, 3, 4}
    write_map(tmp_path / 'own/valbackground/a.png', np.full_like(truth, 5))
    options = dict(pipeline=LOAD, test_mode=True, hidden_truth='manual')
    with pytest.raises(ValueError, match=r'a\.png: label ids \[5\] are not hidden-truth classes'):
        OwnStreets(str(tmp_path / 'own'), 'val', **options)[0]


def test_ground_is_found_by_the_names_of_classes(own_scene):
    """It was classes 0 and 1, which are sky and building here."""
    config, scene = own_scene
    transform = PasteForeground(config, num_objects=(5, 5), ground=('lane', 'pavement'), seed=1)
    np.random.seed(0)
    pasted = check_maps(scene, paste(transform, scene))
    assert pasted.any()
    foot = np.flatnonzero(pasted.any(axis=1)).max()
    assert np.isin(scene['gt_background'][foot][pasted[foot]], (2, 3)).all()


@pytest.mark.parametrize(
    ('ground', 'message'),
    [
        (None, 'finds neither a road nor a sidewalk among the classes sky, building, lane'),
        (('road',), "finds no class 'road' among the classes sky"),
    ],
)
def test_ground_that_the_data_set_has_not(own_scene, ground, message):
    config, scene = own_scene
    with pytest.raises(ValueError, match=message):
        PasteForeground(config, ground=ground)(scene)
    PasteForeground(config, ground=ground, placement='same_row')(scene)


@pytest.mark.parametrize('ground', ['road', ()])
def test_ground_that_is_no_list_of_names(scenes, ground):
    with pytest.raises(ValueError, match='ground must be names of classes in a list'):
        PasteForeground(scenes[0], ground=ground)
