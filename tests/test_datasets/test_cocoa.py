import json

import numpy as np
import pytest

from seginpaint_mm.datasets import COCOADataset
from tests.helpers.amodal_folders import cocoa_annotation, full_masks, visible_masks, write_cocoa
from tests.helpers.dataset_folders import picture, write_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadAmodalObjects')]


def dataset(root, **options) -> COCOADataset:
    return COCOADataset(str(root), pipeline=LOAD, test_mode=True, **options)


def check_three_objects(sample: dict) -> None:
    np.testing.assert_array_equal(sample['gt_full_masks'], full_masks())
    np.testing.assert_array_equal(sample['gt_visible_masks'][:2], visible_masks()[:2])
    np.testing.assert_array_equal(sample['gt_visible_masks'][2], full_masks()[2])
    np.testing.assert_array_equal(sample['gt_input_masks'], sample['gt_visible_masks'])
    assert [item['tag'] for item in sample['objects']] == ['cup', 'table', 'wall']
    assert sample['gt_depths'].tolist() == [0, 1, 2]


def test_regions_in_depth_order_without_those_that_cannot_be_seen(tmp_path):
    check_three_objects(dataset(write_cocoa(tmp_path, cocoa_annotation()))[0])


def test_without_stuff(tmp_path):
    sample = dataset(write_cocoa(tmp_path, cocoa_annotation()), stuff=False)[0]
    assert [item['tag'] for item in sample['objects']] == ['cup', 'table']


@pytest.mark.parametrize('with_images', [False, True])
def test_one_json_of_all(tmp_path, with_images):
    write_map(tmp_path / 'val/street.jpg', picture())
    content = dict(annotations=[cocoa_annotation()])
    if with_images:
        content['images'] = [dict(id=7, file_name='street.jpg')]
        content['annotations'][0]['url'] = 'elsewhere/other.jpg'
    (tmp_path / 'all.json').write_text(json.dumps(content))
    check_three_objects(dataset(tmp_path, ann_file='all.json', image_folder='val')[0])


def test_regions_outlined_at_another_size(tmp_path):
    write_map(tmp_path / 'street.jpg', picture())
    image = dict(id=7, file_name='street.jpg', height=32, width=64)
    content = dict(annotations=[cocoa_annotation()], images=[image])
    (tmp_path / 'all.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'all\.json: the labels are 64x32 .*street\.jpg is 32x16'):
        dataset(tmp_path, ann_file='all.json')[0]
    image['height'] = '32'
    (tmp_path / 'all.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'all\.json: image 7 .*height'):
        dataset(tmp_path, ann_file='all.json')


def without_order(constraint: str) -> dict:
    annotation = cocoa_annotation() | dict(depth_constraint=constraint)
    for region in annotation['regions']:
        del region['order']
    return annotation


def test_depth_from_constraints_where_regions_have_no_order(tmp_path):
    sample = dataset(write_cocoa(tmp_path, without_order('2-1,1-3,1-4')))[0]
    check_three_objects(sample)
    sample = dataset(write_cocoa(tmp_path, without_order('4-2,2-1,1-3')))[0]
    assert [item['tag'] for item in sample['objects']] == ['wall', 'cup', 'table']


def test_cyclic_depth_order(tmp_path):
    message = r'street\.json: the depth order of .*street\.jpg is cyclic, region \d is in front of'
    with pytest.raises(ValueError, match=message):
        dataset(write_cocoa(tmp_path, without_order('1-2,2-4,4-1')))


def test_uncompressed_run_lengths(tmp_path):
    annotation = cocoa_annotation()
    flat = visible_masks()[1].ravel(order='F').astype(int)
    edges = np.flatnonzero(np.diff(flat, prepend=0, append=flat[-1] ^ 1))
    counts = np.diff(edges, prepend=0).tolist()
    annotation['regions'][0]['visible_mask'] = dict(size=[16, 32], counts=counts)
    annotation['regions'][2]['visible_mask'] = dict(size=[16, 32], counts=[16 * 32])
    check_three_objects(dataset(write_cocoa(tmp_path, annotation))[0])


def test_mask_outside_the_image(tmp_path):
    annotation = cocoa_annotation()
    annotation['regions'][1]['segmentation'] = [100, 100, 120, 100, 120, 130]
    message = r'street\.json: the full mask of region 2 has no pixel inside its image .* 32x16'
    with pytest.raises(ValueError, match=message):
        dataset(write_cocoa(tmp_path, annotation))[0]


def test_run_lengths_of_another_size(tmp_path):
    annotation = cocoa_annotation()
    annotation['regions'][0]['visible_mask'] = dict(size=[2, 3], counts=[1, 2, 3])
    with pytest.raises(ValueError, match=r'the run lengths of region 1 are of \(2, 3\)'):
        dataset(write_cocoa(tmp_path, annotation))[0]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{', "this is not COCOA's JSON"),
        ('[]', "this is not COCOA's JSON"),
        ('{"regions": 3}', 'the annotation has regions 3 instead of a list'),
        ('{"regions": [{"segmentation": []}]}', 'region 1 has no outline'),
    ],
)
def test_another_json(tmp_path, content, message):
    write_cocoa(tmp_path, cocoa_annotation())
    (tmp_path / 'street.json').write_text(content)
    with pytest.raises(ValueError, match=rf'street\.json: {message}'):
        dataset(tmp_path)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('{}', "this is not COCOA's JSON"),
        ('[]', "this is not COCOA's JSON"),
        ('{"annotations": [{}]}', "annotation number 1 has no 'image_id'"),
    ],
)
def test_another_json_of_all(tmp_path, content, message):
    (tmp_path / 'all.json').write_text(content)
    with pytest.raises(ValueError, match=rf'all\.json: {message}'):
        dataset(tmp_path, ann_file='all.json')


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match='no annotation has a region') as error:
        dataset(tmp_path)
    assert 'amodalAPI' in str(error.value)
    with pytest.raises(FileNotFoundError, match=r'all\.json: there is no such file'):
        dataset(tmp_path, ann_file='all.json')
    write_cocoa(tmp_path, cocoa_annotation())
    (tmp_path / 'street.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'street\.json: the image .* is missing'):
        dataset(tmp_path)


def test_real_pictures(real_data):
    """What the annotators noted of a region is what its masks say."""
    folder = real_data / 'cocoa_sample'
    samples = dataset(folder)
    assert [len(sample['objects']) for sample in samples] == [2, 11, 19]
    for number, sample in enumerate(samples, start=1):
        regions = json.loads((folder / f'{number}.json').read_text())['regions']
        by_order = sorted(regions, key=lambda region: region['order'])
        for region, visible, full in zip(
            by_order, sample['gt_visible_masks'], sample['gt_full_masks'], strict=True
        ):
            hidden = 1 - visible.sum() / full.sum()
            assert hidden == pytest.approx(region['occlude_rate'], abs=0.02)
            assert full.sum() == pytest.approx(region['area'], rel=0.02)
        occupied = np.zeros(sample['img'].shape[:2], int)
        for visible in sample['gt_visible_masks']:
            occupied += visible
        assert (occupied > 1).mean() < 0.01, 'visible masks do not overlap'


def test_image_beside_a_json_may_have_any_suffix(tmp_path):
    root = write_cocoa(tmp_path, cocoa_annotation())
    image = next(root.glob('street.jpg'))
    image.rename(image.with_suffix('.JPG'))
    assert len(dataset(root)) == 1
    write_map(root / 'street.png', picture())
    with pytest.raises(ValueError, match=r'street\.json: .*street\.JPG and street\.png may belong'):
        dataset(root)


def test_constraints_of_many_digits_are_told_with_their_file(tmp_path):
    with pytest.raises(ValueError, match=r"street\.json: .* has '1-9999.* in its depth_constraint"):
        dataset(write_cocoa(tmp_path, without_order(f'1-{"9" * 5000}')))
