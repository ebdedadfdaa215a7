import json

import numpy as np
import pytest
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO

from seginpaint_mm.datasets import CocoInstanceDataset, PackScene
from seginpaint_mm.datasets.object_library import cut_out_of_scene
from tests.helpers.dataset_folders import SIZE, picture, write_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
HEIGHT, WIDTH = SIZE


def polygon(left: int, top: int, right: int, bottom: int) -> list[list[float]]:
    return [[left, top, right, top, right, bottom, left, bottom]]


def run_lengths(left: int, top: int, right: int, bottom: int, *, compressed: bool) -> dict:
    mask = np.zeros(SIZE, np.uint8, order='F')
    mask[top:bottom, left:right] = 1
    encoded = coco_masks.encode(mask)
    if compressed:
        return dict(size=list(SIZE), counts=encoded['counts'].decode())
    flat = mask.ravel(order='F')
    edges = np.flatnonzero(np.diff(flat, prepend=0, append=flat[-1] ^ 1))
    return dict(size=list(SIZE), counts=np.diff(edges, prepend=0).tolist())


def write_coco(root, annotations, *, size=SIZE, num_images=1):
    for number in range(num_images):
        write_map(root / f'images/{number}.jpg', picture(seed=number))
    dataset = dict(
        images=[
            dict(id=k, file_name=f'{k}.jpg', height=size[0], width=size[1])
            for k in range(num_images)
        ],
        categories=[dict(id=90, name='dog'), dict(id=7, name='person'), dict(id=3, name='car')],
        annotations=[
            dict(id=k, image_id=0, area=1, bbox=[0, 0, 1, 1], iscrowd=0) | annotation
            for k, annotation in enumerate(annotations, start=1)
        ],
    )
    (root / 'truth.json').write_text(json.dumps(dataset))
    return root


def dataset(root, classes=('person', 'dog'), **options) -> CocoInstanceDataset:
    files = dict(ann_file='truth.json', image_folder='images')
    return CocoInstanceDataset(
        str(root), classes=classes, pipeline=LOAD, test_mode=True, **files, **options
    )


@pytest.mark.parametrize('form', ['polygon', 'run lengths', 'compressed'])
def test_chosen_categories(tmp_path, form):
    def shape(*box: int) -> list | dict:
        return polygon(*box) if form == 'polygon' else run_lengths(*box, compressed=form[0] == 'c')

    annotations = [
        dict(category_id=90, segmentation=shape(2, 2, 10, 8)),
        dict(category_id=3, segmentation=shape(0, 0, 20, 12)),
        dict(category_id=7, segmentation=shape(20, 4, 30, 14)),
    ]
    sample = dataset(write_coco(tmp_path, annotations))[0]
    classes = np.zeros(SIZE, np.uint8)
    classes[2:8, 2:10], classes[4:14, 20:30] = 2, 1
    np.testing.assert_array_equal(sample['gt_seg_map'], classes)
    assert set(np.unique(sample['gt_instance_map'][classes == 1])) == {1}
    assert set(np.unique(sample['gt_instance_map'][classes == 2])) == {2}
    assert sample['thing_ids'] == (1, 2)


def test_smaller_objects_lie_in_front_and_crowds_are_void_behind(tmp_path):
    annotations = [
        dict(category_id=7, segmentation=polygon(4, 4, 8, 8)),
        dict(category_id=7, segmentation=polygon(2, 2, 12, 12)),
        dict(category_id=7, iscrowd=1, segmentation=run_lengths(0, 0, 20, 3, compressed=False)),
    ]
    sample = dataset(write_coco(tmp_path, annotations))[0]
    numbers, classes = sample['gt_instance_map'], sample['gt_seg_map']
    assert numbers[5, 5] != numbers[10, 10] != 0
    assert numbers[2, 3] == numbers[10, 10]
    assert (classes[:2, :20] == 255).all()
    assert (numbers[:2] == 0).all()
    assert classes[2, 3] == 1
    assert numbers.max() == 2
    crowds = np.full(SIZE, 255, np.uint8)  # of persons, also below the object
    crowds[:3, :20] = 1
    np.testing.assert_array_equal(sample['gt_crowd_map'], crowds)
    packed = PackScene()(sample)['data_samples']
    np.testing.assert_array_equal(packed.gt_crowd.data[0], crowds)


def test_objects_in_crowds_are_not_cut_out(tmp_path):
    """They may be hidden in part: one amid a crowd, one that a crowd touches, one alone."""
    annotations = [
        dict(category_id=7, segmentation=polygon(6, 3, 9, 8)),
        dict(category_id=7, segmentation=polygon(16, 8, 20, 13)),
        dict(category_id=90, segmentation=polygon(24, 3, 28, 9)),
        dict(category_id=7, iscrowd=1, segmentation=run_lengths(3, 2, 12, 11, compressed=False)),
        dict(category_id=7, iscrowd=1, segmentation=run_lengths(13, 6, 18, 15, compressed=True)),
    ]
    samples = dataset(write_coco(tmp_path, annotations))
    found = cut_out_of_scene(samples[0], samples.metainfo['classes'], area=(0, 1), max_contact=0.25)
    assert [item.class_name for item in found] == ['dog']


def test_pictures_without_the_categories(tmp_path):
    annotations = [dict(category_id=7, segmentation=polygon(4, 4, 8, 8))]
    root = write_coco(tmp_path, annotations, num_images=3)
    assert not dataset(root)[2]['gt_instance_map'].any()
    assert len(dataset(root)) == 3
    assert len(dataset(root, keep_empty=False)) == 1
    with pytest.raises(ValueError, match=r"no image shows any of \('car',\)"):
        dataset(root, classes=('car',), keep_empty=False)


def test_real_pictures_agree_with_pycocotools(real_data, capsys):
    root = real_data / 'coco_tiny'
    ann_file = 'annotations/instances_val2017.json'
    files = dict(ann_file=ann_file, image_folder='val2017')
    samples = CocoInstanceDataset(
        str(root), **files, classes=('person',), pipeline=LOAD, test_mode=True
    )
    assert len(samples) == 80
    assert capsys.readouterr().out == ''
    index = COCO(root / ann_file)
    for number in range(0, 80, 4):
        sample = samples[number]
        image = int(sample['img_path'][-16:-4])
        persons = index.loadAnns(index.getAnnIds(imgIds=[image], catIds=[1]))
        masks = [index.annToMask(item) for item in persons if not item['iscrowd']]
        union = np.any(masks, axis=0) if masks else np.zeros_like(sample['gt_seg_map'], bool)
        np.testing.assert_array_equal(sample['gt_seg_map'] == 1, union)
        np.testing.assert_array_equal(sample['gt_instance_map'] > 0, union)
        assert sample['gt_instance_map'].max() <= len(masks)


def test_missing_data_tells_both_ways_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'truth\.json: there is no such file') as error:
        dataset(tmp_path)
    assert 'cocodataset.org' in str(error.value)
    assert 'your own images' in str(error.value)


@pytest.mark.parametrize('content', ['{', '[]', '{}', '{"images": [], "categories": []}'])
def test_file_that_is_not_of_coco(tmp_path, content):
    (tmp_path / 'truth.json').write_text(content)
    with pytest.raises(ValueError, match=r"truth\.json: this is not COCO's JSON"):
        dataset(tmp_path)


def test_unknown_category(tmp_path):
    write_coco(tmp_path, [])
    with pytest.raises(ValueError, match="no category 'cat'; there are car, dog, person"):
        dataset(tmp_path, classes=('person', 'cat'))


def test_sizes_that_differ(tmp_path):
    write_coco(tmp_path, [], size=(20, 40))
    with pytest.raises(ValueError, match=r'truth\.json: the labels are 40x20 .*0\.jpg is 32x16'):
        dataset(tmp_path)[0]


@pytest.mark.parametrize(
    ('segmentation', 'message'),
    [
        (dict(size=[3, 4], counts=[12]), r'annotation 1 are of \(3, 4\)'),
        (dict(counts=[1, 2]), 'segmentation of annotation 1 is neither'),
        (7, 'segmentation of annotation 1 is neither'),
        ([['a'] * 6], 'segmentation of annotation 1 is neither'),
    ],
)
def test_damaged_annotation(tmp_path, segmentation, message):
    write_coco(tmp_path, [dict(category_id=7, segmentation=segmentation)])
    with pytest.raises(ValueError, match=message):
        dataset(tmp_path)[0]


@pytest.mark.parametrize(
    ('part', 'key', 'message'),
    [
        ('annotations', 'segmentation', "annotation 1 has no 'segmentation': add it, or leave"),
        ('images', 'height', "image 0 has no 'height'"),
        ('images', 'width', "image 0 has no 'width'"),
        ('images', 'file_name', "image 0 has no 'file_name'"),
        ('categories', 'name', "category 90 has no 'name'"),
    ],
)
@pytest.mark.parametrize('classes', [('person',), None])
def test_values_that_are_missing(tmp_path, part, key, message, classes):
    path = write_coco(tmp_path, [dict(category_id=7, segmentation=[])]) / 'truth.json'
    content = json.loads(path.read_text())
    del content[part][0][key]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf'truth\.json: {message}'):
        dataset(tmp_path, classes=classes)
