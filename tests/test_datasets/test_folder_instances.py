import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from seginpaint_mm.apis.mask_sources.files import read_mask_pictures
from seginpaint_mm.datasets import FolderInstanceDataset
from seginpaint_mm.datasets.splits import PARTS
from seginpaint_mm.registry import DATASETS
from tests.helpers.dataset_folders import SIZE, picture, write_map, write_palette_map

LOAD = [dict(type='seginpaint_mm.LoadSceneImage'), dict(type='seginpaint_mm.LoadInstances')]
OBJECTS = np.zeros(SIZE, np.uint8)
OBJECTS[2:8, 2:7], OBJECTS[2:8, 7:12], OBJECTS[9:14, 20:30] = 1, 3, 2


def load(root, **options) -> dict:
    return FolderInstanceDataset(str(root), pipeline=LOAD, test_mode=True, **options)[0]


@pytest.mark.parametrize('write', [write_map, write_palette_map])
def test_layout_of_penn_fudan(tmp_path, write):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write(tmp_path / 'PedMasks/a_mask.png', OBJECTS)
    sample = load(tmp_path)
    np.testing.assert_array_equal(sample['gt_instance_map'], OBJECTS)
    np.testing.assert_array_equal(sample['gt_seg_map'], OBJECTS > 0)
    assert sample['thing_ids'] == (1,)


def test_own_folders_with_many_objects(tmp_path):
    objects = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE)
    write_map(tmp_path / 'images/a.jpg', picture())
    write_map(tmp_path / 'truth/a.png', objects)
    options = dict(class_name='cell', image_folder='images', mask_file='truth/{name}.png')
    np.testing.assert_array_equal(load(tmp_path, **options)['gt_instance_map'], objects)
    meta = FolderInstanceDataset(str(tmp_path), **options).metainfo
    assert meta['classes'] == ('background', 'cell')


def test_objects_are_pasted_over_those_of_the_same_folder(tmp_path):
    """Without hidden truth: what is covered was there before."""
    for number in range(2):
        write_map(tmp_path / f'images/{number}.png', picture(seed=number))
        write_map(tmp_path / f'masks/{number}.png', OBJECTS)
    paste = dict(
        type='seginpaint_mm.PasteForeground',
        source=dict(pipeline=LOAD),
        amodal=True,
        placement='anywhere',
        area=(0.0, 1.0),
        max_contact=1.0,
        num_objects=(3, 3),
        fixed=True,
    )
    data = FolderInstanceDataset(
        str(tmp_path),
        image_folder='images',
        mask_file='masks/{name}.png',
        part='train',
        val_share=0.5,
        pipeline=[*LOAD, paste],
    )
    (sample,) = data
    full, visible = sample['gt_full_masks'], sample['gt_visible_masks']
    assert (visible <= full).all()
    assert (visible < full).any()
    for number in (1, 2, 3):  # those of the image are known whole
        assert any(np.array_equal(mask, number == OBJECTS) for mask in full)


def test_picture_without_objects(tmp_path):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write_map(tmp_path / 'PedMasks/a_mask.png', 0 * OBJECTS)
    sample = load(tmp_path)
    assert not sample['gt_instance_map'].any()
    assert not sample['gt_seg_map'].any()


def test_missing_data_tells_both_ways_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match='PNGImages: there is no such folder') as error:
        load(tmp_path)
    assert 'PennFudanPed' in str(error.value)
    assert 'image_folder and mask_file' in str(error.value)


def test_picture_without_a_map(tmp_path):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    with pytest.raises(FileNotFoundError, match=r'a\.png: the map .*PedMasks/a_mask\.png'):
        load(tmp_path)


def test_pattern_without_a_name(tmp_path):
    with pytest.raises(ValueError, match=r"mask_file must hold \{name\}.*not 'masks/a\.png'"):
        load(tmp_path, mask_file='masks/a.png')


def test_sizes_that_differ(tmp_path):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write_map(tmp_path / 'PedMasks/a_mask.png', OBJECTS[:, 1:])
    with pytest.raises(ValueError, match=r'a_mask\.png: the mask is 31x16 .*a\.png is 32x16'):
        load(tmp_path)


def write_scene(root, mask, name='a_mask.png') -> None:
    write_map(root / 'PNGImages/a.png', picture(mask.shape[:2]))
    write_map(root / f'PedMasks/{name}', mask)


def test_void_of_a_map(tmp_path):
    objects = OBJECTS.copy()
    objects[2, 2:12] = 255
    write_scene(tmp_path, objects)
    sample = load(tmp_path)
    np.testing.assert_array_equal(sample['gt_seg_map'] == 255, objects == 255)
    assert sample['gt_instance_map'].max() == 3
    write_scene(tmp_path, np.where(OBJECTS == 1, 255, 0).astype(np.uint8))  # white is an object
    assert load(tmp_path)['gt_instance_map'].sum() == (OBJECTS == 1).sum()


@pytest.mark.parametrize('bits', [8, 16])
def test_soft_edges_are_no_objects(tmp_path, bits, logged):
    """As ``--masks`` reads the same file: thresholded at half, with a note."""
    drawn = np.zeros((64, 64), np.float32)
    drawn[16:48, 16:48] = 1
    soft = cv2.GaussianBlur(drawn, (9, 9), 0)
    write_scene(tmp_path, (soft * (2**bits - 1)).astype(f'u{bits // 8}'))
    sample = load(tmp_path)
    np.testing.assert_array_equal(sample['gt_instance_map'], soft >= 0.5)
    assert 'thresholded at half' in logged.text
    (mask,) = read_mask_pictures([tmp_path / 'PedMasks/a_mask.png'], (64, 64)).masks
    np.testing.assert_array_equal(sample['gt_instance_map'] > 0, mask)


def test_colours_are_objects(tmp_path):
    coloured = np.zeros((*SIZE, 3), np.uint8)
    for number, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)], start=1):
        coloured[number == OBJECTS] = colour
    write_scene(tmp_path, coloured)
    found = load(tmp_path)['gt_instance_map']
    assert found.max() == 3
    for number in (1, 2, 3):
        assert len(np.unique(found[number == OBJECTS])) == 1


def test_values_without_a_meaning(tmp_path):
    write_scene(tmp_path, -np.ones(SIZE, np.float32), 'a_mask.tiff')
    with pytest.raises(ValueError, match=r'a_mask\.tiff'):
        load(tmp_path, mask_file='PedMasks/{name}_mask.tiff')


@pytest.mark.parametrize('name', ['a.tga', 'a.tif', 'a.qoi', 'a.jpg', 'alpha.png', 'grey.png'])
def test_all_that_masks_may_be(tmp_path, name):
    """Formats and modes that OpenCV does not read or pads with colours, as --masks reads them."""
    white = np.where(OBJECTS > 0, 255, 0).astype(np.uint8)
    image = {
        'a.tga': Image.fromarray(white),
        'a.tif': Image.fromarray(white.astype(np.uint32)),
        'a.qoi': Image.fromarray(white).convert('RGB'),
        'a.jpg': Image.fromarray(white).convert('CMYK'),
        'alpha.png': Image.fromarray(np.dstack([white * 0 + 255] * 3 + [white])),
        'grey.png': Image.fromarray(np.dstack([white * 0 + 255, white]), 'LA'),
    }[name]
    image.save(tmp_path / name)
    write_map(tmp_path / 'PNGImages/a.png', picture())
    (tmp_path / name).rename(tmp_path / f'a_{name}')
    found = load(tmp_path, mask_file=f'{{name}}_{name}')
    np.testing.assert_array_equal(found['gt_instance_map'] > 0, OBJECTS > 0)
    (mask,) = read_mask_pictures([tmp_path / f'a_{name}'], SIZE).masks
    np.testing.assert_array_equal(mask, OBJECTS > 0)


def test_a_map_for_each_class(tmp_path):
    """The smaller of two objects that meet lies in front; a class without a file has none."""
    cup, table = np.zeros(SIZE, np.uint16), np.zeros(SIZE, np.uint16)
    cup[4:6, 4:6], cup[10:12, 20:24] = 1, 2
    table[2:9, 2:12] = 1
    for name in 'ab':
        write_map(tmp_path / f'images/{name}.jpg', picture())
    write_map(tmp_path / 'masks/cup/a.png', cup)
    write_map(tmp_path / 'masks/table/a.png', table)
    write_map(tmp_path / 'masks/cup/b.png', cup)
    data = FolderInstanceDataset(
        str(tmp_path),
        classes=['table', 'cup'],
        image_folder='images',
        mask_file='masks/{class}/{name}.png',
        pipeline=LOAD,
        test_mode=True,
    )
    assert data.metainfo['classes'] == ('background', 'table', 'cup')
    assert data.metainfo['thing_ids'] == (1, 2)
    first, second = data
    np.testing.assert_array_equal(first['gt_seg_map'], np.where(cup > 0, 2, table > 0))
    assert first['gt_instance_map'].max() == 3
    assert len(np.unique(first['gt_instance_map'][table > 0])) == 2
    np.testing.assert_array_equal(second['gt_seg_map'], 2 * (cup > 0))
    again = DATASETS.build(data.own_source())  # as pasting builds it
    assert again.metainfo['classes'] == data.metainfo['classes']


TABLES = {
    'tables/{name}.csv': 'number;class\n1;dog\n2;cat\n3;dog\n',
    'tables/{name}.json': '{"1": "dog", "2": "cat", "3": "dog"}',
    'all.csv': 'a,1,dog\na,2,cat\na,3,dog\nb,1,cow\n',
    'all.json': '{"a.jpg": {"1": "dog", "2": "cat", "3": "dog"}}',
}


@pytest.mark.parametrize('place', TABLES)
def test_a_table_of_the_classes_of_objects(tmp_path, place, logged):
    write_map(tmp_path / 'images/a.jpg', picture())
    write_map(tmp_path / 'masks/a.png', OBJECTS)
    table = tmp_path / place.format(name='a')
    table.parent.mkdir(exist_ok=True)
    table.write_text(TABLES[place])
    options = dict(image_folder='images', mask_file='masks/{name}.png', table_file=place)
    sample = load(tmp_path, classes=('cat', 'dog'), **options)
    np.testing.assert_array_equal(sample['gt_seg_map'], np.array([0, 2, 1, 2])[OBJECTS])
    np.testing.assert_array_equal(sample['gt_instance_map'], OBJECTS)
    assert 'background' not in logged.text
    sample = load(tmp_path, classes=('cat',), **options)
    np.testing.assert_array_equal(sample['gt_seg_map'], OBJECTS == 2)
    assert sample['gt_instance_map'].max() == 1
    assert "objects of 'dog' are background" in logged.text
    table.write_text(TABLES[place].replace('3', '4'))
    with pytest.raises(ValueError, match=r'a\.png: it holds object 3, but .* does not name'):
        load(tmp_path, classes=('cat', 'dog'), **options)
    with pytest.raises(ValueError, match="nothing is of class 'dogs'; did you mean 'dog'"):
        load(tmp_path, classes=('cat', 'dogs'), **options)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(classes=('a', 'b')), r"classes=\['a', 'b'\], but mask_file=.* does not say which"),
        (dict(classes=('a', 'a')), 'different names'),
        (dict(mask_file='{class}/{nam}.png'), 'mask_file must hold {name}'),
        (dict(mask_file='{class}/{name}{x}.png'), '{x} stands for nothing'),
        (dict(mask_file='{class}/{name}.png', table_file='a.csv'), 'give one of them'),
        (dict(mask_file='{name'), 'single braces'),
        (dict(table_file='absent.csv'), r'absent\.csv: there is no such table'),
        (dict(table_file='few.csv'), "few.csv: line 2 is 'a,dog', not image,number,class"),
        (dict(table_file='twice.csv'), 'object 1 of a is of two classes'),
        (dict(table_file='list.json'), r'list\.json: .*JSON object'),
        (dict(mask_file='{name}{}.png'), '{} stands for nothing'),
        (dict(mask_file='{name}/{name:>9}.png'), '{name:>9} stands for nothing'),
        (dict(classes=('a', 3)), 'different names'),
        (dict(classes=('a', 'background')), "'background' is what none of them is"),
    ],
)
def test_what_does_not_say_the_classes_is_told(tmp_path, options, message):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write_map(tmp_path / 'PedMasks/a_mask.png', OBJECTS)
    (tmp_path / 'few.csv').write_text('image,number,class\na,dog\n')
    (tmp_path / 'twice.csv').write_text('a,1,dog\na,1,cat\n')
    (tmp_path / 'list.json').write_text('[1]')
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load(tmp_path, **options)


def test_names_with_accents_apart(tmp_path):
    write_map(tmp_path / 'PNGImages/\xe9.png', picture())
    write_map(tmp_path / 'PedMasks/e\u0301_mask.png', OBJECTS)
    np.testing.assert_array_equal(load(tmp_path)['gt_instance_map'], OBJECTS)


WRONG_TABLES = {
    'all.csv': {
        'a,0,dog': '0 is the background',
        'a,99999999999,dog': '99999999999.* at most 32 bits',
        f'a,{"9" * 5000},dog': '9999.* at most 32 bits',
        'a,1,dog\na.png,2,dog': r"both 'a' and 'a\.png' are .*a\.png",
        'a,1,"dog\na,2,dog': 'this is no CSV',
        f'a,1,{"x" * 140000}': 'this is no CSV',
    },
    '{name}.csv': {'1,dog\n1,cat': 'object 1 is of two classes', '0,dog': 'is the background'},
    '{name}.json': {
        '{"1": null}': 'the classes of the objects',
        '{"1": {"dog": 1}}': 'the classes of the objects',
        '{"1": "dog", "01": "cat"}': 'object 1 is of two classes',
        '{"1_0": "dog"}': 'the classes of the objects',
        '{"0": "dog"}': '0 is the background',
    },
}


@pytest.mark.parametrize('place', WRONG_TABLES)
def test_tables_that_say_two_things(tmp_path, place):
    """Each would give objects, or the background, a wrong class without a word."""
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write_map(tmp_path / 'PedMasks/a_mask.png', OBJECTS)
    path = tmp_path / place.format(name='a')
    for text, message in WRONG_TABLES[place].items():
        path.write_text(text)
        with pytest.raises(ValueError, match=rf'{path.name}: .*{message}'):
            load(tmp_path, classes=('cat', 'dog'), table_file=place)


def test_maps_of_classes_that_would_be_left_out(tmp_path, logged):
    write_map(tmp_path / 'PNGImages/a.png', picture())
    write_map(tmp_path / 'masks/dog/a.png', (OBJECTS == 2).astype(np.uint8))
    options = dict(classes=('cat', 'dog'), mask_file='masks/{class}/{name}.png')
    cat = tmp_path / 'masks/cat'
    write_map(cat / 'a.bmp', OBJECTS)
    with pytest.raises(ValueError, match=r'the file .*cat/a\.png, but there is a\.bmp'):
        load(tmp_path, **options)
    (cat / 'a.bmp').unlink()
    (cat / 'a.png').symlink_to('nowhere')
    with pytest.raises(ValueError, match='there is a folder or a broken link'):
        load(tmp_path, **options)
    (cat / 'a.png').unlink()
    write_map(tmp_path / 'masks/cow/a.png', OBJECTS)
    load(tmp_path, **options)
    assert "objects of 'cow' are background" in logged.text
    cat.rename(tmp_path / 'masks/Cat')
    with pytest.raises(ValueError, match="nothing is of class 'cat'; did you mean 'Cat'"):
        load(tmp_path, **options)


def test_a_split_of_names_that_are_not_utf_8(tmp_path):
    name = os.fsdecode(b'caf\xe9')
    for number, stem in enumerate(('a', name)):
        write_map(tmp_path / f'{number}.png', picture(seed=number))
        (tmp_path / 'PNGImages').mkdir(exist_ok=True)
        (tmp_path / f'{number}.png').rename(tmp_path / f'PNGImages/{stem}.png')
        write_map(tmp_path / f'{number}.png', OBJECTS)
        (tmp_path / 'PedMasks').mkdir(exist_ok=True)
        (tmp_path / f'{number}.png').rename(tmp_path / f'PedMasks/{stem}_mask.png')
    parts = [FolderInstanceDataset(str(tmp_path), part=part, val_share=0.5) for part in PARTS]
    found = {Path(data.get_data_info(0)['img_path']).stem for data in parts}
    assert found == {'a', name}


@pytest.mark.parametrize('mask_file', ['masks/{class}/{name}.png', 'masks/{class}_{name}_map.png'])
def test_maps_and_rows_without_an_image_are_told(tmp_path, mask_file, logged):
    for name in 'abc':
        write_map(tmp_path / f'images/{name}.png', picture())
        write_map(tmp_path / mask_file.format_map({'name': name, 'class': 'dog'}), OBJECTS)
    options = dict(image_folder='images', classes=('dog',), mask_file=mask_file)
    load(tmp_path, part='train', **options)
    assert 'left out' not in logged.text
    (tmp_path / 'images/b.png').unlink()
    load(tmp_path, **options)
    name = Path(mask_file.format_map({'name': 'b', 'class': 'dog'})).name
    assert f'maps {name} (1) left out: no image has that name' in logged.text
    logged.clear()
    (tmp_path / 'all.csv').write_text(''.join(f'{name},1,dog\n' for name in 'acdefg'))
    write_map(tmp_path / 'whole/a.png', (OBJECTS == 1).astype(np.uint8))
    write_map(tmp_path / 'whole/c.png', (OBJECTS == 1).astype(np.uint8))
    load(tmp_path, **options | dict(mask_file='whole/{name}.png', table_file='all.csv'))
    assert 'all.csv: rows of d, e, f, ... (4) left out: no image has that name' in logged.text
