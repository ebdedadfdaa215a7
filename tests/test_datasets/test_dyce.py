import numpy as np
import pytest

from seginpaint_mm.datasets import DYCEDataset
from seginpaint_mm.datasets.amodal_reading import _note_missed_objects
from seginpaint_mm.street import render_street
from seginpaint_mm.street.writers import LAYOUTS, Order, write_dataset
from tests.helpers.amodal_folders import (
    full_masks,
    input_masks,
    visible_masks,
    write_dyce,
    write_dyce_real,
)
from tests.helpers.dataset_folders import SIZE, write_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadAmodalObjects')]


def dataset(root, split='train', **options) -> DYCEDataset:
    options = dict(pipeline=LOAD, test_mode=True, leave_out=()) | options
    return DYCEDataset(str(root), split, **options)


def replace_line(root, number, line, name='train') -> None:
    path = root / f'annotations/{name}.txt'
    lines = path.read_text().splitlines()
    lines[number] = line
    path.write_text('\n'.join(lines))


def test_lists_in_other_encodings(tmp_path):
    path = write_dyce(tmp_path, ['a']) / 'annotations/train.txt'
    text = path.read_text().replace('coffee', 'cafétable')
    path.write_bytes(text.encode('utf-16'))
    assert dataset(tmp_path)[0]['objects'][0]['tag'] == 'cafétable table'
    path.write_bytes(text.encode('latin-1'))
    with pytest.raises(ValueError, match=r'train\.txt: line 1 of this list of objects is not text'):
        dataset(tmp_path)


def test_a_sample_is_a_picture_with_its_objects(tmp_path):
    samples = dataset(write_dyce(tmp_path, ['b', 'a']))
    assert [samples.get_data_info(k)['img_path'][-5:] for k in range(2)] == ['b.png', 'a.png']
    sample = samples[0]
    np.testing.assert_array_equal(sample['gt_visible_masks'], visible_masks())
    np.testing.assert_array_equal(sample['gt_input_masks'], visible_masks())
    np.testing.assert_array_equal(sample['gt_full_masks'], full_masks())
    assert [item['tag'] for item in sample['objects']] == ['coffee table', 'cup', 'wall']
    assert 'gt_depths' not in sample, 'DYCE tells no depth order'


def test_predicted_masks_are_given_and_the_true_ones_found_by_their_names(tmp_path):
    sample = dataset(write_dyce(tmp_path, ['a']), predicted_masks=True)[0]
    np.testing.assert_array_equal(sample['gt_input_masks'], input_masks())
    np.testing.assert_array_equal(sample['gt_visible_masks'], visible_masks())


def test_real_pictures(tmp_path):
    sample = dataset(write_dyce_real(tmp_path, 'a'), 'test', real=True)[0]
    np.testing.assert_array_equal(sample['gt_input_masks'], input_masks())
    np.testing.assert_array_equal(sample['gt_visible_masks'], visible_masks())
    np.testing.assert_array_equal(sample['gt_full_masks'], full_masks())


def test_one_object_a_sample(tmp_path):
    samples = dataset(write_dyce(tmp_path, ['a', 'b']), one_object=True)
    assert len(samples) == 6
    for number, sample in enumerate(samples):
        np.testing.assert_array_equal(sample['gt_full_masks'], full_masks()[[number % 3]])


def test_background_is_left_out_unless_asked_for(tmp_path):
    root = write_dyce(tmp_path, ['a'])
    assert len(DYCEDataset(str(root), 'train', pipeline=LOAD)[0]['objects']) == 2
    tags = [item['tag'] for item in dataset(root, leave_out=('coffee',))[0]['objects']]
    assert tags == ['cup', 'wall']


def test_nothing_but_background(tmp_path):
    with pytest.raises(FileNotFoundError, match='names no object that is not left out'):
        dataset(write_dyce(tmp_path, ['a']), leave_out=('coffee', 'cup', 'wall'))


def test_full_masks_hold_the_visible_ones(tmp_path):
    root = write_dyce(tmp_path, ['a'])
    smaller = full_masks()[0]
    smaller[4] = False
    write_map(root / 'amodal/a_0_amodal.png', 255 * smaller)
    np.testing.assert_array_equal(dataset(root)[0]['gt_full_masks'], full_masks())


def test_coloured_masks(tmp_path):
    root = write_dyce(tmp_path, ['a'])
    colour = np.where(visible_masks()[0, ..., None], (0, 0, 200), 0)
    write_map(root / 'modal/a_0_modal.png', colour.astype(np.uint8))
    np.testing.assert_array_equal(dataset(root)[0]['gt_visible_masks'], visible_masks())


def test_street(tmp_path):
    size = (64, 128)
    order = Order('dyce', 'day', 0, size)
    write_dataset(tmp_path, LAYOUTS['dyce'], order, dict(val=1), 1, lambda done, total: None)
    scene = render_street(1_000_000, size=size)
    sample = dataset(tmp_path, 'val')[0]
    assert len(sample['objects']) > 3
    found = []
    for visible, full in zip(sample['gt_visible_masks'], sample['gt_full_masks'], strict=True):
        [index] = [k for k, o in enumerate(scene.objects) if (o.full_mask == full).all()]
        np.testing.assert_array_equal(scene.objects[index].visible_mask, visible)
        found.append(index)
    assert found == sorted(found)


def test_missing_list_tells_both_ways_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'annotations/val_multipath\.txt: there is') as e:
        dataset(tmp_path / 'dyce', 'val', predicted_masks=True)
    assert 'github.com/ehsanik/SeGAN' in str(e.value)
    assert f'seginpaint street {tmp_path}/dyce --layout dyce' in str(e.value)


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('a.png m.png', r'train\.txt:2: a line .* 9 words or more \(image, .*\), this one has 2'),
        ('a.png m.png f.png 1 2 3 4 cup', 'this one has 8'),
        ('a.png m.png f.png 1 2 x 4 cup f.png', r"train\.txt:2: .* must be .* but are '1 2 x 4'"),
        ('a.png m.png f.png 3 2 3 4 cup f.png', r'train\.txt:2: the box 3 2 3 4 .* has no area'),
    ],
)
def test_broken_lines(tmp_path, line, message):
    root = write_dyce(tmp_path, ['a'])
    replace_line(root, 1, line)
    with pytest.raises(ValueError, match=message):
        dataset(root)


def test_broken_line_of_the_real_variant(tmp_path):
    root = write_dyce_real(tmp_path, 'a')
    replace_line(root, 0, 'a.png 0.png 0.png chair', name='test_real')
    with pytest.raises(ValueError, match=r'test_real\.txt:1: .* 5 words or more .* this one has 4'):
        dataset(root, 'test', real=True)


@pytest.mark.parametrize('folder', ['modal', 'amodal'])
def test_empty_masks(tmp_path, folder):
    root = write_dyce(tmp_path, ['a'])
    write_map(root / f'{folder}/a_1_{folder}.png', np.zeros(SIZE, np.uint8))
    with pytest.raises(ValueError, match=rf'{folder}/a_1_{folder}\.png: the mask has no pixel'):
        dataset(root)[0]


def test_masks_that_a_network_predicted_may_be_empty(tmp_path, logged):
    """The whole image is the box, as in SeGAN's published code."""
    _note_missed_objects.cache_clear()
    root = write_dyce(tmp_path, ['a'])
    write_map(root / 'multipath_masks/a_1_multipath_masks.png', np.zeros(SIZE, np.uint8))
    later = ('FrameObjects', dict(size=SIZE)), ('GrowBoxes', {}), ('PackScene', {})
    pipeline = [*LOAD, *(dict(type=f'seginpaint_mm.{name}', **kept) for name, kept in later)]
    instances = dataset(root, predicted_masks=True, pipeline=pipeline)[0]['data_samples']
    instances = instances.gt_instances
    assert len(instances) == 3
    assert not instances.input_masks[1].any()
    height, width = SIZE
    for boxes in (instances.bboxes, instances.grown_boxes):
        assert boxes[1].tolist() == [0, 0, width, height]
        assert boxes[0].tolist() != [0, 0, width, height]
    assert 'predicted masks without a pixel' in logged.text


def test_missing_mask(tmp_path):
    root = write_dyce(tmp_path, ['a'])
    (root / 'modal/a_1_modal.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'a_1_modal\.png: there is no such file'):
        dataset(root)[0]


def test_mask_of_another_size(tmp_path):
    root = write_dyce(tmp_path, ['a'])
    write_map(root / 'amodal/a_0_amodal.png', np.full((8, 8), 255, np.uint8))
    with pytest.raises(ValueError, match=r'a_0_amodal\.png: .* 8x8 pixels .*a\.png is 32x16'):
        dataset(root)[0]
